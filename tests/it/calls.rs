//! Every call of the provider, made by the client over real sockets to the sandbox, in both encodings:
//! all are processed, and none breaks a rule.

use bytes::Bytes;
use docket::engine::answer::{BankLogin, DegreeAccount, Typed};
use docket::engine::archive::Archive;
use docket::engine::bank::BankList;
use docket::engine::dossier::Dossier;
use docket::engine::provider::{Ended, Order, Provider};
use docket::machine::application::{Application, Decider, Phase, Plan, Source};
use docket::machine::call::{Call, EffectId, Pending, Reply, Slot, Told};
use docket::machine::challenge::SealedAnswer;
use docket::machine::evidence::{Document, DocumentKind, Evidence, EvidenceKind, Supplier};
use docket::machine::id::ApplicationId;
use docket::machine::time::Time;
use docket::provider::audit::AuditCipher;
use docket::provider::client::{Account, Client, Settings};
use docket::provider::prepare::{Dialect, Encoding};
use docket::provider::transport::{self, TransportError, transport};
use docket::provider::wire::Opaque;
use docket::sandbox::serve::serve;
use docket::sandbox::{Endpoint, Expected, Pace, Sandbox, System};
use docket::store::codec::Encoded;
use docket::store::memory::MemoryStore;
use docket::store::{self, Item, Store};
use docket::vault::{MasterKey, Random, Secret, Vault};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

const START: u64 = 1_545_616_800_000;

/// Polls after which a session is given up.
const POLLS: usize = 100;

#[tokio::test]
async fn every_call_is_made_as_the_provider_wants_it() {
    for encoding in [Encoding::Json, Encoding::Form] {
        let provider = Provided::open().await;
        // Mobiles of the table of scripts: query password, degree, a picture, both second versions.
        telecom(&provider.applicant(encoding, "19904000001")).await;
        degree(&provider.applicant(encoding, "19940000001")).await;
        ebank(&provider.applicant(encoding, "19952000001")).await;
        ebank_v2(&provider.applicant(encoding, "19970000001")).await;
        audit(&provider.applicant(encoding, "19901000001")).await;

        let sandbox = provider.sandbox.lock().unwrap();
        let breaches: Vec<_> = sandbox.ledger().breaches().collect();
        assert!(breaches.is_empty(), "{encoding:?}: {breaches:#?}");
        for endpoint in Endpoint::ALL {
            // Not printed and not called (spec 005 A-002-8).
            if endpoint != Endpoint::TelecomServicePassword {
                let processed = sandbox.ledger().counts(endpoint).processed;
                assert!(processed > 0, "{encoding:?}: {} was never processed", endpoint.name());
            }
        }
    }
}

async fn telecom<P: Provider>(it: &Applicant<P>) {
    let password = it.seal(&Secret::from(it.expected(System::Telecom).answer));
    let open_id = it.opened(Call::TelecomOpen { password }).await;
    let state = || Call::TelecomState { open_id: open_id.clone() };
    it.reach(state, 21).await;
    it.accepted(Call::TelecomResend { open_id: open_id.clone() }).await;
    it.reach(state, 24).await;
    let answer = it.seal(&Secret::from(it.expected(System::Telecom).answer));
    it.accepted(Call::TelecomCaptcha { open_id: open_id.clone(), answer }).await;
    it.reach(state, 31).await;
    let answer = it.seal(&Secret::from(it.expected(System::Telecom).answer));
    it.accepted(Call::TelecomQueryPassword { open_id: open_id.clone(), answer }).await;
    it.reach(state, 43).await;
    it.stored(Call::TelecomRawData { open_id: open_id.clone() }, DocumentKind::TelecomRawData).await;
    it.stored(Call::TelecomReport { open_id: open_id.clone() }, DocumentKind::TelecomReport).await;
}

async fn degree<P: Provider>(it: &Applicant<P>) {
    let open_id = it.opened(Call::DegreeOpen).await;
    let fields = it.expected(System::Degree).fields;
    let account = DegreeAccount { account: fields["account"].clone(), password: fields["password"].clone() };
    let account = it.seal(&account.to_secret());
    it.accepted(Call::DegreeLogin { open_id: open_id.clone(), account }).await;
    it.reach(|| Call::DegreeState { open_id: open_id.clone() }, 21).await;
    it.stored(Call::DegreeRawData { open_id: open_id.clone() }, DocumentKind::DegreeRawData).await;
}

async fn ebank<P: Provider>(it: &Applicant<P>) {
    let list = it.stored(Call::EbankBanks, DocumentKind::BankList).await;
    let login = it.login(System::Ebank, &list);
    it.accepted(Call::EbankLicense { login: login.clone() }).await;
    let open_id = it.opened(Call::EbankOpen { login }).await;
    let state = || Call::EbankState { open_id: open_id.clone() };
    let told = it.reach(state, 4).await;
    assert!(told.picture.is_some(), "a picture comes with the state that asks for it");
    let answer = it.seal(&Secret::from(it.expected(System::Ebank).answer));
    it.accepted(Call::EbankCaptcha { open_id: open_id.clone(), answer }).await;
    it.reach(state, 10).await;
    it.stored(Call::EbankRawData { open_id: open_id.clone() }, DocumentKind::EbankRawData).await;
}

