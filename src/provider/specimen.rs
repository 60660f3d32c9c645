//! Specimens for the tests of the client.
//!
//! Owns an application and its evidence, with the values that the spec prints (spec 000, 001, 002).

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{Response, StatusCode};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePublicKey as _, LineEnding};
use serde_json::json;
use serde_json::value::RawValue;

use super::audit::sealing::AuditCipher;
use super::calls::every;
use super::wire::seal::Randomness;
use crate::engine::answer::{BankLogin, DegreeAccount, Typed};
use crate::engine::archive::Archive;
use crate::engine::dossier::Dossier;
use crate::machine::application::{Application, Decider, Phase, Plan, Source};
use crate::machine::call::{Call, System};
use crate::machine::challenge::SealedAnswer;
use crate::machine::collection::CollectionKind;
use crate::machine::evidence::{DocumentKind, Evidence, Supplier};
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::codec::Encoded;
use crate::store::memory::MemoryStore;
use crate::store::{Item, Store as _};
use crate::vault::{MasterKey, Random, Secret, Vault};

/// The operator data of spec 000, as far as the audit reads it, wrapped as printed.
pub(super) const OPERATOR_DATA: &str = r#"{
  "data": {
    "identity_code": "513301199123123123", "created_time": "2018-09-26 16:08:06", "user_mobile": "18301231234",
    "task_data": {
      "bill_info": [{
        "bill_discount": null, "bill_fee": "5810", "usage_detail": [],
        "bill_record": [{"fee_name": "固定费用", "fee_amount": "5800"}],
        "bill_cycle": "2018-09", "paid_amount": null, "bill_total": "5810"
      }],
      "family_info": [],
      "sms_info": [{
        "total_msg_cost": "10", "total_msg_count": "70",
        "sms_record": [{
          "msg_cost": "0", "msg_channel": "短信", "msg_start_time": "2018-09-01 10:30:45",
          "msg_type": "接收", "msg_address": "未知", "msg_other_num": "10086"
        }],
        "msg_cycle": "2018-09"
      }],
      "account_info": {"mobile_status": "正常", "net_age": "73", "real_info": "已登记", "net_time": "2012-08-21"},
      "point_info": {"point_record": [], "point_detail": []},
      "base_info": {"user_sex": "未知", "user_name": "姚**", "post_code": null, "cert_num": "未知"},
      "package_info": {"brand_name": "全球通", "pay_type": null, "package_detail": []},
      "call_info": [{
        "total_call_count": "54", "total_call_time": "4343", "total_fee": "0", "call_cycle": "2018-09",
        "call_record": [{
          "call_cost": "0", "call_land_type": "国内长途", "call_type_name": "被叫", "call_time": "50",
          "call_other_number": "18812312312", "call_start_time": "2018-09-01 00:46:19", "call_address": "上海市.上海市"
        }]
      }]
    },
    "user_name": "1831234123", "real_name": "姚**", "channel_code": "100000", "lost_data": null
  }
}"#;

/// A key such as the provider has, and the setting that seals for it.
pub(super) fn audit_key() -> (RsaPrivateKey, AuditCipher) {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        let mut randomness = Randomness(ChaCha20Rng::seed_from_u64(7));
        RsaPrivateKey::new(&mut randomness, 1024).unwrap()
    });
    let public_key = key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
    (key.clone(), AuditCipher::Pkcs1 { public_key })
}

/// An application created at the moment of spec 002's example order, 2018-12-24 10:00:00 in
/// Shanghai, with that order's number and term.
pub(super) fn application() -> Application {
    let created = Time::from_millis(1_545_616_800_000);
    Application {
        id: ApplicationId::from_bytes([7; 16]),
        version: 1,
        created,
        since: created,
        source: Source { partner: "partner".to_owned(), order: "245132241561415".to_owned() },
        plan: Plan {
            product: "product".to_owned(),
            version: 1,
            evidence: dossier().kinds(),
            collections: Vec::new(),
            term_days: 7,
            blacklist: true,
            decider: Decider::Provider,
            fresh: Vec::new(),
        },
        order_id: 245_132_241_561_415,
        key: 1,
        phone: None,
        identity: None,
        documents: Vec::new(),
        evidence: Vec::new(),
        credentials: None,
        phase: Phase::DataReady,
        counted: None,
        collections: Vec::new(),
        challenges: 0,
        outbox: Vec::new(),
        held: None,
    }
}

