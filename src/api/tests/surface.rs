//! What lies around the services: machines, health, reflection, plain HTTP.

use super::*;
use crate::api::proto::v1::{GetMachineRequest, ListMachinesRequest};
use crate::machine::graph::MACHINES;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

#[tokio::test]
async fn machines_are_told_as_data_and_as_pictures() {
    let world = World::start().await;
    let listed = world.machines().list_machines(ListMachinesRequest {}).await.unwrap().into_inner();
    assert_eq!(listed.machines.len(), MACHINES.len());
    for (outline, definition) in listed.machines.iter().zip(MACHINES) {
        assert!(outline.mermaid.is_empty() && outline.matrix.is_empty());
        let request = GetMachineRequest { name: outline.name.clone() };
        let machine = world.machines().get_machine(request).await.unwrap().into_inner();
        assert_eq!(machine.states.len(), definition.states.len());
        assert_eq!(machine.edges.len(), definition.edges.len());
        assert!(machine.mermaid.starts_with("stateDiagram"), "{}", machine.mermaid);
        assert_eq!(machine.matrix.len(), definition.states.len());
        for row in &machine.matrix {
            assert_eq!(row.cells.len(), definition.events.len());
            assert!(row.cells.iter().all(|cell| !cell.text.is_empty()));
        }
    }
}

#[tokio::test]
async fn health_is_false_until_it_is_set() {
    let world = World::start().await;
    let mut client = HealthClient::new(world.channel.clone());
    for (is_serving, expected) in [(false, ServingStatus::NotServing), (true, ServingStatus::Serving)] {
        world.health.set(is_serving).await;
        for service in ["", "docket.v1.ApplicationService", "docket.v1.MachineService"] {
            let request = HealthCheckRequest { service: service.to_owned() };
            assert_eq!(client.check(request).await.unwrap().into_inner().status(), expected);
        }
    }
    let request = HealthCheckRequest { service: "nonesuch".to_owned() };
    let status = client.check(request).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::NotFound, "NOT_SERVED"));
}

#[tokio::test]
async fn a_new_server_says_that_it_does_not_serve() {
    let world = World::start().await;
    let health = HealthClient::new(world.channel.clone()).check(HealthCheckRequest::default()).await;
    assert_eq!(health.unwrap().into_inner().status(), ServingStatus::NotServing);
}

/// Asks one version of reflection; the two differ in nothing but the name of their package.
macro_rules! reflected {
    ($world:expr, $version:ident) => {{
        use pb::server_reflection_request::MessageRequest;
        use pb::server_reflection_response::MessageResponse;
        use tonic_reflection::pb::$version as pb;
        let ask =
            |request| pb::ServerReflectionRequest { host: String::new(), message_request: Some(request) };
        let symbol = |name: &str| ask(MessageRequest::FileContainingSymbol(name.to_owned()));
        let questions = vec![
            ask(MessageRequest::ListServices(String::new())),
            symbol("docket.v1.ApplicationService"),
            symbol("google.rpc.ErrorInfo"),
        ];
        let mut client = pb::server_reflection_client::ServerReflectionClient::new($world.channel.clone());
        let answers = client.server_reflection_info(tokio_stream::iter(questions)).await;
        let mut answers = answers.unwrap().into_inner();
        let mut answer = async || answers.message().await.unwrap().unwrap().message_response.unwrap();
        let MessageResponse::ListServicesResponse(listed) = answer().await else { panic!("no list") };
        let listed: Vec<_> = listed.service.into_iter().map(|service| service.name).collect();
        for service in ["docket.v1.ApplicationService", "docket.v1.MachineService", "grpc.health.v1.Health"] {
            assert!(listed.iter().any(|name| name == service), "{service} in {listed:?}");
        }
        for _ in 0..2 {
            assert!(matches!(answer().await, MessageResponse::FileDescriptorResponse(_)));
        }
    }};
}

