//! The applicant: what is brought, and what is typed when something is asked.

use super::journey::fresh;
use docket::config::products;
use docket::engine::answer::{BankLogin, DegreeAccount, Typed};
use docket::engine::bank::BankList;
use docket::engine::dossier::Dossier;
use docket::engine::entrance::Brought;
use docket::machine::application::Source;
use docket::machine::challenge::{Challenge, ChallengeKind};
use docket::machine::collection::CollectionKind;
use docket::machine::evidence::Supplier;
use docket::sandbox::{AnswerKind, Expected, Sandbox, Script, System};
use docket::vault::Secret;
use std::time::Duration;

/// How long a code, a picture or a login takes to be typed.
const TYPING: Duration = Duration::from_secs(1);
/// How long an applicant looks for the service password: longer than the token that was asked for before
/// is used, so that opening the telecom session needs one of its own.
const LOOKING: Duration = Duration::from_secs(40 * 60);

/// What an applicant does about a question.
pub(super) enum Reaction {
    /// Answers it.
    Types(Secret),
    /// Asks for another SMS code.
    OrdersAnother,
    /// Nothing yet.
    Waits,
}

/// How long it takes to react to a question.
pub(super) const fn takes(challenge: &Challenge) -> Duration {
    match challenge.kind {
        ChallengeKind::ServicePassword => LOOKING,
        ChallengeKind::SmsCode
        | ChallengeKind::QueryPassword
        | ChallengeKind::PictureCaptcha
        | ChallengeKind::DynamicPassword
        | ChallengeKind::DegreeAccount
        | ChallengeKind::BankLogin => TYPING,
    }
}

pub(super) fn mobile(script: Script) -> String {
    script.row().example
}

/// Everything at once that the product wants of the applicant.
pub(super) fn brings(product: &str, mobile: &str) -> Brought {
    let mut dossier: Dossier = serde_json::from_str(&DOSSIER.replace("{mobile}", mobile)).unwrap();
    if product == products::COLLECTED {
        dossier.operator_data = None;
    }
    Brought {
        source: Source { partner: "partner".to_owned(), order: "order-1".to_owned() },
        product: product.to_owned(),
        supplier: Supplier::Partner,
        original: None,
        parts: vec![dossier],
        phone: Some(mobile.to_owned()),
        id_card: Some("45215919990301502X".to_owned()),
        service_password: None,
    }
}

/// What the applicant does about a question; `banks` are shown with one for a login.
pub(super) fn reaction(
    challenge: &Challenge,
    state: &str,
    sandbox: &Sandbox,
    mobile: &str,
    banks: impl FnOnce() -> BankList,
) -> Reaction {
    let system = system(challenge.collection);
    // A login that is right is the same in every session.
    let login = || fresh().expected_answer_of(system, mobile).expect("each begins with a login");
    let wanted = match challenge.kind {
        ChallengeKind::ServicePassword => return Reaction::Types(Secret::from("svc-Pa55word".to_owned())),
        ChallengeKind::DegreeAccount => {
            let fields = login().fields;
            let (account, password) = (fields["account"].clone(), fields["password"].clone());
            return Reaction::Types(DegreeAccount { account, password }.to_secret());
        }
        ChallengeKind::BankLogin => return Reaction::Types(choice(&login(), &banks()).to_secret()),
        ChallengeKind::SmsCode => AnswerKind::Sms,
        ChallengeKind::QueryPassword => AnswerKind::QueryPassword,
        ChallengeKind::PictureCaptcha => AnswerKind::Picture,
        ChallengeKind::DynamicPassword => AnswerKind::DynamicPassword,
    };
    match sandbox.expected_answer_of(system, mobile).filter(|expected| expected.kind == wanted) {
        Some(expected) if !expected.is_stale => Reaction::Types(Secret::from(expected.answer)),
        // One that was ordered comes by itself.
        Some(_) if system == System::Telecom && state != "CAPTCHA_RESEND" => Reaction::OrdersAnother,
        Some(_) | None => Reaction::Waits,
    }
}

/// The login that the applicant has at a bank, as the list wants it.
fn choice(expected: &Expected, list: &BankList) -> BankLogin {
    let entry_id = expected.fields["entry_id"].clone();
    let mut logins = list.banks.iter().flat_map(|bank| &bank.logins);
    let entry = logins.find(|login| login.entry_id == entry_id).expect("the list has it");
    let typed = |name: &str| {
        let value = expected.fields.get(name).unwrap_or_else(|| &expected.fields["login_name"]);
        Typed { name: name.to_owned(), value: value.clone() }
    };
    let inputs = entry.inputs.iter().map(|input| typed(&input.name)).collect();
    list.check(BankLogin { entry_id, inputs }).expect("the list allows it")
}

const fn system(kind: CollectionKind) -> System {
    match kind {
        CollectionKind::Telecom => System::Telecom,
        CollectionKind::Degree => System::Degree,
        CollectionKind::Ebank => System::Ebank,
        CollectionKind::EbankV2 => System::EbankV2,
    }
}

const DOSSIER: &str = r#"{
    "identity": {"name": "李测试", "phone": "{mobile}", "id_card": "45215919990301502X"},
    "loan": {"amount_fen": 150000},
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
    "work": {"company": "测试公司", "region": "上海市", "address": "政学路1号", "phone": "021-12345678"},
    "device": {"device_id": "7d50dcb97e654de6890ae8000bb4558a", "last_login": 1476692044, "os": "Android"},
    "address_book": [{"phone": "10086", "name": "中国移动"}],
    "operator_data": {"data": {"task_data": {
        "account_info": {"real_info": "已登记", "net_time": "2012-08-21"},
        "base_info": {"user_name": "李**", "cert_num": "未知"},
        "bill_info": [{"bill_cycle": "2018-09", "bill_total": "5810", "bill_fee": "5810"}],
        "call_info": [{"call_cycle": "2018-09", "call_record": [{
            "call_type_name": "被叫", "call_time": "50", "call_other_number": "18812312312",
            "call_start_time": "2018-09-01 00:46:19"
        }]}],
        "sms_info": []
    }}}
}"#;
