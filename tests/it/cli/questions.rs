//! Every question of every collection at the command line, against a server whose provider is a script.

use super::world::{PATIENCE, Ran, docket};
use docket::api::serve::Server;
use docket::api::session::Apps;
use docket::callback::Callbacks;
use docket::clock;
use docket::config::{Agreements, Roles, Settings, products};
use docket::engine::archive::Archive;
use docket::engine::bank::{Bank, BankList, CardKind, Input, LoginType};
use docket::engine::provider::{Ended, Order, Provider};
use docket::engine::{Engine, Given};
use docket::machine::call::{Call, Reply, System, Told};
use docket::machine::challenge::Agreement;
use docket::machine::evidence::{Document, DocumentKind};
use docket::machine::id::ApplicationId;
use docket::machine::policy::Policy;
use docket::store;
use docket::store::memory::MemoryStore;
use docket::vault::{MasterKey, Random, Vault};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const PICTURE: &[u8] = b"GIF89a a picture";

/// Asks in every session with a bank for a picture, then for a dynamic password.
struct Scripted {
    archive: Archive<MemoryStore>,
    taken: Mutex<HashMap<(ApplicationId, System), usize>>,
}

impl Scripted {
    fn stored(&self, order: &Order, kind: DocumentKind, plain: &[u8]) -> (Document, store::Document) {
        let (id, key) = (order.application.id, order.application.key);
        self.archive.seal(id, key, kind, clock::now(), plain).unwrap()
    }

    fn document(&self, order: &Order, kind: DocumentKind, plain: &[u8]) -> Ended {
        let (document, body) = self.stored(order, kind, plain);
        Ended::Told { reply: Reply::Stored { document }, document: Some(body) }
    }
}

impl Provider for Scripted {
    #[expect(clippy::wildcard_enum_match_arm, reason = "calls are alike by what they ask for")]
    async fn call(&self, order: Order) -> Ended {
        let call = &order.pending.call;
        let of = (order.application.id, call.system());
        let answers = if matches!(call, Call::EbankLicense { .. } | Call::EbankV2License { .. }) {
            0
        } else {
            let mut taken = self.taken.lock().unwrap();
            let answers = taken.entry(of).or_default();
            *answers += usize::from(call.answer().is_some());
            *answers
        };
        let open_id = || "session".to_owned();
        let reply = match call {
            Call::Blacklist => Reply::BlacklistClear,
            Call::AuditApply => Reply::AuditAccepted { open_id: open_id() },
            Call::AuditResult { .. } => Reply::AuditApproved,
            Call::TelecomOpen { .. } | Call::DegreeOpen | Call::EbankOpen { .. } => {
                Reply::Opened { open_id: open_id(), agreement: None }
            }
            Call::EbankV2Open => Reply::Opened { open_id: open_id(), agreement: Some(Agreement::Kaniu) },
            Call::EbankBanks | Call::EbankV2Banks { .. } => {
                return self.document(&order, DocumentKind::BankList, banks().to_json().as_bytes());
            }
            Call::EbankState { .. } | Call::EbankV2State { .. } if answers == 1 => {
                let (picture, body) = self.stored(&order, DocumentKind::Picture, PICTURE);
                let told = Told { picture: Some(picture), ..Told::plain(4, String::new()) };
                return Ended::Told { reply: Reply::State(told), document: Some(body) };
            }
            Call::EbankState { .. } | Call::EbankV2State { .. } => {
                Reply::State(Told::plain(if answers == 2 { 2 } else { 10 }, String::new()))
            }
            Call::TelecomState { .. } => Reply::State(Told::plain(21, String::new())),
            Call::DegreeState { .. } => Reply::State(Told::plain(21, String::new())),
            Call::DegreeRawData { .. } => return self.document(&order, DocumentKind::DegreeRawData, b"{}"),
            Call::EbankRawData { .. } => return self.document(&order, DocumentKind::EbankRawData, b"{}"),
            Call::EbankV2RawData { .. } => {
                return self.document(&order, DocumentKind::EbankV2RawData, b"{}");
            }
            _submission => Reply::Accepted { told: None },
        };
        Ended::Told { reply, document: None }
    }
}

