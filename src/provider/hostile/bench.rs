//! A client with all that its calls need, and what is expected of it.

use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use super::server::{Manner, Server, TOKEN};
use super::{Needs, Row};
use crate::engine::archive::Archive;
use crate::engine::provider::{Ended, Failure, Order, Provider};
use crate::machine::application::Application;
use crate::machine::call::{Call, Cause, EffectId, Pending, Reply, Slot};
use crate::machine::challenge::MESSAGE_LIMIT;
use crate::machine::time::Time;
use crate::provider::client::{Account, Client, Settings};
use crate::provider::prepare::{Dialect, Encoding};
use crate::provider::transport::{self, transport};
use crate::provider::{calls, specimen};
use crate::store::memory::MemoryStore;
use crate::vault::Secret;

/// The password of our account; nobody may ever see it.
const PASSWORD: &str = "p4ssw0rd";

/// What must never be seen in an outcome or a log.
const SECRETS: [&str; 12] = [
    PASSWORD,
    TOKEN,
    "s3cret",
    "13800000000",
    "45215919990301502",
    "姚测试",
    "513301199123123123",
    "18301231234",
    "张一",
    "18221501320",
    "021-12345678",
    "7d50dcb97e654de6890ae8000bb4558a",
];

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// It means something.
    Told,
    /// It means something, or that nobody knows: by the system.
    ToldOrAmbiguous,
    Refused,
    NotSent,
    Ambiguous,
    Busy(Option<Duration>),
    Unintelligible,
    Denied,
}

/// A client of a hostile server.
pub(super) struct Bench {
    pub(super) server: Server,
    archive: Archive<MemoryStore>,
    application: Application,
    clients: Vec<(Encoding, Calls)>,
    log: Log,
    /// All that is logged comes here as long as the bench lives.
    _listening: DefaultGuard,
}

/// Makes calls.
type Calls = Box<dyn Fn(Order) -> BoxFuture<'static, Ended>>;

/// The moment that every call is made at: 2018-12-24 02:00:00 UTC.
const NOW: Time = Time::from_millis(1_545_616_800_000);

/// Tries every kind of wrong on every call.
pub(super) async fn check(rows: Vec<Row>) {
    for (name, manner, expected) in rows {
        let bench = Bench::new(manner).await;
        for call in specimen::calls() {
            let expected = expected[Needs::of(&call) as usize];
            bench.check(&call, name, expected).await;
        }
    }
}

impl Bench {
    /// Makes a client of a server that answers in this manner.
    pub(super) async fn new(manner: Manner) -> Self {
        Self::of(Server::start(manner).await)
    }

    /// Makes a client that waits a moment only.
    pub(super) async fn hurried(manner: Manner) -> Self {
        let server = Server::start(manner).await;
        let address = format!("http://{}", server.address);
        Self::at(server, &address, Duration::from_millis(300))
    }

    /// Makes a client of a server that grants no token.
    pub(super) async fn without_token(manner: Manner) -> Self {
        Self::of(Server::start_with(manner, false).await)
    }

    fn of(server: Server) -> Self {
        let address = format!("http://{}", server.address);
        Self::at(server, &address, Duration::from_secs(20))
    }

    /// Makes a client of whoever is at an address.
    pub(super) fn at(server: Server, address: &str, patience: Duration) -> Self {
        let (archive, application) = specimen::archived();
        // Only an answer that repeats the request differs by its encoding.
        let encodings: &[_] =
            if server.echoes { &[Encoding::Json, Encoding::Form] } else { &[Encoding::Json] };
        let of = |encoding: &Encoding| (*encoding, calls_of(address, patience, &archive, *encoding));
        let clients = encodings.iter().map(of).collect();
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(log.clone())
            .with_ansi(false)
            .finish();
        let _listening = tracing::subscriber::set_default(subscriber);
        Self { server, archive, application, clients, log, _listening }
    }

    /// Makes a call and checks what comes of it.
    pub(super) async fn check(&self, call: &Call, kind: &str, expected: Expected) {
        for (encoding, calls) in &self.clients {
            let ended = calls(self.order(call)).await;
            let place = format!("{}, {encoding:?}: {kind}", call.name());
            assert!(is(&ended, expected), "{place}: {ended:?}, not {expected:?}");
            let log = self.log.taken();
            assert!(log.contains("call ended"), "{place}: the log is not heard");
            harmless(&place, &ended);
            for secret in SECRETS {
                assert!(!log.contains(secret), "{place}: {secret} is logged:\n{log}");
            }
        }
    }

