//! The stack against real sockets that misbehave.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

use super::*;

/// What the server does with a connection once it has read a request's head.
#[derive(Clone, Copy)]
enum Manner {
    /// Writes this and closes.
    Says(&'static str),
    /// Announces this many bytes and sends them all.
    Sends(usize),
    /// Sends bytes without end or announcement.
    Floods,
    /// Stays silent.
    Sleeps,
}

/// Serves every connection in one manner; gives the address.
async fn server(manner: Manner) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, manner));
        }
    });
    address
}

async fn serve(mut stream: TcpStream, manner: Manner) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n{}") {
        head.push(stream.read_u8().await?);
    }
    match manner {
        Manner::Says(text) => stream.write_all(text.as_bytes()).await?,
        Manner::Sends(bytes) => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&vec![b' '; bytes]).await?;
        }
        Manner::Floods => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await?;
            loop {
                stream.write_all(&[b' '; 64 * 1024]).await?;
            }
        }
        Manner::Sleeps => std::future::pending().await,
    }
    stream.shutdown().await
}

fn settings(address: SocketAddr) -> Settings {
    Settings {
        base_url: format!("http://{address}"),
        total_timeout: Duration::from_secs(5),
        ..Settings::default()
    }
}

fn request() -> Request<Bytes> {
    Request::post("/path").body(Bytes::from_static(b"{}")).unwrap()
}

async fn sent(settings: &Settings) -> Result<Response<Bytes>, TransportError> {
    transport(settings).unwrap().oneshot(request()).await
}

/// What a server in this manner makes of a request.
async fn ended(manner: Manner) -> Result<Response<Bytes>, TransportError> {
    sent(&settings(server(manner).await)).await
}

fn is_ambiguous(ended: Result<Response<Bytes>, TransportError>, word: &str) -> bool {
    matches!(ended, Err(TransportError::Ambiguous { detail }) if detail.contains(word))
}

fn is_not_sent(ended: Result<Response<Bytes>, TransportError>, word: &str) -> bool {
    matches!(ended, Err(TransportError::NotSent { detail }) if detail.contains(word))
}

#[tokio::test]
async fn an_answer_comes_whole() {
    let text = "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 2\r\n\r\n{}";
    let answer = ended(Manner::Says(text)).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (200, &b"{}"[..]));
    assert_eq!(answer.headers()["x-a"], "b");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let text = "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n";
    let answer = ended(Manner::Says(text)).await.unwrap();
    assert_eq!(answer.status().as_u16(), 302);
}

#[tokio::test]
async fn a_page_is_an_answer_like_any() {
    let text = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>";
    let answer = ended(Manner::Says(text)).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (502, &b"<html>"[..]));
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert!(is_not_sent(sent(&settings(address)).await, "refused"));
    let nowhere = Settings { base_url: "http://nowhere.invalid".to_owned(), ..Settings::default() };
    assert!(is_not_sent(sent(&nowhere).await, "dns"));
    let plain = server(Manner::Sleeps).await;
    let tls = Settings {
        base_url: format!("https://{plain}"),
        connect_timeout: Duration::from_millis(200),
        ..Settings::default()
    };
    assert!(is_not_sent(sent(&tls).await, ""), "no handshake, no request");
}

#[tokio::test]
async fn a_cut_may_come_after_the_work() {
    assert!(is_ambiguous(ended(Manner::Says("")).await, ""));
    assert!(is_ambiguous(ended(Manner::Says("HTTP/1.1 200 OK\r\nConte")).await, ""));
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}";
    assert!(is_ambiguous(ended(Manner::Says(half)).await, "body"));
    assert!(is_ambiguous(ended(Manner::Says("no HTTP at all\r\n\r\n")).await, ""));
}

#[tokio::test]
async fn a_late_answer_is_not_waited_for() {
    let mut settings = settings(server(Manner::Sleeps).await);
    settings.total_timeout = Duration::from_millis(100);
    assert!(is_ambiguous(sent(&settings).await, "time"));
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let whole = ended(Manner::Sends(RESPONSE_LIMIT)).await.unwrap();
    assert_eq!(whole.body().len(), RESPONSE_LIMIT);
    assert!(is_ambiguous(ended(Manner::Sends(RESPONSE_LIMIT + 1)).await, "longer"));
    assert!(is_ambiguous(ended(Manner::Floods).await, "longer"));
}

#[tokio::test]
async fn more_calls_than_allowed_are_not_sent() {
    let mut settings = settings(server(Manner::Sleeps).await);
    settings.concurrency = 1;
    settings.total_timeout = Duration::from_millis(200);
    let transport = transport(&settings).unwrap();
    let (first, second) =
        tokio::join!(transport.clone().oneshot(request()), transport.clone().oneshot(request()));
    assert!(is_ambiguous(first, "time"));
    assert!(is_not_sent(second, "too many"));
    assert!(is_ambiguous(transport.oneshot(request()).await, "time"), "there is room again");
}

#[test]
fn a_base_url_is_checked() {
    let check = |url: &str, expected: Option<&str>| {
        assert_eq!(base(url).ok().as_deref(), expected, "{url}");
    };
    check("https://credit.wealida.com", Some("https://credit.wealida.com"));
    check("http://127.0.0.1:8080/mock/", Some("http://127.0.0.1:8080/mock"));
    check("credit.wealida.com", None);
    check("ftp://credit.wealida.com", None);
    check("https://credit.wealida.com/?a=b", None);
}
