//! The mobile app against the built binary: one applicant's certification over a crash, and every line of
//! `tests/fixtures/bad/mobile/calls.jsonl`.

use crate::process::{Process, client, http};
use docket::api::proto::v1::application::State;
use docket::api::proto::v1::evidence_item::Supplier;
use docket::api::proto::v1::review_service_client::ReviewServiceClient;
use docket::api::proto::v1::session_service_client::SessionServiceClient;
use docket::api::proto::v1::{
    Application, ApproveApplicationRequest, ClaimReviewRequest, ExplainApplicationRequest,
    GetApplicationRequest, GetEvidenceRequest, IssueSessionRequest, ListApplicationsRequest,
    ListTransitionsRequest, Owner,
};
use docket::clock;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const MOBILE: &str = "8553465753";
const ORDER: &str = "302021101407000223510036";
const EXAMPLES: &str = include_str!("../fixtures/bad/mobile/examples.json");
const CALLS: &str = include_str!("../fixtures/bad/mobile/calls.jsonl");
const FRONT: &[u8] = include_bytes!("../fixtures/photos/front.png");

/// Who decides about applications may see their photos.
const ROLE: &str =
    "[[role]]\nname = \"reviewer\"\nclear = [\"face_photo\", \"front_photo\", \"back_photo\"]\n";

/// The most that the server's memory may rise while bad inputs come one by one: a few of the largest
/// bodies, and what an allocator keeps of them.
const RISE_MIB: u64 = 64;

fn serve(folder: &Path) -> Process {
    let key = folder.join("key.pem");
    // It is read at the start and never used: nothing comes so far as to call the provider.
    let sandbox = ["sandbox", "--listen", "127.0.0.1:0", "--public-key-file", key.to_str().unwrap()];
    if !key.exists() {
        Process::start(&sandbox, &[]).leave();
    }
    let role = folder.join("docket.toml");
    std::fs::write(&role, ROLE).unwrap();
    let settings = [
        ("DOCKET_CONFIG", role.display().to_string()),
        ("DOCKET_PROVIDER_ADDRESS", "http://127.0.0.1:1".to_owned()),
        ("DOCKET_PROVIDER_USERNAME", "merchant1".to_owned()),
        ("DOCKET_PROVIDER_PASSWORD", "word".to_owned()),
        ("DOCKET_PROVIDER_PUBLIC_KEY", key.display().to_string()),
        ("DOCKET_DATA", folder.join("data").display().to_string()),
        ("DOCKET_MOBILE_RECOGNISER", "none".to_owned()),
    ];
    Process::start(&["serve", "--listen", "127.0.0.1:0"], &settings)
}

async fn session(docket: &Process) -> String {
    let mut sessions = SessionServiceClient::connect(format!("http://{}", docket.address)).await.unwrap();
    let request = IssueSessionRequest {
        partner: "crapido".to_owned(),
        mobile: MOBILE.to_owned(),
        product_id: "2".to_owned(),
        ttl: None,
    };
    sessions.issue_session(request).await.unwrap().into_inner().token
}

fn examples() -> Map<String, Value> {
    serde_json::from_str(EXAMPLES).unwrap()
}

async fn applications(docket: &Process) -> Vec<Application> {
    let request = ListApplicationsRequest { page_size: 1000, ..ListApplicationsRequest::default() };
    client(&docket.address).list_applications(request).await.unwrap().into_inner().applications
}

