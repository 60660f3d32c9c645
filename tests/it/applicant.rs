//! The applicants: who they are, what they bring, what they type, what their script says must become of
//! them.

use docket::config::products;
use docket::engine::answer::{BankLogin, DegreeAccount, Typed};
use docket::engine::bank::BankList;
use docket::engine::dossier::{
    BookEntry, Contact, Device, Dossier, Identity, IdentityCard, Loan, Relation, Work,
};
use docket::engine::entrance::Brought;
use docket::machine::application::{Application, Source, Wish};
use docket::machine::challenge::{ChallengeKind, Exhibit};
use docket::machine::collection::{Collection, CollectionKind};
use docket::machine::evidence::{DocumentKind, Supplier};
use docket::machine::graph::application::State;
use docket::machine::id::ApplicationId;
use docket::sandbox::{AnswerKind, Ending, Expected, Sandbox, Script, System};
use docket::vault::Secret;

/// The operator's service password of everybody.
pub(crate) const PASSWORD: &str = "svc-Pa55word";

/// What an applicant does about a question.
pub(crate) enum Reaction {
    /// Answers it.
    Types(Secret),
    /// Asks for another SMS code.
    OrdersAnother,
    /// Nothing yet.
    Waits,
}

/// An applicant, and what is known of the application.
#[derive(Debug, Clone)]
pub(crate) struct Applicant {
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) id_card: String,
    pub(crate) order: String,
    pub(crate) script: Script,
    pub(crate) product: &'static str,
    /// Whether base and additional info were acknowledged.
    pub(crate) brought: [bool; 2],
    /// The application and the newest version that was acknowledged.
    pub(crate) application: Option<(ApplicationId, u64)>,
    pub(crate) is_cancelled: bool,
}

impl Applicant {
    pub(crate) fn new(number: u64, seed: u64, script: Script, product: &'static str) -> Self {
        let tail = (seed * 37 + number * 7919) % 1_000_000;
        Self {
            name: format!("申请人{seed}甲{number}"),
            phone: format!("199{:02}{tail:06}", script.number()),
            id_card: format!("51330119911231{:03}X", number % 1000),
            order: format!("order-{number}"),
            script,
            product,
            brought: [false, false],
            application: None,
            is_cancelled: false,
        }
    }

    /// How the application must end if nobody interferes and nobody's patience ends: as the script says, if
    /// it must have the script's system.
    pub(crate) fn expected(&self, application: &Application) -> State {
        let of_system = |wish: &&Wish| system(wish.kind) == self.script.system();
        let is_met = match self.script.system() {
            System::Account | System::Blacklist | System::Audit => true,
            System::Telecom | System::Degree | System::Ebank | System::EbankV2 => {
                application.plan.collections.iter().find(of_system).is_some_and(|wish| wish.required)
            }
        };
        match self.script.ending() {
            Ending::Rejected if is_met => State::Rejected,
            Ending::Expired if is_met => State::Expired,
            Ending::Suspended if is_met => State::Suspended,
            Ending::Approved | Ending::Rejected | Ending::Expired | Ending::Suspended => State::Approved,
        }
    }

    /// What the applicant does about a question: `banks` reads the list that is shown with it.
    pub(crate) fn reaction(
        &self,
        collection: &Collection,
        sandbox: &Sandbox,
        banks: impl FnOnce(u32) -> Secret,
    ) -> Reaction {
        let challenge = collection.challenge().expect("somebody asks");
        let system = system(collection.kind);
        let first = || sandbox.first_answer_of(system, &self.phone).expect("each begins with a login");
        let wanted = match challenge.kind {
            ChallengeKind::ServicePassword => return Reaction::Types(Secret::from(PASSWORD.to_owned())),
            ChallengeKind::DegreeAccount => {
                let fields = first().fields;
                let (account, password) = (fields["account"].clone(), fields["password"].clone());
                return Reaction::Types(DegreeAccount { account, password }.to_secret());
            }
            ChallengeKind::BankLogin => {
                let Some(Exhibit::Banks { document, .. }) = challenge.exhibit else {
                    panic!("a bank is to be chosen and none is shown: {challenge:?}")
                };
                return Reaction::Types(choice(&first(), &banks(document)).to_secret());
            }
            ChallengeKind::SmsCode => AnswerKind::Sms,
            ChallengeKind::QueryPassword => AnswerKind::QueryPassword,
            ChallengeKind::PictureCaptcha => AnswerKind::Picture,
            ChallengeKind::DynamicPassword => AnswerKind::DynamicPassword,
        };
        match sandbox.expected_answer_of(system, &self.phone) {
            Some(expected) if expected.kind == wanted && !expected.is_stale => {
                Reaction::Types(Secret::from(expected.answer))
            }
            // A code that was ordered comes by itself.
            Some(expected)
                if expected.kind == wanted
                    && collection.kind == CollectionKind::Telecom
                    && collection.state().name != "CAPTCHA_RESEND" =>
            {
                Reaction::OrdersAnother
            }
            // The provider has gone on meanwhile.
            Some(_) | None => Reaction::Waits,
        }
    }

