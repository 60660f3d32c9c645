//! Whole calls, with an archive in memory and a transport that always says the same.

use std::future::ready;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::FutureExt as _;
use rand_chacha::rand_core::SeedableRng as _;

use super::*;
use crate::machine::call::{EffectId, Pending, Slot};
use crate::machine::evidence::{Evidence, EvidenceKind, Supplier};
use crate::provider::specimen;
use crate::store;
use crate::store::memory::MemoryStore;
use crate::vault::{MasterKey, Random, Vault};

struct Bench {
    archive: Archive<MemoryStore>,
    application: Application,
    sent: Arc<Mutex<Vec<Bytes>>>,
}

fn bench() -> Bench {
    let master = MasterKey::from_text(&"5a".repeat(32)).unwrap();
    let vault = Vault::volatile(master, Random::seeded(1));
    let archive = Archive::new(Arc::new(MemoryStore::new()), vault, Random::seeded(2));
    let mut application = specimen::application();
    application.key = archive.create_key(application.id).unwrap();
    Bench { archive, application, sent: Arc::default() }
}

impl Bench {
    /// Makes a call that is answered with `body`; it must end in one poll.
    fn call(&self, call: Call, body: &'static str) -> Ended {
        let sent = Arc::clone(&self.sent);
        let transport = tower::service_fn(move |request: Request<Bytes>| {
            sent.lock().unwrap().push(request.into_body());
            ready(Ok(specimen::answer(200, body)))
        });
        let (_, audit_cipher) = specimen::audit_key();
        let account = Account {
            username: "merchant1".to_owned(),
            password: Secret::from("secret".to_owned()),
            hours: NonZeroU16::new(24).unwrap(),
        };
        let client = Client::new(
            transport,
            Arc::new(self.archive.clone()),
            Settings { account, dialect: Dialect::default(), audit_cipher },
            Arc::new(Time::default),
            ChaCha20Rng::seed_from_u64(3),
        )
        .unwrap();
        let id = EffectId { version: 1, slot: Slot::Application };
        let until = Time::default() + Duration::from_secs(900);
        let pending = Pending { id, call, due: Time::default(), until };
        let order = Order { application: Arc::new(self.application.clone()), pending };
        client.call(order).now_or_never().expect("nothing waits but for the transport")
    }
}

#[test]
fn data_is_sealed_before_it_is_told() {
    let bench = bench();
    for (name, kind) in [
        ("telecom_raw_data", DocumentKind::TelecomRawData),
        ("telecom_report", DocumentKind::TelecomReport),
        ("degree_raw_data", DocumentKind::DegreeRawData),
        ("ebank_raw_data", DocumentKind::EbankRawData),
        ("ebank_v2_raw_data", DocumentKind::EbankV2RawData),
    ] {
        let call = specimen::call(name);
        let ended = bench.call(call, r#"{"code":0,"msg":"","data":{"user_mobile":"18301231234"}}"#);
        let Ended::Told { reply: Reply::Stored { document }, document: Some(body) } = ended else {
            panic!("{ended:?}");
        };
        assert_eq!(document.kind, kind);
        let store::Document::Inline(sealed) = body else {
            panic!("{body:?}");
        };
        assert!(!sealed.windows(11).any(|part| part == b"18301231234"));
    }
}

#[test]
fn data_that_cannot_be_put_away_is_fetched_again_only_if_that_helps() {
    let mut bench = bench();
    bench.application.key += 1;
    let ended = bench.call(specimen::call("telecom_raw_data"), r#"{"code":0,"msg":"","data":{"a":1}}"#);
    let Ended::Failed(Failure::Hopeless(Cause::Missing { detail })) = ended else {
        panic!("{ended:?}");
    };
    assert!(detail.contains("holds no key"), "{detail}");
}

#[test]
fn an_answer_is_opened_for_the_call_that_submits_it() {
    let bench = bench();
    let answer = Secret::from("654321".to_owned());
    let sealed = bench.archive.seal_answer(bench.application.id, &answer).unwrap();
    let call = || Call::TelecomCaptcha { open_id: "f47e".to_owned(), answer: sealed.clone() };
    let ended = bench.call(call(), r#"{"code":0,"msg":""}"#);
    assert!(
        matches!(ended, Ended::Told { reply: Reply::Accepted { told: None }, document: None }),
        "{ended:?}"
    );
    let body = bench.sent.lock().unwrap().pop().unwrap();
    assert_eq!(body, r#"{"username":"merchant1","open_id":"f47e","captcha":"654321"}"#);

    bench.archive.destroy_answer(&sealed).unwrap();
    let ended = bench.call(call(), "");
    let detail = "the applicant's answer".to_owned();
    assert!(
        matches!(&ended, Ended::Failed(Failure::Hopeless(Cause::Missing { detail: found })) if *found == detail),
        "{ended:?}"
    );
    assert!(bench.sent.lock().unwrap().is_empty());
}

#[test]
fn evidence_that_is_not_there_stops_the_call() {
    let mut bench = bench();
    let check = |ended: Ended, word: &str| {
        let Ended::Failed(Failure::Hopeless(Cause::Missing { detail })) = ended else {
            panic!("{ended:?}");
        };
        assert!(detail.contains(word), "{detail}");
    };
    check(bench.call(Call::Blacklist, ""), "id_card");
    check(bench.call(Call::AuditApply, ""), "id_card");
    let at = Time::default();
    bench.application.evidence.push(Evidence {
        kind: EvidenceKind::Identity,
        document: 7,
        at,
        supplier: Supplier::Partner,
    });
    check(bench.call(Call::Blacklist, ""), "not in the store");
    assert!(bench.sent.lock().unwrap().is_empty());
}