/// Every call with its example; what must be shown again after a crash.
#[tokio::test]
async fn an_applicant_certifies_and_a_crash_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let docket = serve(folder.path());
    let token = session(&docket).await;
    let examples = examples();
    let call = async |docket: &Process, name: &str| {
        let request =
            http().post(format!("http://{}/Crapido/{name}", docket.address)).header("token", &token);
        let answer = request.body(examples[name].to_string()).header("content-type", "application/json");
        let answer: Value =
            serde_json::from_slice(&answer.send().await.unwrap().bytes().await.unwrap()).unwrap();
        assert_eq!(answer["code"].as_str().unwrap().parse::<u32>(), Ok(0), "{name}: {answer}");
        answer["data"].clone()
    };
    let upload = async |docket: &Process, kind: &'static str| {
        let part = |name: &str| format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
        let head = format!("{}{kind}\r\n{}", part("type"), part("attach"));
        let body = [head.as_bytes(), FRONT, b"\r\n--b--\r\n"].concat();
        let request = http().post(format!("http://{}/credit-info/upload-image", docket.address));
        let request =
            request.header("token", &token).header("content-type", "multipart/form-data; boundary=b");
        let answer = request.body(body).send().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(answer["code"], "0", "{answer}");
        answer["data"]["url"].as_str().unwrap().to_owned()
    };
    call(&docket, "mkla-pk").await;
    call(&docket, "aksl").await;
    call(&docket, "UserInit").await;
    upload(&docket, "10").await;
    upload(&docket, "11").await;
    let of = |applications: Vec<Application>| {
        let [only] = <[Application; 1]>::try_from(applications).unwrap();
        only
    };
    let before = of(applications(&docket).await);
    let step = before.certification.clone().unwrap();
    assert_eq!(
        (step.state.as_str(), step.state_number, before.order_number.as_str()),
        ("CORRECTION", 3, ORDER)
    );
    assert_eq!(before.owner(), Owner::Applicant);
    let request = ExplainApplicationRequest { name: before.name.clone() };
    let explained = client(&docket.address).explain_application(request).await.unwrap().into_inner();
    let owes = "the applicant owes the step CORRECTION in the app: name and number could not be read from the photo: \
                the applicant types them (spec 004 §5)";
    assert!(explained.blocks.iter().any(|block| block == owes), "{:?}", explained.blocks);
    docket.kill();

    let docket = serve(folder.path());
    assert_eq!(
        of(applications(&docket).await).etag,
        before.etag,
        "the session and what it saved are still there"
    );
    for name in
        ["SeBinfo", "Coldja", "mksl", "jobMa", "Sejom", "etInfo", "saetInfo", "CA-LSKD", "alksmdn-laskd"]
    {
        call(&docket, name).await;
    }
    let url = upload(&docket, "12").await;
    let photo = http().get(&url).send().await.unwrap();
    assert_eq!((photo.status().as_u16(), &photo.bytes().await.unwrap()[..]), (200, FRONT));
    let forged = url.replace("signature=", "signature=00");
    assert_eq!(http().get(&forged).send().await.unwrap().status().as_u16(), 403);
    let name = before.name;
    let request = GetApplicationRequest { name: name.clone() };
    let after = client(&docket.address).get_application(request).await.unwrap().into_inner();
    assert_eq!((after.certification.unwrap().state.as_str(), after.missing_evidence.len()), ("COMPLETE", 0));
    let shown = call(&docket, "CA-LSKD").await;
    assert_eq!(shown["items"][4]["value"], "012180001234567899");
    let request = ListTransitionsRequest { parent: name.clone(), page_size: 100, page_token: String::new() };
    let journal = client(&docket.address).list_transitions(request).await.unwrap().into_inner().transitions;
    let moves = journal.iter().flat_map(|entry| &entry.moves).filter(|of| of.machine == "certification");
    let states: Vec<_> = moves.map(|of| of.to_state.as_str()).collect();
    let way = [
        "QUESTIONNAIRE",
        "PHOTOS",
        "PHOTOS",
        "CORRECTION",
        "PHOTOS",
        "PHOTOS",
        "PHOTOS",
        "PHOTOS",
        "PHOTOS",
        "COMPLETE",
    ];
    assert_eq!(states, way);
    review(&docket, name).await;
    for told in [MOBILE, "CORM770627", "MARICELA", "01218000", "gmail.mx", "Candela"] {
        let line = docket.log().into_iter().find(|line| line.contains(told));
        assert!(line.is_none(), "{told} is logged: {line:?}");
    }
    docket.leave();
}

/// A person looks at the photos and approves.
async fn review(docket: &Process, name: String) {
    let mut reviews = ReviewServiceClient::connect(format!("http://{}", docket.address)).await.unwrap();
    let (actor, reason) = ("ada".to_owned(), "the newest".to_owned());
    let (claim, approve) = (ClaimReviewRequest::default(), ApproveApplicationRequest::default());
    let claim =
        ClaimReviewRequest { name: name.clone(), actor: actor.clone(), reason: reason.clone(), ..claim };
    reviews.claim_review(claim).await.unwrap();
    for (role, shown) in [("", 0), ("reviewer", 3)] {
        let look = GetEvidenceRequest {
            name: name.clone(),
            actor: actor.clone(),
            reason: reason.clone(),
            role: role.to_owned(),
        };
        let evidence = reviews.get_evidence(look).await.unwrap().into_inner();
        assert!(evidence.items.iter().all(|item| item.supplier() == Supplier::Applicant), "{evidence:?}");
        let photos: Vec<_> = evidence.items.iter().filter(|item| !item.photo_url.is_empty()).collect();
        assert_eq!(photos.len(), shown);
        for photo in photos {
            assert!(!photo.masked);
            let image = http().get(&photo.photo_url).send().await.unwrap().bytes().await.unwrap();
            assert_eq!(&image[..], FRONT);
        }
    }
    let approve = ApproveApplicationRequest { name, actor, reason, ..approve };
    let approved = reviews.approve_application(approve).await.unwrap().into_inner();
    assert_eq!(approved.state(), State::Approved);
}