fn banks() -> BankList {
    let input = |name: &str, pattern: &str| Input {
        name: name.to_owned(),
        label: name.to_owned(),
        description: format!("as at the counter: {name}"),
        pattern: pattern.to_owned(),
    };
    let login = |entry_id: &str, inputs| LoginType {
        title: "身份证登录".to_owned(),
        entry_id: entry_id.to_owned(),
        kind: CardKind::Credit,
        disabled: None,
        inputs,
    };
    let both = || vec![input("login_name", r"^\d{6}$"), input("password", "^[a-z]{4,8}$")];
    let bank = |name: &str, code: &str, disabled: Option<&str>, logins| Bank {
        name: name.to_owned(),
        code: code.to_owned(),
        disabled: disabled.map(str::to_owned),
        logins,
    };
    let open =
        bank("招商银行", "CMB", None, vec![login("101", both()), login("102", vec![input("card", "")])]);
    let one = bank("光大银行", "CEB", None, vec![login("201", vec![input("card", "")])]);
    let closed = bank("工商银行", "ICBC", Some("维护中"), vec![login("301", both())]);
    BankList::new(vec![open, one, closed]).unwrap()
}

/// A server in this process, and somebody at the command line.
struct Counter {
    address: String,
    _runtime: tokio::runtime::Runtime,
}

impl Counter {
    fn open() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let address = runtime.block_on(async {
            let (store, random) = (Arc::new(MemoryStore::new()), Random::seeded(7));
            let vault = Vault::volatile(MasterKey::from_text(&"07".repeat(32)).unwrap(), random.clone());
            let archive = Archive::new(Arc::clone(&store), vault.clone(), random.clone());
            let soon = Duration::from_millis(20);
            let policy = Policy { poll_min: soon, poll_max: soon, audit_min: soon, ..Policy::default() };
            let (products, limits, retention) = (products::demo(), Default::default(), Default::default());
            let given = Given { store, vault, random, policy, products, limits, retention };
            let engine = Engine::start(given, Scripted { archive, taken: Mutex::default() }).unwrap();
            let callbacks = Callbacks::start(engine.clone(), &[], &Random::seeded(8)).await.unwrap();
            let agreements: Agreements =
                serde_json::from_value(json!({ "kaniu": "https://agreements.example/kaniu" })).unwrap();
            let apps = Apps::new(
                &Settings::in_folder(std::path::PathBuf::new()),
                &engine,
                engine.links("http://docket.example", Duration::from_secs(600)),
            );
            let roles = Roles::default();
            let server = Server::new(engine, callbacks, axum::Router::new(), agreements, apps, roles, None);
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap().to_string();
            tokio::spawn(server.serve(listener, std::future::pending()));
            address
        });
        Self { address, _runtime: runtime }
    }

    fn run(&self, arguments: &[&str], input: &str) -> Ran {
        docket(arguments, &[("DOCKET_SERVER", &self.address)], input)
    }

    /// Creates an application and waits until it asks for something.
    fn asked(&self, product: &str, order: &str) -> String {
        let mut request = self.run(&["apps", "create", "--template"], "").json();
        request["partner"] = "questions".into();
        request["order_number"] = order.into();
        request["product"] = product.into();
        if product != products::EVERYTHING {
            request["evidence"]["operator_data"] = "e30=".into();
        }
        let created = self.run(&["apps", "create", "--from", "-", "-o", "json"], &request.to_string()).json();
        created["name"].as_str().unwrap().to_owned()
    }

    /// Waits until an application asks for these.
    fn asks(&self, name: &str, kinds: &[&str]) {
        let until = Instant::now() + PATIENCE;
        loop {
            let seen = self.run(&["apps", "get", name, "-o", "json"], "").json();
            let asked: Vec<_> = seen["challenges"].as_array().unwrap().iter().collect();
            let asked: Vec<_> = asked.iter().map(|it| it["kind"].as_str().unwrap()).collect();
            if asked == kinds {
                return;
            }
            assert!(Instant::now() < until, "{name} asks for {asked:?}");
        }
    }

    fn is_approved(&self, name: &str) {
        let waited = self.run(&["apps", "wait", name, "--timeout", "20s", "-o", "json"], "").json();
        assert_eq!(waited["state"], "STATE_APPROVED");
    }
}

pub(super) fn every_question_is_asked_and_answered() {
    let counter = Counter::open();
    an_account_is_two_lines_or_a_file(&counter);
    a_bank_is_chosen_from_its_list(&counter);
    a_picture_is_a_file(&counter);
    a_file_brings_the_whole_login(&counter);
    many_collections_are_told_apart(&counter);
}

