//! Random lives: whatever happens in whatever order, what must always hold holds.

use super::*;
use crate::machine::application::Wish;
use crate::machine::call::{Call, EffectId};
use crate::machine::challenge::Agreement;
use crate::machine::collection::Situation;
use crate::machine::graph;
use crate::machine::step::{Move, Moved};
use crate::machine::table::{Cell, Target};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A choice of what happens next, and a number that decides the details.
type Dice = (u8, u16);

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_what_must_hold_holds(dice in prop::collection::vec(any::<Dice>(), 300..600)) {
        let mut walk = Walk::begins(0);
        for (choice, number) in dice {
            if walk.application.state().is_terminal() && choice.is_multiple_of(4) {
                walk = Walk::begins(number);
            }
            let event = walk.event(choice, number);
            walk.lives(event);
            walk.clone().ends_by_itself();
        }
    }
}

#[derive(Clone)]
struct Walk {
    now: Time,
    policy: Policy,
    application: Application,
    /// Every effect that was ever asked for.
    asked: BTreeSet<EffectId>,
    /// What is called instead of what is stored.
    instead: BTreeMap<EffectId, Call>,
    destroyed: BTreeSet<u32>,
    /// The highest number of a question that was ever open.
    questions: u32,
    /// The last number given to an answer or a document.
    drawn: u32,
}

impl Walk {
    fn begins(number: u16) -> Self {
        // Two bits a kind: not wanted, optional, required (twice as often).
        let wish = |(at, kind): (usize, CollectionKind)| {
            let bits = usize::from(number) >> (2 * at) & 3;
            (bits > 0).then_some(Wish { kind, required: bits > 1 })
        };
        let wishes: Vec<_> = CollectionKind::ALL.into_iter().enumerate().filter_map(wish).collect();
        let is_given = number % 2 == 1 && wishes.iter().any(|wish| wish.kind == CollectionKind::Telecom);
        let story = Story::begins_of(wishes, is_given.then_some(1));
        Self {
            now: story.now,
            policy: story.policy,
            application: story.application,
            asked: BTreeSet::new(),
            instead: BTreeMap::new(),
            destroyed: BTreeSet::new(),
            questions: 0,
            drawn: 10,
        }
    }

    const fn draw(&mut self) -> u32 {
        self.drawn += 1;
        self.drawn
    }

    fn event(&mut self, choice: u8, number: u16) -> Event {
        let pick = usize::from(number);
        match choice % 28 {
            0..=9 => match self.waiting(pick) {
                Some(pending) => {
                    let call = self.instead.get(&pending.id).unwrap_or(&pending.call).clone();
                    let replies = self.fitting(&call);
                    let reply = replies[pick % replies.len()].clone();
                    Event::Replied { effect: pending.id, reply }
                }
                None => self.evidence(number),
            },
            10 => {
                let waits = self.waiting(pick).map(|pending| pending.id);
                let former = self.asked.iter().nth(pick % self.asked.len().max(1)).copied();
                let made_up =
                    EffectId { version: u64::from(number), slot: Slot::Collection(CollectionKind::Degree) };
                let effect = waits.filter(|_| number.is_multiple_of(2)).or(former).unwrap_or(made_up);
                let replies = self.replies();
                Event::Replied { effect, reply: replies[pick % replies.len()].clone() }
            }
            11..=13 => {
                let wake = self.application.deadline().map_or(self.now, |(at, _)| at);
                let passed = self.now + Duration::from_secs(u64::from(number) % 300);
                self.now = if number.is_multiple_of(3) { self.now.max(wake) } else { passed };
                Event::Due
            }
            14..=17 => {
                let open = self.application.open_challenges().last().map(|open| (open.number, open.kind));
                let (challenge, kind) =
                    open.unwrap_or_else(|| (u32::from(number) % 9, ChallengeKind::SmsCode));
                Event::AnswerSubmitted { challenge, kind, answer: samples::answer(self.draw()) }
            }
            18 => {
                let open = self.application.open_challenges().next().map(|open| open.number);
                Event::ResendRequested { challenge: open.unwrap_or_else(|| u32::from(number) % 9) }
            }
            19 | 20 => self.evidence(number),
            21 if number.is_multiple_of(4) => cancel(),
            22 => Event::RetryRequested { by: samples::by() },
            23 => Event::RestartRequested { collection: CollectionKind::ALL[pick % 4], by: samples::by() },
            24 => Event::HoldRequested { by: samples::by() },
            25 | 26 => Event::ReleaseRequested { by: samples::by() },
            _ => resume(),
        }
    }