    /// The first half: who it is, what is asked for, the card; for one product the operator data.
    pub(crate) fn base(&self) -> Brought {
        let essentials = Dossier {
            identity: Some(Identity {
                name: self.name.clone(),
                phone: self.phone.clone(),
                id_card: self.id_card.clone(),
            }),
            loan: Some(Loan { amount_fen: 150_000 }),
            identity_card: Some(IdentityCard {
                face_url: "https://img.example.com/live.jpg".to_owned(),
                front_url: "https://img.example.com/front.jpg".to_owned(),
                back_url: "https://img.example.com/back.jpg".to_owned(),
                address: String::new(),
            }),
            ..Dossier::default()
        };
        let mut parts = vec![essentials];
        if ![products::COLLECTED, products::EVERYTHING].contains(&self.product) {
            let raw = serde_json::value::RawValue::from_string(OPERATOR_DATA.to_owned()).unwrap();
            parts.push(Dossier { operator_data: Some(raw), ..Dossier::default() });
        }
        self.brought(DocumentKind::BasePush, parts, Some(self.id_card.clone()))
    }

    /// The second half.
    pub(crate) fn additional(&self) -> Brought {
        let contact = |name: &str, phone: &str, relation| Contact {
            name: name.to_owned(),
            phone: phone.to_owned(),
            relation,
            told_as: String::new(),
        };
        let part = Dossier {
            contacts: Some(vec![
                contact("张一", "18221501320", Relation::Parent),
                contact("李二", "13671618954", Relation::Friend),
            ]),
            work: Some(Work {
                company: "测试公司".to_owned(),
                region: "上海市上海市杨浦区".to_owned(),
                address: "政学路1号".to_owned(),
                phone: "021-12345678".to_owned(),
                ..Work::default()
            }),
            device: Some(Device {
                device_id: "7d50dcb97e654de6890ae8000bb4558a".to_owned(),
                last_login: Some(1_476_692_044),
                os: "iOS".to_owned(),
                os_version: "9.3".to_owned(),
                app_market: "appstore".to_owned(),
            }),
            address_book: Some(vec![BookEntry {
                name: "中国移动".to_owned(), phone: "10086".to_owned()
            }]),
            ..Dossier::default()
        };
        self.brought(DocumentKind::AdditionalPush, vec![part], None)
    }

    fn brought(&self, kind: DocumentKind, parts: Vec<Dossier>, id_card: Option<String>) -> Brought {
        let original = serde_json::to_vec(&parts).unwrap();
        Brought {
            source: Source { partner: "partner".to_owned(), order: self.order.clone() },
            product: self.product.to_owned(),
            supplier: Supplier::Partner,
            original: Some((kind, original.into())),
            parts,
            phone: Some(self.phone.clone()),
            id_card,
            service_password: None,
        }
    }
}

/// The login that the applicant has at a bank, as the list wants it.
fn choice(expected: &Expected, list: &Secret) -> BankLogin {
    let list = BankList::from_json(list.expose()).unwrap();
    let entry_id = expected.fields["entry_id"].clone();
    let mut logins = list.banks.iter().flat_map(|bank| &bank.logins);
    let entry = logins.find(|login| login.entry_id == entry_id).expect("the list has it");
    let typed = |name: &str| {
        let value = expected.fields.get(name).unwrap_or_else(|| &expected.fields["login_name"]);
        Typed { name: name.to_owned(), value: value.clone() }
    };
    let inputs = entry.inputs.iter().map(|input| typed(&input.name)).collect();
    list.check(BankLogin { entry_id, inputs }).unwrap()
}

/// The sandbox's name for what a collection collects from.
pub(crate) const fn system(kind: CollectionKind) -> System {
    match kind {
        CollectionKind::Telecom => System::Telecom,
        CollectionKind::Degree => System::Degree,
        CollectionKind::Ebank => System::Ebank,
        CollectionKind::EbankV2 => System::EbankV2,
    }
}

/// Says whether a wrong answer to such a question is asked for again: a login opens a session that fails.
pub(crate) const fn is_code(kind: ChallengeKind) -> bool {
    match kind {
        ChallengeKind::SmsCode
        | ChallengeKind::QueryPassword
        | ChallengeKind::PictureCaptcha
        | ChallengeKind::DynamicPassword => true,
        ChallengeKind::ServicePassword | ChallengeKind::DegreeAccount | ChallengeKind::BankLogin => false,
    }
}

const OPERATOR_DATA: &str = r#"{"created_time":"2018-09-26 16:08:06","task_data":{"account_info":{"real_info":"已登记"},
"base_info":{"user_name":"姚**","cert_num":"未知"},
"bill_info":[{"bill_cycle":"2018-09","bill_total":"5810"}],
"call_info":[{"call_cycle":"2018-09","call_record":[{"call_start_time":"2018-09-01 00:46:19",
"call_type_name":"被叫","call_time":"50","call_other_number":"18812312312"}]}],"sms_info":[]}}"#;