fn an_account_is_two_lines_or_a_file(counter: &Counter) {
    for (order, flags, input) in [
        ("degree-1", ["--degree-account", "-ojson"], "li@example.com\ns3cret\n".to_owned()),
        ("degree-2", ["--from=-", "-ojson"], {
            json!({ "degree_account": { "account": "li", "password": "s3cret" } }).to_string()
        }),
    ] {
        let name = counter.asked("degree", order);
        counter.asks(&name, &["KIND_DEGREE_ACCOUNT"]);
        assert!(counter.run(&["apps", "get", &name], "").done().contains("degree_account"));
        let half = counter.run(&["apps", "answer", &name, "--degree-account"], "li@example.com\n");
        assert_eq!((half.code, half.err.contains("no password of the account")), (2, true), "{half:#?}");
        let none = counter.run(&["apps", "answer", &name, "--from", "-"], r#"{"degree_account": "s3cret"}"#);
        assert_eq!(none.code, 4, "{none:#?}");
        assert!(!none.err.contains("s3cret") && none.err.contains("is no answer: line 1"), "{none:#?}");
        counter.run(&[&["apps", "answer", &name], &flags[..]].concat(), &input).done();
        counter.is_approved(&name);
    }
}

fn a_bank_is_chosen_from_its_list(counter: &Counter) {
    let name = counter.asked("ebank_v2", "bank-1");
    counter.asks(&name, &["KIND_BANK_LOGIN"]);
    let page = counter.run(&["apps", "challenge", &name], "").done();
    for piece in [
        "bank_login",
        "招商银行 (CMB)",
        "101 身份证登录: login_name, password",
        "工商银行 (ICBC), cannot be chosen: 维护中",
        "卡牛授权协议 (kaniu), to be read at https://agreements.example/kaniu",
    ] {
        assert!(page.contains(piece), "{piece} is missing in:\n{page}");
    }
    let told = counter.run(&["apps", "challenge", &name, "-o", "json"], "").json();
    assert_eq!(told["banks"]["banks"][0]["logins"][0]["inputs"][1]["secret"], true, "{told:#}");
    let no_picture = counter.run(&["apps", "challenge", &name, "--image", "none.gif"], "");
    assert_eq!((no_picture.code, no_picture.err.contains("has no picture")), (5, true), "{no_picture:#?}");

    let answer = |input: &str| counter.run(&["apps", "answer", &name, "--bank-login"], input);
    for (input, code, said) in [
        ("ICBC\n", 4, "cannot be chosen"),
        ("4\n", 4, "is none of them"),
        ("招商银行\n7\n", 4, "is none of them"),
        ("CMB\n101\n6222s3cret\n", 4, r"login_name: must match ^\d{6}$"),
        ("CMB\n101\n622200\ns3cret\n", 4, "password: must match ^[a-z]{4,8}$"),
        ("CMB\n101\n622200\nabcdef\nperhaps\n", 4, "must be yes or no"),
        ("CMB\n101\n622200\nabcdef\nno\n", 5, "the applicant does not consent"),
        ("CMB\n101\n622200\n", 2, "no password was given"),
    ] {
        let wrong = answer(input);
        assert_eq!((wrong.code, wrong.err.contains(said)), (code, true), "{input:?}: {wrong:#?}");
        assert!(!wrong.err.contains("s3cret"), "what was typed is repeated: {wrong:#?}");
    }
    let answered = answer("cmb\n1\n622200\nabcdef\nyes\n");
    for piece in ["as at the counter: password", "https://agreements.example/kaniu"] {
        assert!(answered.err.contains(piece), "{answered:#?}");
    }
    answered.done();
    counter.asks(&name, &["KIND_PICTURE_CAPTCHA"]);
}

fn a_picture_is_a_file(counter: &Counter) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let name = "questions/bank-1";
    let page = counter.run(&["apps", "challenge", name, "--image", &file("shown.gif")], "").done();
    assert!(page.contains("image/gif, 16 bytes"), "{page}");
    assert_eq!(std::fs::read(file("shown.gif")).unwrap(), PICTURE);

    let kept = counter.run(&["apps", "answer", name, "--dry-run", "--image", &file("kept.gif")], "7K2P\n");
    kept.done();
    assert_eq!(std::fs::read(file("kept.gif")).unwrap(), PICTURE);
    let answered = counter.run(&["apps", "answer", name], "7K2P\n");
    let told = answered.err.lines().find_map(|line| line.strip_prefix("the picture is in "));
    let told = told.unwrap_or_else(|| panic!("no picture: {answered:#?}")).to_owned();
    assert!(told.ends_with(".gif") && !std::path::Path::new(&told).exists(), "{told} is left");
    answered.done();
    counter.asks(name, &["KIND_DYNAMIC_PASSWORD"]);
    counter.run(&["apps", "answer", name, "--dynamic-password"], "998877\n").done();
    counter.is_approved(name);
}