    /// One of the calls that wait.
    fn waiting(&self, pick: usize) -> Option<Pending> {
        let waits = &self.application.outbox;
        waits.get(pick / 7 % waits.len().max(1)).cloned()
    }

    fn evidence(&mut self, number: u16) -> Event {
        let kind = EvidenceKind::ALL[usize::from(number) % EvidenceKind::ALL.len()];
        let mut added = brings(self.draw(), if number.is_multiple_of(2) { EvidenceKind::Loan } else { kind });
        added.credentials = (number.is_multiple_of(5)).then(|| samples::answer(self.draw()));
        Event::EvidenceAdded(added)
    }

    /// What the provider can say to a call.
    fn fitting(&mut self, call: &Call) -> Vec<Reply> {
        let mut replies = match call {
            Call::Blacklist => vec![Reply::BlacklistClear; 8],
            Call::AuditApply => vec![Reply::AuditAccepted { open_id: "audit".to_owned() }; 4],
            Call::AuditResult { .. } => vec![Reply::AuditRunning; 8],
            Call::TelecomOpen { .. } | Call::DegreeOpen | Call::EbankOpen { .. } => {
                vec![opened(), opened(), opened(), Reply::Lost]
            }
            Call::EbankV2Open => vec![opened_v2(), opened_v2(), Reply::Lost, opened()],
            Call::TelecomQueryPassword { .. }
            | Call::TelecomCaptcha { .. }
            | Call::TelecomResend { .. }
            | Call::DegreeLogin { .. } => vec![Reply::Accepted { told: None }, Reply::Lost],
            Call::EbankLicense { .. } | Call::EbankV2License { .. } => {
                vec![Reply::Accepted { told: None }; 4]
            }
            Call::EbankCaptcha { .. } | Call::EbankV2Captcha { .. } | Call::EbankV2Login { .. } => {
                let told = [1, 3, 5, 7, 6, 8, 99].map(|code| Reply::Accepted { told: Some(self.told(code)) });
                told.into_iter().chain([Reply::Accepted { told: None }, Reply::Lost]).collect()
            }
            Call::TelecomState { .. } => [0, 1, 11, 21, 21, 21, 22, 23, 23, 24, 31, 32, 33, 41, 42, 43, 77]
                .map(|code| Reply::State(self.told(code)))
                .into(),
            Call::DegreeState { .. } => {
                [0, 0, 11, 11, 21, 22, 77].map(|code| Reply::State(self.told(code))).into()
            }
            Call::EbankState { .. } | Call::EbankV2State { .. } => {
                [0, 1, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8, 9, 10, 11, 77]
                    .map(|code| Reply::State(self.told(code)))
                    .into()
            }
            Call::EbankBanks | Call::EbankV2Banks { .. } => {
                vec![stored(self.draw(), DocumentKind::BankList); 3]
            }
            Call::TelecomRawData { .. } => {
                vec![stored(self.draw(), DocumentKind::TelecomRawData), Reply::NotReady]
            }
            Call::TelecomReport { .. } => {
                vec![stored(self.draw(), DocumentKind::TelecomReport), Reply::NotReady]
            }
            Call::DegreeRawData { .. } => {
                vec![stored(self.draw(), DocumentKind::DegreeRawData), Reply::NotReady]
            }
            Call::EbankRawData { .. } => vec![stored(self.draw(), DocumentKind::EbankRawData)],
            Call::EbankV2RawData { .. } => vec![stored(self.draw(), DocumentKind::EbankV2RawData)],
        };
        replies.extend([refused(), failed()]);
        replies
    }

