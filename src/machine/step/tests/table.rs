//! Every state and every event of every machine, against the generated table.

use super::super::{Draft, Refusal, Verdict, application, collection, of_collection, own};
use crate::machine::application::Application;
use crate::machine::call::{Call, Slot, Told};
use crate::machine::challenge::Agreement;
use crate::machine::collection::{
    Blame, Collection, CollectionKind, Situation, Standing, StateNumber, Timer,
};
use crate::machine::event::EvidenceAdded;
use crate::machine::evidence::{DocumentKind, EvidenceKind};
use crate::machine::graph;
use crate::machine::policy::Policy;
use crate::machine::samples;
use crate::machine::table::{self, Cell, Outcome, Target};
use std::collections::BTreeSet;
use std::time::Duration;

/// Checks a verdict against a cell; `expected` is the row that the guards choose.
macro_rules! check {
    ($machine:ident, $slot:expr, $case:expr, $before:expr, $state:expr, $kind:expr, $says:expr, $verdict:expr, $taken:expr) => {{
        let (case, before, state, verdict) = ($case, $before, $state, $verdict);
        match graph::$machine::cell(state, $kind) {
            Cell::Otherwise(Outcome::Ignore) => assert_eq!(verdict, Ok(Verdict::Ignored), "{case}"),
            Cell::Otherwise(Outcome::Late) => {
                let Ok(Verdict::Moved(moved)) = verdict else { panic!("{case}: {verdict:?}") };
                assert_eq!(moved.moves, [], "{case}");
                assert_eq!(moved.effects, [], "{case}");
                let former = Application { version: moved.application.version, ..before.clone() };
                assert_eq!(moved.application, former, "{case}");
            }
            Cell::Otherwise(Outcome::Reject) => {
                let refusal = Refusal::NotAllowed {
                    machine: stringify!($machine),
                    state: state.name(),
                    event: $kind.name(),
                };
                assert_eq!(verdict, Err(refusal), "{case}");
            }
            Cell::Rows(rows) => {
                let row = rows.iter().find(|row| row.guard.is_none_or($says)).expect("an unguarded row");
                $taken.insert(row.edge);
                match verdict {
                    Ok(Verdict::Moved(moved)) => {
                        let first = moved.moves[0];
                        assert_eq!(
                            (first.slot, first.edge, first.from),
                            ($slot, row.edge.number(), state.number()),
                            "{case}: {:?} was expected",
                            row.edge
                        );
                        let drawn: Vec<u16> = match row.target {
                            Target::State(to) => vec![to.number()],
                            Target::Set(set) => set.members().iter().map(|to| to.number()).collect(),
                            Target::Same => vec![state.number()],
                        };
                        assert!(drawn.contains(&first.to), "{case}: {} is not drawn", first.to);
                        let after = &moved.application;
                        assert_eq!(after.version, before.version + 1, "{case}");
                        assert_eq!(after.wake().is_none(), after.state().is_terminal(), "{case}");
                        let last = moved.moves.iter().rfind(|of| of.slot == Slot::Application);
                        if let Some(last) = last {
                            assert_eq!(last.to, after.state().number(), "{case}");
                        }
                    }
                    Ok(Verdict::Quiet(again)) => {
                        assert!(may_be_quiet(row.edge.name()), "{case}: {:?} is quiet", row.edge);
                        assert_eq!(again.id.slot, $slot, "{case}");
                    }
                    other => panic!("{case}: {:?} was expected, not {other:?}", row.edge),
                }
            }
        }
    }};
}

/// The edges that may come to nothing but another poll.
fn may_be_quiet(edge: &str) -> bool {
    let quiet =
        ["audit_running", "raw_data_not_ready", "state_reported", "state_reported_late", "unknown_reported"];
    quiet.contains(&edge)
}