async fn ebank_v2<P: Provider>(it: &Applicant<P>) {
    let open_id = it.opened(Call::EbankV2Open).await;
    let list = it.stored(Call::EbankV2Banks { open_id: open_id.clone() }, DocumentKind::BankList).await;
    let login = it.login(System::EbankV2, &list);
    it.accepted(Call::EbankV2License { open_id: open_id.clone(), login: login.clone() }).await;
    it.accepted(Call::EbankV2Login { open_id: open_id.clone(), login }).await;
    let state = || Call::EbankV2State { open_id: open_id.clone() };
    it.reach(state, 6).await;
    let answer = it.seal(&Secret::from(it.expected(System::EbankV2).answer));
    it.accepted(Call::EbankV2Captcha { open_id: open_id.clone(), answer }).await;
    it.reach(state, 10).await;
    it.stored(Call::EbankV2RawData { open_id: open_id.clone() }, DocumentKind::EbankV2RawData).await;
}

async fn audit<P: Provider>(it: &Applicant<P>) {
    assert_eq!(it.call(Call::Blacklist).await, Reply::BlacklistClear);
    let reply = it.call(Call::AuditApply).await;
    let Reply::AuditAccepted { open_id } = reply else { panic!("{reply:?}") };
    for _ in 0..POLLS {
        match it.call(Call::AuditResult { open_id: open_id.clone() }).await {
            Reply::AuditRunning => it.wait(Duration::from_secs(5)),
            Reply::AuditApproved => return,
            other => panic!("{other:?}"),
        }
    }
    panic!("the audit never ends");
}

/// A sandbox that serves, and the time that it sees.
struct Provided {
    sandbox: Arc<Mutex<Sandbox>>,
    clock: Arc<AtomicU64>,
    address: String,
}

impl Provided {
    async fn open() -> Self {
        let sandbox = Arc::new(Mutex::new(Sandbox::new(docket::sandbox::Settings {
            seed: 7,
            username: "merchant1".to_owned(),
            password: Opaque::from("secret"),
            pace: Pace::REAL,
        })));
        let clock = Arc::new(AtomicU64::new(START));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shown = Arc::clone(&clock);
        let now = move || shown.load(Ordering::SeqCst);
        tokio::spawn(serve(listener, Arc::clone(&sandbox), now, std::future::pending()));
        Self { sandbox, clock, address }
    }

    fn applicant(&self, encoding: Encoding, mobile: &str) -> Applicant<impl Provider + use<>> {
        let store = Arc::new(MemoryStore::new());
        let vault = Vault::volatile(MasterKey::from_text(&"5a".repeat(32)).unwrap(), Random::seeded(1));
        let archive = Archive::new(Arc::clone(&store), vault, Random::seeded(2));
        let client = client(
            transport(&transport::Settings {
                base_url: self.address.clone(),
                ..transport::Settings::default()
            })
            .unwrap(),
            &archive,
            Dialect { encoding, ..Dialect::default() },
            self.sandbox.lock().unwrap().public_key_pem(),
            Arc::clone(&self.clock),
        );
        let mut application = application();
        application.key = archive.create_key(application.id).unwrap();
        let applicant = Applicant {
            mobile: mobile.to_owned(),
            client,
            store,
            archive,
            sandbox: Arc::clone(&self.sandbox),
            clock: Arc::clone(&self.clock),
            application: Mutex::new(application),
        };
        let dossier = DOSSIER.replace("{mobile}", mobile);
        let dossier: Dossier = serde_json::from_str(&dossier).unwrap();
        applicant.evidence(&dossier);
        applicant
    }
}

/// An applicant whose calls are made by hand.
struct Applicant<P> {
    mobile: String,
    client: P,
    store: Arc<MemoryStore>,
    archive: Archive<MemoryStore>,
    sandbox: Arc<Mutex<Sandbox>>,
    clock: Arc<AtomicU64>,
    application: Mutex<Application>,
}

impl<P: Provider> Applicant<P> {
    fn now(&self) -> Time {
        Time::from_millis(self.clock.load(Ordering::SeqCst))
    }

    fn wait(&self, span: Duration) {
        let millis = u64::try_from(span.as_millis()).unwrap();
        self.clock.fetch_add(millis, Ordering::SeqCst);
    }

    /// Makes a call and keeps what it brings.
    async fn call(&self, call: Call) -> Reply {
        let id = EffectId { version: 1, slot: Slot::Application };
        let (due, until) = (self.now(), self.now() + Duration::from_secs(900));
        let application = Arc::new(self.application.lock().unwrap().clone());
        let name = call.name();
        let order = Order { application, pending: Pending { id, call, due, until } };
        match self.client.call(order).await {
            Ended::Failed(failure) => panic!("{name}: {failure:?}"),
            Ended::Told { reply, document } => {
                if let (Some(named), Some(body)) = (reply.document(), document) {
                    self.keep(*named, body);
                }
                reply
            }
        }
    }