    /// All that the provider ever says.
    fn replies(&mut self) -> Vec<Reply> {
        vec![
            Reply::BlacklistClear,
            Reply::BlacklistHit,
            Reply::AuditAccepted { open_id: "audit".to_owned() },
            Reply::AuditRunning,
            Reply::AuditApproved,
            Reply::AuditRejected { reason: "no".to_owned() },
            opened(),
            opened_v2(),
            Reply::Accepted { told: None },
            Reply::State(self.told(41)),
            Reply::State(self.told(4)),
            Reply::State(self.told(-5)),
            Reply::NotReady,
            stored(self.draw(), DocumentKind::TelecomRawData),
            stored(self.draw(), DocumentKind::TelecomReport),
            stored(self.draw(), DocumentKind::Dossier),
            stored(self.draw(), DocumentKind::BankList),
            refused(),
            Reply::Lost,
            failed(),
        ]
    }

    /// A state as the provider tells it; a picture comes with what can be a 4.
    fn told(&mut self, code: i64) -> Told {
        let picture = (code == 4).then(|| samples::document(self.draw(), DocumentKind::Picture));
        let delay = (code % 2 == 1).then_some(Duration::from_secs(7));
        Told { delay, picture, ..Told::plain(code, "told".to_owned()) }
    }

    /// Lets an event happen and checks what must hold.
    fn lives(&mut self, event: Event) {
        let brought = match &event {
            Event::AnswerSubmitted { answer, .. } => Some(answer),
            Event::EvidenceAdded(added) => added.credentials.as_ref(),
            Event::CancelRequested { .. }
            | Event::ResumeRequested { .. }
            | Event::RetryRequested { .. }
            | Event::RestartRequested { .. }
            | Event::HoldRequested { .. }
            | Event::ReleaseRequested { .. }
            | Event::ClaimRequested { .. }
            | Event::ReturnRequested { .. }
            | Event::ApproveRequested { .. }
            | Event::RejectRequested { .. }
            | Event::ResendRequested { .. }
            | Event::Replied { .. }
            | Event::OutageCounted { .. }
            | Event::Due => None,
        };
        let brought = brought.map(|answer| answer.slot);
        match step(&self.application, event, self.now, &self.policy) {
            Ok(Verdict::Moved(moved)) => self.moved(*moved, brought),
            Ok(Verdict::Quiet(again)) => {
                assert!(self.application.outbox.iter().any(|pending| pending.id == again.id));
                self.instead.insert(again.id, again.call);
            }
            Ok(Verdict::Ignored) | Err(_) => {}
        }
    }

    fn moved(&mut self, moved: Moved, brought: Option<u32>) {
        let Moved { application: after, moves, effects } = moved;
        let before = &self.application;
        assert_eq!(after.version, before.version + 1);
        check_moves(before, &after, &moves);

        let mut waits: BTreeSet<_> = before.outbox.iter().map(|pending| pending.id).collect();
        let mut gone = BTreeSet::new();
        for effect in effects {
            match effect {
                Effect::Call(pending) => {
                    assert!(self.asked.insert(pending.id), "{:?} was asked for before", pending.id);
                    assert!(pending.due < pending.until);
                    waits.insert(pending.id);
                }
                Effect::Hurry(pending) => {
                    assert!(waits.contains(&pending.id), "{:?} did not wait", pending.id);
                    assert!(pending.due < pending.until);
                    self.instead.remove(&pending.id);
                }
                Effect::Withdraw(id) => assert!(waits.remove(&id), "{id:?} did not wait"),
                Effect::Destroy(answer) => {
                    assert!(self.destroyed.insert(answer.slot), "{answer:?} was destroyed before");
                    gone.insert(answer.slot);
                }
            }
        }
        let left: BTreeSet<_> = after.outbox.iter().map(|pending| pending.id).collect();
        assert!(left.is_subset(&waits), "a call waits that nobody asked for");
        assert!(waits.difference(&left).count() <= 1, "only the one that is answered goes unsaid");
        let slots: BTreeSet<_> = left.iter().map(|id| id.slot).collect();
        assert_eq!(slots.len(), after.outbox.len(), "one call a slot");

        let held = |of: &Application| of.answers().map(|answer| answer.slot).collect::<BTreeSet<_>>();
        let mut were = held(before);
        were.extend(brought);
        let are = held(&after);
        assert_eq!(gone, were.difference(&are).copied().collect(), "destroyed is what is let go, no more");
        assert!(are.is_subset(&were));

        // A question stands again when the provider sends no other code.
        let ordered = before.collections.iter().filter_map(|it| {
            let Situation::Resending { challenge, .. } = &it.situation else { return None };
            Some(challenge.number)
        });
        let were: Vec<_> = before.open_challenges().map(|open| open.number).chain(ordered).collect();
        let highest = self.questions;
        for open in after.open_challenges() {
            let is_new = open.number > highest && open.number <= after.challenges;
            assert!(is_new || were.contains(&open.number), "question {} was asked before", open.number);
            assert!(open.answers_left > 0);
            self.questions = self.questions.max(open.number);
        }
        assert_eq!(after.wake().is_none(), after.state().is_terminal(), "{after:?}");
        assert!(after.held.is_none() || !after.state().is_terminal(), "{after:?}");
        if after.state().is_terminal() {
            assert!(after.outbox.is_empty() && after.answers().next().is_none(), "{after:?}");
        }
        self.application = after;
    }