#[test]
fn the_application_machine_does_what_is_drawn() {
    use graph::application::{DEFINITION, Edge, EventKind, State};
    let policy = Policy::default();
    let (mut pairs, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for state in State::ALL {
        let reviewed = samples::reviewed().into_iter().filter(|it| it.state() == *state);
        for before in samples::in_state(*state).into_iter().chain(reviewed) {
            assert_eq!(before.state(), *state);
            for kind in EventKind::ALL {
                for event in application_events(*kind) {
                    assert_eq!(event.kind(), *kind);
                    pairs.insert((*state, *kind));
                    let case = format!("{before:?} <- {event:?}");
                    let mut draft = Draft::new(&before, samples::NOW, &policy);
                    let verdict = own(&before, event.clone(), &mut draft);
                    let says = |guard| application_says(guard, &before, &event);
                    check!(
                        application,
                        Slot::Application,
                        &case,
                        &before,
                        *state,
                        *kind,
                        says,
                        verdict,
                        taken
                    );
                }
            }
        }
    }
    assert_eq!(pairs.len(), DEFINITION.states.len() * DEFINITION.events.len());
    assert_eq!(taken, Edge::ALL.iter().copied().collect(), "edges never taken or never drawn");
}

/// The test of a collection's machine: every state x every event, every edge.
macro_rules! collection_does_what_is_drawn {
    ($test:ident, $machine:ident, $of:expr) => {
        #[test]
        fn $test() {
            use graph::$machine::{DEFINITION, Edge, EventKind, State};
            let policy = Policy::default();
            let (mut pairs, mut taken) = (BTreeSet::new(), BTreeSet::new());
            for state in State::ALL {
                for collection in samples::in_collection_state($of, StateNumber(state.number())) {
                    assert_eq!(collection.state().number, state.number());
                    let before = samples::with_collection(collection.clone());
                    for kind in EventKind::ALL {
                        for event in collection_events($of, kind.name()) {
                            assert_eq!(event.number(), kind.number());
                            pairs.insert((*state, *kind));
                            let case = format!("{collection:?} <- {event:?}");
                            let mut draft = Draft::new(&before, samples::NOW, &policy);
                            let verdict = of_collection(&before, $of, event.clone(), &mut draft);
                            let says = |guard: graph::$machine::Guard| {
                                collection_says(guard.name(), &collection, &event, &policy)
                            };
                            let slot = Slot::Collection($of);
                            check!($machine, slot, &case, &before, *state, *kind, says, verdict, taken);
                        }
                    }
                }
            }
            assert_eq!(pairs.len(), DEFINITION.states.len() * DEFINITION.events.len());
            assert_eq!(taken, Edge::ALL.iter().copied().collect(), "edges never taken or never drawn");
        }
    };
}

collection_does_what_is_drawn!(the_telecom_machine_does_what_is_drawn, telecom, CollectionKind::Telecom);
collection_does_what_is_drawn!(the_degree_machine_does_what_is_drawn, degree, CollectionKind::Degree);
collection_does_what_is_drawn!(the_ebank_machine_does_what_is_drawn, ebank, CollectionKind::Ebank);
collection_does_what_is_drawn!(the_ebank_v2_machine_does_what_is_drawn, ebank_v2, CollectionKind::EbankV2);

#[test]
fn what_the_drawings_share_has_the_same_number_in_all_of_them() {
    for one in CollectionKind::ALL {
        for other in CollectionKind::ALL {
            let (one, other) = (one.definition(), other.definition());
            let events = |of: &table::Definition| -> Vec<_> {
                of.events.iter().map(|event| (event.number, event.name, event.source)).collect()
            };
            let own_states = |of: &table::Definition| -> Vec<_> {
                let own = of.states.iter().filter(|state| state.number < 100);
                own.map(|state| (state.number, state.name)).collect()
            };
            let guards = |of: &table::Definition| -> Vec<_> {
                of.guards.iter().map(|guard| (guard.number, guard.name)).collect()
            };
            for (number, name, source) in events(one) {
                let there = events(other).into_iter().find(|it| it.0 == number || it.1 == name);
                assert!(there.is_none_or(|it| it == (number, name, source)), "{name}");
            }
            for (number, name) in own_states(one).into_iter().chain(guards(one)) {
                let all: Vec<_> = own_states(other).into_iter().chain(guards(other)).collect();
                let there = all.into_iter().find(|it| it.1 == name);
                assert!(there.is_none_or(|it| it == (number, name)), "{name}");
            }
            let timers = |of: &table::Definition| -> Vec<_> {
                of.timers.iter().map(|timer| (timer.number, timer.name, timer.event)).collect()
            };
            assert_eq!(timers(one), timers(other));
        }
    }
}

#[test]
fn two_collections_do_to_their_application_what_is_drawn() {
    use graph::application::{EventKind, State};
    let policy = Policy::default();
    let mut taken = BTreeSet::new();
    let phases =
        [(State::Collecting, samples::collecting()), (State::CaptchaRequired, samples::captcha_required())];
    let mut rows = 0;
    for (state, phase) in phases {
        for before in samples::with_two_collections(&phase) {
            for kind in [EventKind::InputNeeded, EventKind::Running, EventKind::Delivered, EventKind::Parked]
            {
                for event in application_events(kind) {
                    rows += 1;
                    let case = format!("{before:?} <- {event:?}");
                    let mut draft = Draft::new(&before, samples::NOW, &policy);
                    let verdict = own(&before, event.clone(), &mut draft);
                    let says = |guard| application_says(guard, &before, &event);
                    check!(application, Slot::Application, &case, &before, state, kind, says, verdict, taken);
                }
            }
        }
    }
    assert_eq!(rows, 2 * 50 * 5);
}

fn application_events(kind: graph::application::EventKind) -> Vec<application::Event> {
    use application::Event as E;
    use graph::application::{EventKind as K, Timer};
    let text = || "text".to_owned();
    let by = Duration::from_secs(90);
    let one = match kind {
        K::OutageCounted => E::OutageCounted { by },
        K::EvidenceAdded => {
            let bring = |kind| {
                E::EvidenceAdded(EvidenceAdded {
                    documents: vec![samples::document(30, DocumentKind::Dossier)],
                    evidence: vec![samples::evidence(kind, 30)],
                    ..EvidenceAdded::default()
                })
            };
            return [EvidenceKind::Loan, EvidenceKind::Work].map(bring).into();
        }
        K::Parked => return vec![E::Summary(Standing::Parked), E::Summary(Standing::Exhausted)],
        K::CancelRequested => E::CancelRequested { reason: text() },
        K::ResumeRequested => E::ResumeRequested,
        K::RetryRequested => E::RetryRequested,
        K::RestartRequested => E::RestartRequested,
        K::HoldRequested => E::HoldRequested { by: samples::by() },
        K::ReleaseRequested => E::ReleaseRequested,
        K::ClaimRequested => E::ClaimRequested { by: samples::by() },
        K::ReturnRequested => E::ReturnRequested,
        K::ApproveRequested => E::ApproveRequested,
        K::RejectRequested => E::RejectRequested { by: samples::by() },
        K::BlacklistClear => E::BlacklistClear,
        K::BlacklistHit => E::BlacklistHit,
        K::AuditAccepted => E::AuditAccepted { open_id: text() },
        K::AuditRunning => E::AuditRunning,
        K::AuditApproved => E::AuditApproved,
        K::AuditRejected => E::AuditRejected { reason: text() },
        K::CallRefused => E::CallRefused { message: text() },
        K::CallFailed => E::CallFailed { cause: samples::unavailable() },
        K::InputNeeded => E::Summary(Standing::InputNeeded),
        K::Running => E::Summary(Standing::Running),
        K::Delivered => E::Summary(Standing::Delivered),
        K::IntakeDeadlineReached => E::Timer(Timer::IntakeDeadline),
        K::CollectionDeadlineReached => E::Timer(Timer::CollectionDeadline),
        K::AuditDeadlineReached => E::Timer(Timer::AuditDeadline),
        K::ReminderDue => E::Timer(Timer::Reminder),
        K::LeaseDeadlineReached => E::Timer(Timer::LeaseDeadline),
    };
    vec![one]
}

/// What the guards say, read off their descriptions in `state/application.toml`.
fn application_says(
    guard: graph::application::Guard,
    before: &Application,
    event: &application::Event,
) -> bool {
    use graph::application::Guard as G;
    let all = &before.collections;
    let stands = |standing| all.iter().any(|it| it.standing() == standing);
    let moves = stands(Standing::Running) || stands(Standing::InputNeeded);
    let mut required = all.iter().filter(|it| it.required);
    let is_complete = before.plan.evidence.iter().all(|wanted| {
        let application::Event::EvidenceAdded(added) = event else { return false };
        let brought = &added.evidence;
        before.evidence.iter().chain(brought).any(|there| there.kind == *wanted)
    });
    match guard {
        G::Complete => is_complete && before.plan.blacklist,
        G::CompleteUnscreened => is_complete && !before.plan.blacklist,
        G::CollectionsNeeded => !before.plan.collections.is_empty(),
        G::AllDelivered => !moves && required.all(|it| it.standing() == Standing::Delivered),
        G::InputNeeded => stands(Standing::InputNeeded),
        G::ApplicantExhausted => required.any(|it| it.standing() == Standing::Exhausted),
        G::NothingMoves => !moves,
    }
}

fn collection_events(of: CollectionKind, kind: &str) -> Vec<collection::Event> {
    use collection::Event as E;
    let (open_id, answer) = (samples::OPEN_ID.to_owned(), samples::answer(1));
    let text = || "text".to_owned();
    let plain = |code| Told::plain(code, text());
    let one = match kind {
        "StateReported" => {
            let reported = of.definition().sets.iter().find(|set| set.name == "reported").unwrap();
            let told = |name: &&str| {
                let state = of.definition().states.iter().find(|state| state.name == *name).unwrap();
                E::told(of, plain(i64::from(state.number) - 100))
            };
            return reported.members.iter().map(told).collect();
        }
        "UnknownReported" => return [77, 78].map(|code| E::told(of, plain(code))).into(),
        "CallLost" => {
            return vec![
                E::CallLost { call: Call::TelecomResend { open_id: open_id.clone() } },
                E::CallLost { call: Call::TelecomCaptcha { open_id, answer } },
            ];
        }
        "AnswerSubmitted" => E::AnswerSubmitted { answer },
        "ResendRequested" => E::ResendRequested,
        "ResumeRequested" => E::ResumeRequested,
        "RestartRequested" => E::RestartRequested,
        "SessionOpened" => {
            let agreement = (of == CollectionKind::EbankV2).then_some(Agreement::Jianguo);
            E::SessionOpened { open_id, agreement }
        }
        "CallAccepted" => {
            let is_bank = matches!(of, CollectionKind::Ebank | CollectionKind::EbankV2);
            let told = [None, Some(plain(7)), Some(plain(77))];
            return told
                .into_iter()
                .take(if is_bank { 3 } else { 1 })
                .map(|told| E::CallAccepted { told })
                .collect();
        }
        "CallRefused" => E::CallRefused { message: text() },
        "CallFailed" => E::CallFailed { cause: samples::unavailable() },
        "DataNotReady" => E::DataNotReady,
        "RawDataReceived" => E::RawDataReceived { document: 40 },
        "ReportReceived" => E::ReportReceived { document: 41 },
        "BanksReceived" => E::BanksReceived { document: 42 },
        "OutageCounted" => E::OutageCounted { by: Duration::from_secs(90) },
        "ChallengeDeadlineReached" => E::Timer(Timer::ChallengeDeadline),
        "SessionDeadlineReached" => E::Timer(Timer::SessionDeadline),
        "DataDeadlineReached" => E::Timer(Timer::DataDeadline),
        "RestartDue" => E::Timer(Timer::RestartPause),
        "ReminderDue" => E::Timer(Timer::Reminder),
        other => panic!("no event is called {other}"),
    };
    vec![one]
}

/// What the guards say, read off their descriptions in the drawings.
fn collection_says(guard: &str, collection: &Collection, event: &collection::Event, policy: &Policy) -> bool {
    use collection::Event as E;
    let situation = &collection.situation;
    let told = if let E::StateReported { state, .. } = event { Some(*state) } else { None };
    let told_name = told.and_then(|state| collection.kind.state(state)).map_or("", |state| state.name);
    let still_asks = |is_first: bool| {
        let Situation::Checking { asked, seen, .. } = situation else { return false };
        told == Some(*asked) && (*seen == 0) == is_first
    };
    match guard {
        "answers_used_up" => {
            let is_refused = matches!(event, E::CallRefused { .. });
            let is_new = told_name != collection.state().name;
            let asks_again = is_refused || (told_name.ends_with("_ERROR") && is_new);
            asks_again && situation.session().is_some_and(|session| session.answers >= policy.answers)
        }
        "asked_for_code" => {
            let Situation::Submitting { asked, .. } = situation else { return false };
            collection.kind.state(*asked).is_some_and(|asked| asked.name.starts_with("CAPTCHA"))
        }
        "first_time_still_asking" => still_asks(true),
        "may_submit_again" => still_asks(false) && collection.answer_kept().is_some(),
        "attempts_left" => collection.attempt < policy.sessions,
        "applicant_to_blame" => matches!(situation, Situation::Dead { blame: Blame::Applicant, .. }),
        "session_alive" => {
            let Situation::Parked { origin: Some(origin), .. } = situation else { return false };
            let is_done = matches!(
                **origin,
                Situation::Building { .. } | Situation::Fetching { .. } | Situation::Reporting { .. }
            );
            is_done || origin.session().is_some_and(|session| session.deadline > samples::NOW)
        }
        other => panic!("no guard is called {other}"),
    }
}