fn a_file_brings_the_whole_login(counter: &Counter) {
    let name = counter.asked("ebank", "bank-2");
    counter.asks(&name, &["KIND_BANK_LOGIN"]);
    let login = |agreement: &str| {
        let inputs = json!({ "login_name": "622200", "password": "abcdef" });
        json!({ "bank_login": { "entry_id": "101", "inputs": inputs, "agreement": agreement } }).to_string()
    };
    let answer = ["apps", "answer", &name, "--from", "-", "-o", "json"];
    let wrong = counter.run(&answer, &login(""));
    assert_eq!(wrong.code, 4, "{wrong:#?}");
    assert_eq!(wrong.error()["field_violations"][0]["field"], "bank_login.agreement");
    let other = counter.run(&["apps", "answer", &name, "--sms-code", "1", "-o", "json"], "");
    assert_eq!(other.error()["reason"], "WRONG_ANSWER_KIND");
    counter.run(&answer, &login("ebank")).done();
    counter.asks(&name, &["KIND_PICTURE_CAPTCHA"]);
    counter.run(&["apps", "answer", &name, "--picture-captcha", "7K2P"], "").done();
    counter.asks(&name, &["KIND_DYNAMIC_PASSWORD"]);
    let bank = counter.run(&["apps", "answer", &name, "--bank-login"], "CMB\n");
    assert_eq!((bank.code, bank.err.contains("asks for dynamic_password")), (5, true), "{bank:#?}");
}

fn many_collections_are_told_apart(counter: &Counter) {
    let name = counter.asked(products::EVERYTHING, "all-1");
    counter.asks(&name, &["KIND_SMS_CODE", "KIND_DEGREE_ACCOUNT", "KIND_BANK_LOGIN", "KIND_BANK_LOGIN"]);
    let many = counter.run(&["apps", "challenge", &name], "");
    assert_eq!((many.code, many.err.contains("(degree_account)")), (2, true), "{many:#?}");
    let many = counter.run(&["apps", "answer", &name, "--bank-login"], "CMB\n");
    assert_eq!((many.code, many.err.contains("more than one challenge asks for bank_login")), (2, true));
    let shown = counter.run(&["apps", "get", &name], "").done();
    assert!(shown.contains("degree (optional) input needed") && shown.contains("telecom input"), "{shown}");

    let explained = counter.run(&["apps", "explain", &name], "").done();
    for piece in [
        "degree_account (degree)",
        "session_deadline of telecom",
        &format!("RestartRequested of telecom (docket ops restart {name} --collection telecom)"),
        "ResendRequested of degree, ebank, ebank_v2",
    ] {
        assert!(explained.contains(piece), "{piece} is missing in:\n{explained}");
    }
    let restart = |more: &[&str]| {
        let common = ["ops", "restart", &name, "--reason", "a new phone", "--actor", "ada", "-o", "json"];
        counter.run(&[&common[..], more].concat(), "")
    };
    let which = restart(&[]);
    assert_eq!((which.code, which.err.contains("name one with --collection: ")), (5, true), "{which:#?}");
    assert_eq!(restart(&["--collection", "bank"]).code, 2);
    let restarted = restart(&["--collection", "telecom"]).json();
    let telecom = &restarted["application"]["collections"][0];
    assert_eq!(
        (&telecom["kind"], &telecom["state"]),
        (&"KIND_TELECOM".into(), &"CREDENTIALS_REQUIRED".into())
    );
    let others = &restarted["application"]["collections"];
    assert_eq!(others[1]["state"], Value::from("CREDENTIALS_REQUIRED"), "it is as it was: {others:#}");

    let ended = ["ops", "restart", "questions/degree-1", "--reason", "why not", "--actor", "ada", "-ojson"];
    let ended = counter.run(&ended, "");
    assert_eq!((ended.code, ended.error()["reason"].as_str()), (5, Some("TRANSITION_NOT_ALLOWED")));
}