    async fn opened(&self, call: Call) -> String {
        match self.call(call).await {
            Reply::Opened { open_id, .. } => open_id,
            other => panic!("{other:?}"),
        }
    }

    async fn accepted(&self, call: Call) {
        match self.call(call).await {
            Reply::Accepted { told } => self.wait(told.and_then(|told| told.delay).unwrap_or_default()),
            other => panic!("{other:?}"),
        }
    }

    /// Polls until the session is there; waits as it is told, else three seconds.
    async fn reach(&self, state: impl Fn() -> Call, code: i64) -> Told {
        let mut seen = Vec::new();
        for _ in 0..POLLS {
            let Reply::State(told) = self.call(state()).await else { panic!("a state is told") };
            self.wait(told.delay.unwrap_or(Duration::from_secs(3)));
            if told.code == code {
                return told;
            }
            seen.push(told.code);
        }
        panic!("{}: {code} never came, but {seen:?}", self.mobile);
    }

    /// Fetches a document; gives its content.
    async fn stored(&self, call: Call, kind: DocumentKind) -> Secret {
        match self.call(call).await {
            Reply::Stored { document } => {
                assert_eq!(document.kind, kind);
                self.archive.document(&self.application.lock().unwrap(), document.number).unwrap()
            }
            other => panic!("{other:?}"),
        }
    }

    fn expected(&self, system: System) -> Expected {
        let mut sandbox = self.sandbox.lock().unwrap();
        sandbox.settle(self.now().as_millis());
        sandbox.expected_answer_of(system, &self.mobile).expect("the applicant is asked")
    }

    fn seal(&self, answer: &Secret) -> SealedAnswer {
        self.archive.seal_answer(self.application.lock().unwrap().id, answer).unwrap()
    }

    /// Chooses a bank's login as the sandbox wants it, checked against the list.
    fn login(&self, system: System, list: &Secret) -> SealedAnswer {
        let list = BankList::from_json(list.expose()).unwrap();
        let fields = self.expected(system).fields;
        let entry_id = fields["entry_id"].clone();
        let mut logins = list.banks.iter().flat_map(|bank| &bank.logins);
        let entry = logins.find(|login| login.entry_id == entry_id).expect("the list has it");
        let typed = |name: &str| {
            let value = fields.get(name).unwrap_or_else(|| &fields["login_name"]);
            Typed { name: name.to_owned(), value: value.clone() }
        };
        let inputs = entry.inputs.iter().map(|input| typed(&input.name)).collect();
        let login = list.check(BankLogin { entry_id, inputs }).unwrap();
        self.seal(&login.to_secret())
    }

    fn evidence(&self, dossier: &Dossier) {
        let (id, key) = {
            let application = self.application.lock().unwrap();
            (application.id, application.key)
        };
        let sealed = self.archive.seal(id, key, DocumentKind::Dossier, self.now(), &dossier.to_json());
        let (document, body) = sealed.unwrap();
        let at = self.now();
        let held = dossier.kinds().into_iter().map(|kind| Evidence {
            kind,
            document: document.number,
            at,
            supplier: Supplier::Partner,
        });
        self.application.lock().unwrap().evidence.extend(held);
        self.keep(document, body);
    }

    fn keep(&self, document: Document, body: store::Document) {
        let mut application = self.application.lock().unwrap();
        let record = || Encoded { version: 1, body: Vec::new() };
        let item = Item {
            application: application.id,
            expected: u64::try_from(application.documents.len()).unwrap(),
            snapshot: record(),
            entry: record(),
            change: record(),
            wake: None,
            documents: vec![(document.number, body)],
            unindex: Vec::new(),
            index: Vec::new(),
            request: None,
        };
        self.store.commit(&[item]).unwrap();
        application.documents.push(document);
    }
}

fn client<T>(
    transport: T,
    archive: &Archive<MemoryStore>,
    dialect: Dialect,
    public_key: String,
    clock: Arc<AtomicU64>,
) -> impl Provider + use<T>
where
    T: tower::Service<http::Request<Bytes>, Response = http::Response<Bytes>, Error = TransportError>,
    T: Clone + Send + Sync + 'static,
    T::Future: Send,
{
    let account = Account {
        username: "merchant1".to_owned(),
        password: Secret::from("secret".to_owned()),
        hours: NonZeroU16::new(24).unwrap(),
    };
    let settings = Settings { account, dialect, audit_cipher: AuditCipher::Pkcs1 { public_key } };
    let now = move || Time::from_millis(clock.load(Ordering::SeqCst));
    let randomness = ChaCha20Rng::seed_from_u64(3);
    Client::new(transport, Arc::new(archive.clone()), settings, Arc::new(now), randomness).unwrap()
}

fn application() -> Application {
    let created = Time::from_millis(START);
    Application {
        id: ApplicationId::from_bytes([7; 16]),
        version: 1,
        created,
        since: created,
        source: Source { partner: "partner".to_owned(), order: "order-1".to_owned() },
        plan: Plan {
            product: "product".to_owned(),
            version: 1,
            evidence: vec![EvidenceKind::Identity],
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
