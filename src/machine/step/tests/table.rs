//! Every state and every event of both machines, against the generated table.

use super::super::{Draft, Refusal, Verdict, application, of_telecom, own, telecom};
use crate::machine::application::{Application, Wanted};
use crate::machine::call::{Call, Slot};
use crate::machine::event::EvidenceAdded;
use crate::machine::evidence::{DocumentKind, EvidenceKind};
use crate::machine::graph;
use crate::machine::policy::Policy;
use crate::machine::samples;
use crate::machine::table::{Cell, Outcome, Target};
use crate::machine::telecom::{Blame, Situation, Standing, Telecom};
use std::collections::BTreeSet;

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
        for before in samples::in_state(*state) {
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

#[test]
fn the_telecom_machine_does_what_is_drawn() {
    use graph::telecom::{DEFINITION, Edge, EventKind, State};
    let policy = Policy::default();
    let (mut pairs, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for state in State::ALL {
        for telecom in samples::in_collection_state(*state) {
            assert_eq!(telecom.state(), *state);
            let before = samples::with_telecom(telecom.clone());
            for kind in EventKind::ALL {
                for event in telecom_events(*kind) {
                    assert_eq!(event.kind(), *kind);
                    pairs.insert((*state, *kind));
                    let case = format!("{telecom:?} <- {event:?}");
                    let mut draft = Draft::new(&before, samples::NOW, &policy);
                    let verdict = of_telecom(&before, event.clone(), &mut draft);
                    let says = |guard| telecom_says(guard, &telecom, &event, &policy);
                    check!(telecom, Slot::Telecom, &case, &before, *state, *kind, says, verdict, taken);
                }
            }
        }
    }
    assert_eq!(pairs.len(), DEFINITION.states.len() * DEFINITION.events.len());
    assert_eq!(taken, Edge::ALL.iter().copied().collect(), "edges never taken or never drawn");
}

fn application_events(kind: graph::application::EventKind) -> Vec<application::Event> {
    use application::Event as E;
    use graph::application::{EventKind as K, Timer};
    let text = || "text".to_owned();
    let one = match kind {
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
    let telecom = before.telecom.as_ref();
    let stands = |standing| telecom.is_some_and(|telecom| telecom.standing() == standing);
    let required = telecom.is_some_and(|telecom| telecom.required);
    let moves = stands(Standing::Running) || stands(Standing::InputNeeded);
    match guard {
        G::Complete => before.plan.evidence.iter().all(|wanted| {
            let application::Event::EvidenceAdded(added) = event else { return false };
            let brought = &added.evidence;
            before.evidence.iter().chain(brought).any(|there| there.kind == *wanted)
        }),
        G::CollectionsNeeded => before.plan.telecom != Wanted::No,
        G::AllDelivered => !moves && (!required || stands(Standing::Delivered)),
        G::InputNeeded => stands(Standing::InputNeeded),
        G::ApplicantExhausted => required && stands(Standing::Exhausted),
        G::NothingMoves => !moves,
    }
}

fn telecom_events(kind: graph::telecom::EventKind) -> Vec<telecom::Event> {
    use graph::telecom::{EventKind as K, Set, Timer};
    use telecom::Event as E;
    let (open_id, answer) = (samples::OPEN_ID.to_owned(), samples::answer(1));
    let text = || "text".to_owned();
    let one = match kind {
        K::StateReported => {
            let report = |state: &_| E::StateReported { state: *state, message: text() };
            return Set::Reported.members().iter().map(report).collect();
        }
        K::UnknownReported => return [77, 78].map(|code| E::UnknownReported { code }).into(),
        K::CallLost => {
            return vec![
                E::CallLost { call: Call::TelecomResend { open_id: open_id.clone() } },
                E::CallLost { call: Call::TelecomCaptcha { open_id, answer } },
            ];
        }
        K::AnswerSubmitted => E::AnswerSubmitted { answer },
        K::ResendRequested => E::ResendRequested,
        K::ResumeRequested => E::ResumeRequested,
        K::RestartRequested => E::RestartRequested,
        K::SessionOpened => E::SessionOpened { open_id },
        K::CallAccepted => E::CallAccepted,
        K::CallRefused => E::CallRefused { message: text() },
        K::CallFailed => E::CallFailed { cause: samples::unavailable() },
        K::DataNotReady => E::DataNotReady,
        K::RawDataReceived => E::RawDataReceived { document: 40 },
        K::ReportReceived => E::ReportReceived { document: 41 },
        K::ChallengeDeadlineReached => E::Timer(Timer::ChallengeDeadline),
        K::SessionDeadlineReached => E::Timer(Timer::SessionDeadline),
        K::DataDeadlineReached => E::Timer(Timer::DataDeadline),
        K::RestartDue => E::Timer(Timer::RestartPause),
        K::ReminderDue => E::Timer(Timer::Reminder),
    };
    vec![one]
}

/// What the guards say, read off their descriptions in `state/telecom.toml`.
fn telecom_says(
    guard: graph::telecom::Guard,
    telecom: &Telecom,
    event: &telecom::Event,
    policy: &Policy,
) -> bool {
    use graph::telecom::{Guard as G, State};
    let situation = &telecom.situation;
    let told = if let telecom::Event::StateReported { state, .. } = event { Some(*state) } else { None };
    let still_asks = |is_first: bool| {
        let Situation::Checking { asked, seen, .. } = situation else { return false };
        told == Some(*asked) && (*seen == 0) == is_first
    };
    match guard {
        G::AnswersUsedUp => {
            let asks_again = matches!(told, Some(State::CaptchaError | State::QueryPwdError));
            let is_new = told != Some(telecom.state());
            asks_again
                && is_new
                && situation.session().is_some_and(|session| session.answers >= policy.answers)
        }
        G::AskedForCode => {
            let Situation::Submitting { asked, .. } = situation else { return false };
            asked.name().starts_with("CAPTCHA")
        }
        G::FirstTimeStillAsking => still_asks(true),
        G::MaySubmitAgain => still_asks(false) && telecom.answer_kept().is_some(),
        G::AttemptsLeft => telecom.attempt < policy.sessions,
        G::ApplicantToBlame => matches!(situation, Situation::Dead { blame: Blame::Applicant, .. }),
        G::SessionAlive => {
            let Situation::Parked { origin: Some(origin), .. } = situation else { return false };
            let is_fetched = ["COLLECT_FINISHED", "DATA_READY", "REPORT_PENDING"];
            is_fetched.contains(&origin.state().name())
                || origin.session().is_some_and(|session| session.deadline > samples::NOW)
        }
    }
}
