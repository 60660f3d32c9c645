//! The core against its drawings, in stories, and at random.

mod certification;
mod held;
mod limits;
mod lost;
mod others;
mod review;
mod story;
mod table;
mod told;
mod walk;

use super::{Birth, Effect, Refusal, Verdict, create, step};
use crate::machine::application::{Application, Wish};
use crate::machine::call::{Pending, Reply, Slot, Told};
use crate::machine::challenge::ChallengeKind;
use crate::machine::collection::CollectionKind;
use crate::machine::event::{Event, EvidenceAdded};
use crate::machine::evidence::{DocumentKind, EvidenceKind};
use crate::machine::policy::Policy;
use crate::machine::samples::{self, Wanted};
use crate::machine::time::Time;
use std::time::Duration;

/// One application's life: each sentence is an event, where it led, and what it caused.
struct Story {
    now: Time,
    policy: Policy,
    application: Application,
    /// The last poll that was made again without being stored.
    again: Option<Pending>,
}

impl Story {
    /// Begins with all evidence but the loan.
    fn begins(wanted: Wanted) -> Self {
        Self::begins_with(wanted, None)
    }

    fn begins_with(wanted: Wanted, password: Option<u32>) -> Self {
        Self::begins_of(wanted.wishes(), password)
    }

    fn begins_of(wishes: Vec<Wish>, password: Option<u32>) -> Self {
        let birth = Birth {
            id: samples::ID,
            source: samples::application(samples::init(), Wanted::No).source,
            plan: samples::plan_of(wishes),
            order_id: 1,
            key: 1,
        };
        let policy = Policy::default();
        let mut added = brings(1, EvidenceKind::Identity);
        added.credentials = password.map(samples::answer);
        let moved = create(birth, added, samples::NOW, &policy).unwrap();
        let story = Self { now: samples::NOW, policy, application: moved.application.clone(), again: None };
        assert_eq!(story.told(&moved.effects), Vec::<String>::new());
        assert_eq!(story.stands(), "INIT");
        story
    }

    /// Lets something happen, and compares where it led and what it caused.
    #[track_caller]
    fn then(&mut self, event: Event, stands: &str, effects: &[&str]) {
        let verdict = step(&self.application, event, self.now, &self.policy).unwrap();
        let told = match verdict {
            Verdict::Moved(moved) => {
                assert_eq!(moved.application.version, self.application.version + 1);
                let told = self.told(&moved.effects);
                self.application = moved.application;
                self.again = None;
                told
            }
            Verdict::Quiet(again) => {
                let held = self.application.outbox.iter().any(|pending| pending.id == again.id);
                assert!(held, "a quiet poll repeats a call that waits");
                let told = vec![format!("quietly {}{}", again.call.name(), self.wait(again.due))];
                self.again = Some(again);
                told
            }
            Verdict::Ignored => vec!["nothing".to_owned()],
        };
        assert_eq!((self.stands().as_str(), told.as_slice()), (stands, strings(effects).as_slice()));
        let ended = self.application.state().is_terminal();
        assert_eq!(self.application.wake().is_none(), ended, "it is looked at again until it is ended");
    }

    /// The call that waits is answered.
    #[track_caller]
    fn reply(&mut self, reply: Reply, stands: &str, effects: &[&str]) {
        let [pending] = self.application.outbox.as_slice() else { panic!("{:?}", self.application.outbox) };
        let effect = pending.id;
        self.then(Event::Replied { effect, reply }, stands, effects);
    }

    /// The provider tells a state.
    #[track_caller]
    fn code(&mut self, code: i64, stands: &str, effects: &[&str]) {
        self.reply(Reply::State(Told::plain(code, format!("told {code}"))), stands, effects);
    }

    /// Time jumps to the next deadline.
    #[track_caller]
    fn due(&mut self, stands: &str, effects: &[&str]) {
        let (at, _) = self.application.deadline().expect("something is waited for");
        self.now = self.now.max(at);
        self.then(Event::Due, stands, effects);
    }

    #[track_caller]
    fn refuses(&self, event: Event) -> Refusal {
        step(&self.application, event, self.now, &self.policy).unwrap_err()
    }

    /// The applicant answers the open question.
    fn answers(&self, slot: u32) -> Event {
        let open = self.application.open_challenges().next().expect("something is asked");
        Event::AnswerSubmitted { challenge: open.number, kind: open.kind, answer: samples::answer(slot) }
    }

    /// The applicant wants another code.
    fn resend(&self) -> Event {
        let open = self.application.open_challenges().next().expect("something is asked");
        Event::ResendRequested { challenge: open.number }
    }

    fn passes(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
    }

    fn stands(&self) -> String {
        let own = self.application.state().name();
        let collections = self.application.collections.iter().map(|collection| collection.state().name);
        [own].into_iter().chain(collections).collect::<Vec<_>>().join(" ")
    }

    fn told(&self, effects: &[Effect]) -> Vec<String> {
        let told = effects.iter().map(|effect| match effect {
            Effect::Call(pending) => format!("{}{}", pending.call.name(), self.wait(pending.due)),
            Effect::Hurry(pending) => format!("hurry {}{}", pending.call.name(), self.wait(pending.due)),
            Effect::Withdraw(id) => {
                format!("withdraw {}", id.slot.name())
            }
            Effect::Destroy(answer) => format!("destroy {}", answer.slot),
        });
        told.collect()
    }

    fn wait(&self, due: Time) -> String {
        match due.since(self.now).as_secs() {
            0 => String::new(),
            seconds => format!(" in {seconds} s"),
        }
    }

    /// The open question: its number, its kind, answers left, what the provider said.
    fn asked(&self) -> (u32, ChallengeKind, u8, &str) {
        let open = self.application.open_challenges().next().expect("something is asked");
        (open.number, open.kind, open.answers_left, &open.message)
    }
}

fn strings(of: &[&str]) -> Vec<String> {
    of.iter().map(|text| (*text).to_owned()).collect()
}

fn brings(number: u32, kind: EvidenceKind) -> EvidenceAdded {
    EvidenceAdded {
        documents: vec![samples::document(number, DocumentKind::Dossier)],
        evidence: vec![samples::evidence(kind, number)],
        phone: Some([1; 16]),
        identity: None,
        credentials: None,
    }
}

fn cancel() -> Event {
    Event::CancelRequested { reason: "changed my mind".to_owned() }
}

fn stored(number: u32, kind: DocumentKind) -> Reply {
    Reply::Stored { document: samples::document(number, kind) }
}

fn opened() -> Reply {
    Reply::Opened { open_id: samples::OPEN_ID.to_owned(), agreement: None }
}

fn refused() -> Reply {
    Reply::Refused { message: "no".to_owned() }
}

fn failed() -> Reply {
    Reply::Failed { cause: samples::unavailable() }
}

/// A product with telecom, up to a session that the provider works on.
fn working() -> Story {
    working_for(Wanted::Required)
}

fn working_for(wanted: Wanted) -> Story {
    let mut story = Story::begins_with(wanted, Some(1));
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    story.reply(Reply::BlacklistClear, "COLLECTING OPENING", &["telecom_open"]);
    story.reply(opened(), "COLLECTING INIT", &["destroy 1", "telecom_state in 3 s"]);
    story
}

/// The same, up to the question for the SMS code, which is the second of the application.
fn asked_for_code() -> Story {
    let mut story = working();
    story.passes(3);
    story.code(21, "CAPTCHA_REQUIRED CAPTCHA_REQUIRED", &["telecom_state in 30 s"]);
    story
}

fn resume() -> Event {
    Event::ResumeRequested { by: samples::by() }
}