    /// If nobody does anything any more, it ends or is suspended within a fortnight.
    fn ends_by_itself(mut self) {
        let start = self.now;
        if self.application.held.is_some() {
            self.lives(Event::ReleaseRequested { by: samples::by() });
        }
        for _ in 0..200 {
            if self.application.state().is_terminal()
                || self.application.state() == graph::application::State::Suspended
            {
                assert!(self.now.since(start) <= 14 * DAY, "{:?}", self.application);
                return;
            }
            let deadline = self.application.deadline().map(|(at, _)| (at, None));
            let budgets = self.application.outbox.iter().map(|pending| (pending.until, Some(pending.id)));
            let next = deadline.into_iter().chain(budgets).min();
            let (at, call) = next.expect("something is waited for");
            self.now = self.now.max(at);
            self.lives(call.map_or(Event::Due, |effect| Event::Replied { effect, reply: failed() }));
        }
        panic!("it goes on for ever: {:?}", self.application);
    }
}

/// Every move is drawn, and each begins where the one before it ended.
fn check_moves(before: &Application, after: &Application, moves: &[Move]) {
    let stands = |of: &Application| {
        let all = of.collections.iter().map(|it| (Slot::Collection(it.kind), it.state().number));
        let step = of.certification().map(|step| (Slot::Certification, step.number()));
        all.chain(step).chain([(Slot::Application, of.state().number())]).collect::<BTreeMap<_, _>>()
    };
    let mut stood = stands(before);
    for of in moves {
        assert_eq!(stood.insert(of.slot, of.to).unwrap_or_default(), of.from, "{of:?}");
        let is_drawn = match of.slot {
            Slot::Application => application_draws(of),
            Slot::Collection(_) | Slot::Certification if of.edge == 0 && of.from == 0 => true,
            Slot::Collection(CollectionKind::Telecom) => telecom_draws(of),
            Slot::Collection(CollectionKind::Degree) => degree_draws(of),
            Slot::Collection(CollectionKind::Ebank) => ebank_draws(of),
            Slot::Collection(CollectionKind::EbankV2) => ebank_v2_draws(of),
            Slot::Certification => certification_draws(of),
        };
        assert!(is_drawn, "{of:?} is not drawn");
    }
    assert_eq!(stood, stands(after));
}

fn opened_v2() -> Reply {
    Reply::Opened { open_id: samples::OPEN_ID.to_owned(), agreement: Some(Agreement::Kaniu) }
}

macro_rules! draws {
    ($name:ident, $machine:ident) => {
        fn $name(of: &Move) -> bool {
            use graph::$machine::{Edge, EventKind, State, cell};
            let state = |number| State::from_number(number).expect("a state has this number");
            let (edge, from, to) =
                (Edge::from_number(of.edge).expect("an edge has this number"), state(of.from), state(of.to));
            EventKind::ALL.iter().any(|kind| {
                let Cell::Rows(rows) = cell(from, *kind) else { return false };
                rows.iter().any(|row| {
                    row.edge == edge
                        && match row.target {
                            Target::State(drawn) => drawn == to,
                            Target::Set(set) => set.members().contains(&to),
                            Target::Same => from == to,
                        }
                })
            })
        }
    };
}

draws!(application_draws, application);
draws!(telecom_draws, telecom);
draws!(degree_draws, degree);
draws!(ebank_draws, ebank);
draws!(ebank_v2_draws, ebank_v2);
draws!(certification_draws, certification);