    fn order(&self, call: &Call) -> Order {
        let call = self.with_answer(call);
        let id = EffectId { version: 1, slot: Slot::Application };
        let pending = Pending { id, call, due: NOW, until: NOW + Duration::from_secs(900) };
        Order { application: Arc::new(self.application.clone()), pending }
    }

    /// The same call, with an answer that can be opened.
    fn with_answer(&self, call: &Call) -> Call {
        let Some(typed) = specimen::typed(call) else { return call.clone() };
        let sealed = self.archive.seal_answer(self.application.id, &typed).unwrap();
        let calls = calls::every(specimen::OPEN_ID, &sealed);
        calls.into_iter().find(|other| other.name() == call.name()).unwrap()
    }
}

fn calls_of(address: &str, patience: Duration, archive: &Archive<MemoryStore>, encoding: Encoding) -> Calls {
    let transport = transport(&transport::Settings {
        base_url: address.to_owned(),
        total_timeout: patience,
        ..transport::Settings::default()
    });
    let account = Account {
        username: "merchant1".to_owned(),
        password: Secret::from(PASSWORD.to_owned()),
        hours: NonZeroU16::new(24).unwrap(),
    };
    let (_, audit_cipher) = specimen::audit_key();
    let dialect = Dialect { encoding, ..Dialect::default() };
    let client = Client::new(
        transport.unwrap(),
        Arc::new(archive.clone()),
        Settings { account, dialect, audit_cipher },
        Arc::new(|| NOW),
        ChaCha20Rng::seed_from_u64(3),
    );
    let client = Arc::new(client.unwrap());
    Box::new(move |order| {
        let client = Arc::clone(&client);
        async move { client.call(order).await }.boxed()
    })
}

fn is(ended: &Ended, expected: Expected) -> bool {
    match ended {
        Ended::Told { reply: Reply::Refused { .. }, .. } => expected == Expected::Refused,
        Ended::Told { .. } => matches!(expected, Expected::Told | Expected::ToldOrAmbiguous),
        Ended::Failed(Failure::NotSent { .. }) => expected == Expected::NotSent,
        Ended::Failed(Failure::Ambiguous { .. }) => {
            matches!(expected, Expected::Ambiguous | Expected::ToldOrAmbiguous)
        }
        Ended::Failed(Failure::Busy { retry_after, .. }) => expected == Expected::Busy(*retry_after),
        Ended::Failed(Failure::Hopeless(Cause::Unintelligible { .. })) => {
            expected == Expected::Unintelligible
        }
        Ended::Failed(Failure::Hopeless(Cause::Denied { .. })) => expected == Expected::Denied,
        Ended::Failed(Failure::Hopeless(_) | Failure::Ours { .. }) => false,
    }
}

/// Every text that is kept is short, holds no secret and does nothing to a terminal.
fn harmless(place: &str, ended: &Ended) {
    let text = match ended {
        Ended::Told { reply, .. } => match reply {
            Reply::Refused { message } | Reply::AuditRejected { reason: message } => message,
            Reply::State(told) | Reply::Accepted { told: Some(told) } => &told.message,
            Reply::Failed { cause } => cause.detail(),
            Reply::BlacklistClear
            | Reply::BlacklistHit
            | Reply::AuditAccepted { .. }
            | Reply::AuditRunning
            | Reply::AuditApproved
            | Reply::Opened { .. }
            | Reply::Accepted { told: None }
            | Reply::NotReady
            | Reply::Stored { .. }
            | Reply::Lost => "",
        },
        Ended::Failed(failure) => match failure {
            Failure::NotSent { detail }
            | Failure::Ours { detail }
            | Failure::Ambiguous { detail }
            | Failure::Busy { detail, .. } => detail,
            Failure::Hopeless(cause) => cause.detail(),
        },
    };
    // A prefix of ours may stand before it.
    assert!(text.len() <= MESSAGE_LIMIT + 20, "{place}: {} bytes", text.len());
    let is_unfit = |letter: char| letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}');
    assert!(!text.contains(is_unfit), "{place}: {text:?}");
    for secret in SECRETS {
        assert!(!text.contains(secret), "{place}: {secret} is told: {text}");
    }
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn taken(&self) -> String {
        let taken = std::mem::take(&mut *self.0.lock().unwrap());
        String::from_utf8_lossy(&taken).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