/// A line of the file; its head says what the fields mean.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    to: String,
    #[serde(default)]
    set: BTreeMap<String, Value>,
    body: Option<Text>,
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
    #[serde(default = "ok")]
    status: u16,
    says: Option<String>,
    error: Option<String>,
}

const fn ok() -> u16 {
    200
}

/// A text, or how to make one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Hex { hex: String },
    Repeat { repeat: String, times: usize },
    Parts(Vec<Self>),
}

impl Text {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Plain(text) => text.clone().into_bytes(),
            Self::Hex { hex } => hex::decode(hex).unwrap(),
            Self::Repeat { repeat, times } => repeat.repeat(*times).into_bytes(),
            Self::Parts(parts) => parts.iter().flat_map(Self::bytes).collect(),
        }
    }
}

impl Case {
    fn target(&self) -> (&str, String) {
        match self.to.split_once(' ') {
            Some((method, path)) => (method, path.to_owned()),
            None => ("POST", format!("/Crapido/{}", self.to)),
        }
    }

    fn body(&self, examples: &Map<String, Value>) -> Vec<u8> {
        if let Some(body) = &self.body {
            return body.bytes();
        }
        let Some(example) = examples.get(&self.to) else { return Vec::new() };
        let mut body = example.as_object().unwrap().clone();
        for (name, value) in &self.set {
            assert!(body.contains_key(name), "{}: {name} is not in the example", self.name);
            if value.is_null() {
                body.remove(name);
            } else {
                body.insert(name.clone(), value.clone());
            }
        }
        Value::Object(body).to_string().into_bytes()
    }

    fn expected(&self) -> Value {
        if let Some(error) = &self.error {
            return json!({ "error": error });
        }
        let code = if self.status == 401 { "2" } else { "1" };
        json!({ "code": code, "message": self.says.as_deref().unwrap() })
    }
}

#[tokio::test]
async fn every_bad_call_is_answered_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let docket = serve(folder.path());
    let token = session(&docket).await;
    let lines = CALLS.lines().filter(|line| line.starts_with('{'));
    let cases: Vec<Case> = lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let names: std::collections::BTreeSet<_> = cases.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), cases.len(), "two lines have one name");
    assert!(cases.len() >= 150, "{} bad calls", cases.len());
    let (examples, first) = (examples(), docket.resident_kib());
    let (mut complaints, mut most) = (Vec::new(), first);
    for case in &cases {
        let (method, path) = case.target();
        let mut headers: BTreeMap<_, _> =
            [("token", token.as_str()), ("content-type", "application/json")].into();
        for (name, value) in &case.headers {
            match value {
                Some(value) => drop(headers.insert(name, value)),
                None => drop(headers.remove(name.as_str())),
            }
        }
        let mut request = http().request(method.parse().unwrap(), format!("http://{}{path}", docket.address));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let began = clock::now();
        let answer = request.body(case.body(&examples)).send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default();
        most = most.max(docket.resident_kib());
        let took = clock::now().since(began).as_secs();
        if status != case.status || body != case.expected() || took > 5 {
            let expected = case.expected();
            complaints.push(format!(
                "{}: {status} {body} after {took} s, and not {} {expected}",
                case.name, case.status
            ));
        }
    }
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), cases.len(), complaints.join("\n"));
    assert_eq!(applications(&docket).await, Vec::new(), "a bad call made something");
    let (rise, total) = ((most - first) / 1024, cases.len());
    crate::report(&format!(
        "{total} bad calls of the app: {} MiB before, {rise} MiB more at most",
        first / 1024
    ));
    assert!(rise <= RISE_MIB, "the server's memory rose by {rise} MiB");
    let errors: Vec<_> = docket.log().into_iter().filter(|line| line.contains("ERROR")).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    docket.leave();
}