/// The evidence that spec 000 and 001 print for one applicant.
pub(super) fn dossier() -> Dossier {
    let text = json!({
        "identity": {"name": "姚测试", "phone": "18301231234", "id_card": "513301199123123123"},
        "loan": {"amount_fen": 150_000},
        "identity_card": {
            "face_url": "https://img.example.com/live.jpg",
            "front_url": "https://img.example.com/front.jpg",
            "back_url": "https://img.example.com/back.jpg",
            "address": "四川省测试地址"
        },
        "contacts": [
            {"name": "张一", "phone": "18221501320", "relation": "parent", "told_as": "PARENT"},
            {"name": "李二", "phone": "13671618954", "relation": "friend", "told_as": "FRIEND"}
        ],
        "work": {"company": "测试公司", "region": "上海市上海市杨浦区", "address": "政学路1号", "phone": "021-12345678"},
        "device": {"device_id": "7d50dcb97e654de6890ae8000bb4558a", "last_login": 1_476_692_044},
        "address_book": [{"phone": "10086", "name": "中国移动"}, {"phone": "18812345678", "name": "陵辛"}]
    });
    let mut dossier: Dossier = serde_json::from_value(text).unwrap();
    dossier.operator_data = Some(RawValue::from_string(OPERATOR_DATA.to_owned()).unwrap());
    dossier
}

/// An application whose evidence is in an archive.
pub(super) fn archived() -> (Archive<MemoryStore>, Application) {
    let store = Arc::new(MemoryStore::new());
    let master = MasterKey::from_text(&"5a".repeat(32)).unwrap();
    let vault = Vault::volatile(master, Random::seeded(1));
    let archive = Archive::new(Arc::clone(&store), vault, Random::seeded(2));
    let mut application = application();
    let id = application.id;
    application.key = archive.create_key(id).unwrap();
    let at = Time::default();
    let kinds = dossier().kinds();
    let dossier = dossier().to_json();
    let (document, body) = archive.seal(id, application.key, DocumentKind::Dossier, at, &dossier).unwrap();
    application.documents.push(document);
    let held = kinds.into_iter().map(|kind| Evidence {
        kind,
        document: document.number,
        at,
        supplier: Supplier::Partner,
    });
    application.evidence = held.collect();
    let record = || Encoded { version: 1, body: Vec::new() };
    let item = Item {
        application: id,
        expected: 0,
        snapshot: record(),
        entry: record(),
        change: record(),
        wake: None,
        documents: vec![(document.number, body)],
        unindex: Vec::new(),
        index: Vec::new(),
        request: None,
    };
    store.commit(&[item]).unwrap();
    (archive, application)
}

/// A sealed answer; what it says is in the material beside it.
pub(super) const fn sealed() -> SealedAnswer {
    SealedAnswer { slot: 1, generation: 1, bytes: Vec::new() }
}

/// The id of spec 002's examples.
pub(super) const OPEN_ID: &str = "f47e9276860685349c7ef4be67c823";

/// Every call, for the session and the audit of spec 002's examples.
pub(super) fn calls() -> [Call; Call::NAMES.len()] {
    every(OPEN_ID, &sealed())
}

/// The call of a name.
pub(super) fn call(name: &str) -> Call {
    calls().into_iter().find(|call| call.name() == name).expect(name)
}

/// What an applicant answers, in the clear, where the call submits it.
pub(super) fn typed(call: &Call) -> Option<Secret> {
    call.answer()?;
    let typed = |(name, value): (&str, &str)| Typed { name: name.to_owned(), value: value.to_owned() };
    let login = BankLogin {
        entry_id: "101".to_owned(),
        inputs: [("login_name", "45215919990301502X"), ("password", "s3cret")].map(typed).into(),
    };
    Some(match call.system() {
        System::Collection(CollectionKind::Degree) => {
            DegreeAccount { account: "13800000000".to_owned(), password: "s3cret".to_owned() }.to_secret()
        }
        System::Collection(CollectionKind::Ebank | CollectionKind::EbankV2)
            if !matches!(call, Call::EbankCaptcha { .. } | Call::EbankV2Captcha { .. }) =>
        {
            login.to_secret()
        }
        System::Collection(_) | System::Blacklist | System::Audit => Secret::from("s3cret".to_owned()),
    })
}

/// An answer of the provider.
pub(super) fn answer(status: u16, body: &str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::copy_from_slice(body.as_bytes()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}
