//! The provider of the journeys: a sandbox on a socket, whose faults are counted.

use docket::clock;
use docket::provider::wire::Opaque;
use docket::sandbox::people::Person;
use docket::sandbox::serve::serve;
use docket::sandbox::{
    Endpoint, Expected, Fault, Faults, MILLION, Mobile, Outcome, Pace, Planned, Sandbox, Settings, System,
};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Of a million calls: one of twenty.
const DISTURBED: u32 = MILLION / 20;

/// Answers of 21 MiB and of 1.1 GiB. They do not come by chance, for each costs as much as hundreds of
/// calls: one of each kind for each of [`HEAVILY_ANSWERED`].
const HEAVY: [Fault; 2] = [Fault::Huge, Fault::GzipBomb];

/// The calls that are answered so, each of another applicant, of a product that cannot do without the
/// call: a collection that a product only wishes for may have failed before it.
const HEAVILY_ANSWERED: [(Endpoint, &str); 10] = [
    (Endpoint::Blacklist, "everything"),
    (Endpoint::TelecomOpenId, "everything"),
    (Endpoint::TelecomState, "everything"),
    (Endpoint::TelecomCaptcha, "everything"),
    (Endpoint::TelecomRawData, "everything"),
    (Endpoint::DegreeLogin, "degree"),
    (Endpoint::EbankRawData, "ebank"),
    (Endpoint::EbankV2BankList, "ebank_v2"),
    (Endpoint::AuditApply, "everything"),
    (Endpoint::AuditResult, "everything"),
];

/// Longer than Docket waits for an answer.
const LATE: Duration = Duration::from_secs(7);

/// Between two looks at the calls: many fewer come meanwhile than the log keeps.
const COUNT_EVERY: Duration = Duration::from_millis(500);

/// The provider.
pub(super) struct Provider {
    pub(super) address: SocketAddr,
    pub(super) public_key: PathBuf,
    sandbox: Arc<Mutex<Sandbox>>,
    seen: Arc<Mutex<Seen>>,
    tasks: [JoinHandle<()>; 2],
}

/// What has come so far.
#[derive(Debug, Default, Clone)]
pub(super) struct Seen {
    pub(super) calls: u64,
    pub(super) faults: BTreeMap<&'static str, u64>,
}

impl Provider {
    pub(super) async fn open(folder: &Path) -> Arc<Self> {
        let sandbox = Sandbox::new(Settings {
            seed: 4,
            username: "merchant1".to_owned(),
            password: Opaque::from("sandbox"),
            pace: Pace::REAL,
        });
        let public_key = folder.join("audit-key.pem");
        std::fs::write(&public_key, sandbox.public_key_pem()).unwrap();
        let sandbox = Arc::new(Mutex::new(sandbox));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = serve(listener, Arc::clone(&sandbox), millis, std::future::pending());
        let serving = tokio::spawn(async move { serving.await.unwrap() });
        let seen = Arc::new(Mutex::new(Seen::default()));
        let counting = tokio::spawn(count(Arc::clone(&sandbox), Arc::clone(&seen)));
        Arc::new(Self { address, public_key, sandbox, seen, tasks: [serving, counting] })
    }

    /// Begins to disturb one call of twenty. The heavy answers are kept for some of these.
    pub(super) fn disturb(&self, people: &[Person]) {
        let kinds = Fault::ALL.into_iter().filter(|fault| !HEAVY.contains(fault));
        let each = DISTURBED / (Fault::ALL.len() - HEAVY.len()) as u32;
        let late_ms = u64::try_from(LATE.as_millis()).unwrap();
        let faults = Faults { seed: 4, per_million: kinds.map(|fault| (fault, each)).collect(), late_ms };
        let mut sandbox = self.sandbox();
        sandbox.set_faults(faults).unwrap();
        let calls = HEAVY.into_iter().flat_map(|fault| HEAVILY_ANSWERED.map(|call| (fault, call)));
        for (nth, (fault, (endpoint, product))) in calls.enumerate() {
            let mut able = people.iter().enumerate().filter(|(at, _)| super::product(*at) == product);
            let (_, person) = able.nth(nth).unwrap();
            let mobile = Some(Mobile::parse(&person.mobile).unwrap());
            sandbox.plan_fault(Planned { endpoint, fault, mobile, times: 1 }).unwrap();
        }
    }

    /// What an applicant should type now; none while nothing is asked for.
    pub(super) fn expected(&self, system: System, mobile: &str) -> Option<Expected> {
        let mut sandbox = self.sandbox();
        sandbox.settle(millis());
        sandbox.expected_answer_of(system, mobile)
    }

    /// What an applicant should type for a session to be opened.
    pub(super) fn opening(&self, system: System, mobile: &str) -> Expected {
        self.sandbox().first_answer_of(system, mobile).unwrap()
    }

    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn sandbox(&self) -> MutexGuard<'_, Sandbox> {
        self.sandbox.lock().unwrap()
    }

    /// Says what has come, and checks that it is what was ordered: each kind in its share.
    pub(super) async fn check_faults(&self) -> Seen {
        let calls = self.sandbox().ledger().call_count();
        while self.seen().calls < calls {
            sleep(COUNT_EVERY).await;
        }
        let seen = self.seen();
        let chance = Fault::ALL.len() - HEAVY.len();
        let share = seen.calls * u64::from(DISTURBED) / u64::from(MILLION) / chance as u64;
        for fault in Fault::ALL {
            let count = seen.faults.get(fault.name()).copied().unwrap_or_default();
            let least = if HEAVY.contains(&fault) { HEAVILY_ANSWERED.len() as u64 } else { share / 2 };
            assert!(count >= least && count > 0, "{} came {count} times: {seen:?}", fault.name());
        }
        seen
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Counts the faults of all calls, before the log forgets them.
async fn count(sandbox: Arc<Mutex<Sandbox>>, seen: Arc<Mutex<Seen>>) {
    loop {
        {
            let sandbox = sandbox.lock().unwrap();
            let mut seen = seen.lock().unwrap();
            let after = seen.calls;
            for call in sandbox.ledger().calls_after(after) {
                assert_eq!(call.number, seen.calls + 1, "calls were forgotten before they were counted");
                seen.calls = call.number;
                if let Outcome::Fault { fault } = call.outcome {
                    *seen.faults.entry(fault.name()).or_default() += 1;
                }
            }
        }
        sleep(COUNT_EVERY).await;
    }
}

fn millis() -> u64 {
    clock::now().as_millis()
}