#[tokio::test]
async fn both_versions_of_reflection_know_the_services() {
    let world = World::start().await;
    reflected!(world, v1);
    reflected!(world, v1alpha);
}

async fn plain(world: &World, request: &str) -> String {
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn plain_http_lives_on_the_same_port() {
    let world = World::start().await;
    let hello = plain(&world, "GET /hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(hello.starts_with("HTTP/1.1 200") && hello.ends_with("hello"), "{hello}");
    let absent = plain(&world, "GET /absent HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(absent.starts_with("HTTP/1.1 404") && absent.contains("application/json"), "{absent}");
}

#[tokio::test]
async fn what_nobody_serves_is_unimplemented_with_a_reason() {
    let world = World::start().await;
    let codec = || tonic_prost::ProstCodec::<ListMachinesRequest, ListMachinesRequest>::default();
    for (path, why) in [
        ("/docket.v1.NoSuchService/Do", "UNKNOWN_SERVICE"),
        ("/docket.v1.MachineService/NoSuchMethod", "UNKNOWN_METHOD"),
    ] {
        let mut client = tonic::client::Grpc::new(world.channel.clone());
        client.ready().await.unwrap();
        let path = http::uri::PathAndQuery::from_static(path);
        let request = tonic::Request::new(ListMachinesRequest {});
        let status = client.unary(request, path, codec()).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).0.as_str()), (Code::Unimplemented, why));
    }
}

/// What a browser's client reads of an answer: its kind, and the status with its details.
async fn asked_by_browser(world: &World, path: &str, kind: &str, body: &[u8]) -> (String, Status) {
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {kind}\r\naccept: {kind}\r\n\
         x-grpc-web: 1\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let headers: http::HeaderMap = answer
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap()))
        .collect();
    let kind = headers["content-type"].to_str().unwrap().to_owned();
    (kind, Status::from_header_map(&headers).unwrap_or_else(|| panic!("no status: {answer}")))
}

#[tokio::test]
async fn a_browser_is_told_why_in_its_own_protocol() {
    let world = World::start().await;
    let (web, text) = ("application/grpc-web+proto", "application/grpc-web-text+proto");
    let (empty, bad_name) = (&[0, 0, 0, 0, 0][..], &[0, 0, 0, 0, 3, 0x0a, 1, b'x'][..]);
    let get = "/docket.v1.ApplicationService/GetApplication";
    for (path, kind, body, code, why) in [
        (get, web, bad_name, Code::InvalidArgument, "INVALID_FIELDS"),
        (get, text, b"AAAAAAMKAXg=", Code::InvalidArgument, "INVALID_FIELDS"),
        (get, web, &[0, 0, 0, 0, 9, 0x0a], Code::InvalidArgument, "MALFORMED_MESSAGE"),
        ("/docket.v1.ApplicationService/No", web, empty, Code::Unimplemented, "UNKNOWN_METHOD"),
        ("/docket.v1.NoSuchService/No", web, empty, Code::Unimplemented, "UNKNOWN_SERVICE"),
        ("/docket.v1.NoSuchService/No", text, b"AAAAAAA=", Code::Unimplemented, "UNKNOWN_SERVICE"),
    ] {
        let (told, status) = asked_by_browser(&world, path, kind, body).await;
        assert_eq!(told, kind, "{path}");
        assert_eq!((status.code(), reason(&status).0.as_str()), (code, why), "{path}");
    }
}

#[tokio::test]
async fn a_message_that_is_none_is_a_mistake_of_the_caller() {
    let world = World::start().await;
    // A number where `name` is a text: another message under the same method.
    let codec = tonic_prost::ProstCodec::<prost_types::Timestamp, ListMachinesRequest>::default();
    let mut client = tonic::client::Grpc::new(world.channel.clone());
    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/docket.v1.ApplicationService/GetApplication");
    let request = tonic::Request::new(prost_types::Timestamp { seconds: 7, nanos: 7 });
    let status = client.unary(request, path, codec).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::InvalidArgument, "MALFORMED_MESSAGE"));
}
