//! What moves right now: retries by class, waits within bounds, looks in order.

use super::*;
use crate::engine::outage::{Limits, Outages, Settings};
use crate::engine::provider::Ended;
use crate::machine::application::Phase;
use crate::machine::call::{Call, Slot};
use crate::machine::collection::CollectionKind;
use crate::machine::samples;
use crate::machine::samples::Wanted;

const NOW: Time = samples::NOW;

/// Later than anything is due.
const FAR: Time = Time::from_millis(NOW.as_millis() + 86_400_000);

fn fresh(seed: u64) -> Hot {
    let settings =
        Settings { limits: System::ALL.map(|system| (system, FREE)).into(), ..Settings::default() };
    let gates = Gates::new(&settings, Outages::of([], settings.tolerance.longest), seed);
    Hot::new(seed, gates, Pauses::new(Time::from_millis(NOW.as_millis() - 10_000), Duration::ZERO))
}

const FREE: Limits = Limits { concurrency: 1000, calls_per_s: 1000, burst: 1000 };

/// The calls that may go at a time, when no application was parked.
fn taken(hot: &mut Hot, room: usize, now: Time) -> Vec<Order> {
    hot.take_calls(room, now, |id| panic!("{id} was not parked"))
}

fn open_id() -> String {
    samples::OPEN_ID.to_owned()
}

/// A call of each class.
fn calls() -> [Pending; 4] {
    let submits = Call::TelecomCaptcha { open_id: open_id(), answer: samples::answer(1) };
    [
        samples::pending(Slot::Application, Call::Blacklist),
        samples::pending(Slot::Application, Call::AuditApply),
        samples::pending(Slot::Collection(CollectionKind::Telecom), submits),
        samples::pending(
            Slot::Collection(CollectionKind::Telecom),
            Call::TelecomOpen { password: samples::answer(1) },
        ),
    ]
}

fn waiting(pending: &Pending) -> Arc<Application> {
    let mut application = samples::application(Phase::DataReady, Wanted::Required);
    application.outbox = vec![pending.clone()];
    Arc::new(application)
}

fn not_sent() -> Failure {
    Failure::NotSent { detail: "refused".to_owned() }
}

fn busy(seconds: u64) -> Failure {
    Failure::Busy { detail: "busy".to_owned(), retry_after: Some(Duration::from_secs(seconds)) }
}

fn later(seconds: u64) -> Time {
    NOW + Duration::from_secs(seconds)
}

fn told(after: After) -> &'static str {
    match after {
        After::Again => "again",
        After::Reply(Reply::Lost) => "lost",
        After::Reply(Reply::Failed { cause }) => cause.name(),
        After::Reply(other) => panic!("{other:?}"),
    }
}

/// Puts a call under way.
fn under_way(hot: &mut Hot, pending: &Pending, now: Time) {
    let application = waiting(pending);
    hot.ask(application.id, pending);
    hot.call_if_due(&application, pending, now);
    assert_eq!(taken(hot, 9, now).len(), 1);
}

#[test]
fn the_class_of_a_call_says_what_a_failure_means() {
    let ambiguous = Failure::Ambiguous { detail: "cut".to_owned() };
    let hopeless = Failure::Hopeless(samples::missing());
    for (failure, expected) in [
        (not_sent(), ["again"; 4]),
        (ambiguous, ["again", "again", "lost", "lost"]),
        (busy(1), ["again", "again", "lost", "again"]),
        (hopeless, ["EVIDENCE_MISSING"; 4]),
    ] {
        for (pending, expected) in calls().iter().zip(expected) {
            let mut hot = fresh(1);
            under_way(&mut hot, pending, NOW);
            let after = hot.failed(samples::ID, pending, failure.clone(), NOW);
            assert_eq!(told(after), expected, "{:?} {failure:?}", pending.call.class());
        }
    }
}

#[test]
fn waits_grow_within_bounds() {
    for seed in 0..20 {
        let mut hot = fresh(seed);
        for tries in 1..40 {
            let wait = hot.backoff(tries);
            let whole = Duration::from_millis(500 << tries.min(7)).min(BACKOFF_MAX);
            assert!(wait >= whole / 2 && wait < whole, "try {tries}: {wait:?} of {whole:?}");
        }
    }
}

#[test]
fn how_long_the_provider_asks_us_to_wait_is_not_taken_off_a_budget() {
    let mut hot = fresh(1);
    let [pending, ..] = calls();
    under_way(&mut hot, &pending, NOW);
    let application = waiting(&pending);
    let mut now = NOW;
    // Each time for two thirds of the budget.
    for tries in 1..5 {
        let failure = busy(600);
        hot.gates.ended((samples::ID, pending.id), Outcome::of(&Ended::Failed(failure.clone())), now);
        assert_eq!(told(hot.failed(samples::ID, &pending, failure, now)), "again");
        assert_eq!(hot.trouble(samples::ID), Some((tries, "busy".to_owned())));
        let due = hot.next_call(&application).unwrap();
        assert!(due.since(now) < BACKOFF_MAX);
        hot.call_if_due(&application, &pending, due);
        assert!(taken(&mut hot, 9, due).is_empty(), "the gate is shut");
        now = now + Duration::from_secs(600);
        assert_eq!(taken(&mut hot, 9, now).len(), 1);
    }
}

#[test]
fn a_call_is_given_up_when_its_budget_is_gone() {
    for pending in calls() {
        let mut hot = fresh(1);
        under_way(&mut hot, &pending, NOW);
        let application = waiting(&pending);
        let (mut now, mut tries) = (NOW, 0);
        while told(hot.failed(samples::ID, &pending, not_sent(), now)) == "again" {
            now = hot.next_call(&application).unwrap();
            assert!(now <= pending.until);
            hot.call_if_due(&application, &pending, now);
            tries += 1;
        }
        assert!((15..60).contains(&tries), "{tries}");
    }
}

#[test]
fn a_poll_that_was_quiet_for_hours_has_its_whole_budget() {
    let result = Call::AuditResult { open_id: open_id() };
    let pending = samples::pending(Slot::Application, result.clone());
    let application = waiting(&pending);
    let mut hot = fresh(1);
    under_way(&mut hot, &pending, NOW);
    let (due, until) = (later(7200), later(7200 + 900));
    hot.ask_again(samples::ID, Pending { due, until, ..pending.clone() });
    assert_eq!(hot.next_call(&application), Some(due));
    hot.call_if_due(&application, &pending, due);
    assert_eq!(told(hot.failed(samples::ID, &pending, not_sent(), due)), "again");
    let far = until + Duration::from_millis(1);
    assert_eq!(told(hot.failed(samples::ID, &pending, not_sent(), far)), "PROVIDER_UNAVAILABLE");

    // After a restart all that is known is when it was first asked for.
    let mut restarted = fresh(1);
    restarted.call_if_due(&application, &pending, due);
    assert_eq!(told(restarted.failed(samples::ID, &pending, not_sent(), due)), "again");
    // So has what the provider recognises: our own absence is not its failure.
    let [_, apply, ..] = calls();
    let mut restarted = fresh(1);
    restarted.call_if_due(&waiting(&apply), &apply, due);
    assert_eq!(told(restarted.failed(samples::ID, &apply, not_sent(), due)), "again");
}

#[test]
fn polls_take_turns_and_a_retry_keeps_its_turn() {
    let pending = samples::pending(
        Slot::Collection(CollectionKind::Telecom),
        Call::TelecomState { open_id: open_id() },
    );
    let application = waiting(&pending);
    let mut hot = fresh(1);
    under_way(&mut hot, &pending, NOW);
    let call = Call::TelecomRawData { open_id: open_id() };
    hot.ask_again(samples::ID, Pending { call: call.clone(), ..pending.clone() });
    hot.call_if_due(&application, &pending, NOW);
    assert_eq!(taken(&mut hot, 1, FAR)[0].pending.call, call);
    assert_eq!(told(hot.failed(samples::ID, &pending, not_sent(), NOW)), "again");
    hot.call_if_due(&application, &pending, later(2));
    assert_eq!(taken(&mut hot, 1, FAR)[0].pending.call, call);
}

#[test]
fn a_call_is_made_when_due_and_once() {
    let mut hot = fresh(1);
    for pending in calls() {
        let pending = Pending { due: later(5), ..pending };
        let application = waiting(&pending);
        hot.ask(samples::ID, &pending);
        hot.call_if_due(&application, &pending, NOW);
        assert_eq!(taken(&mut hot, 9, FAR).len(), 0, "not yet");
        assert_eq!(hot.next_call(&application), Some(later(5)));
        assert!(!hot.holds(samples::ID));
        hot.call_if_due(&application, &pending, later(5));
        hot.call_if_due(&application, &pending, later(6));
        assert_eq!(taken(&mut hot, 9, FAR).len(), 1, "once");
        assert_eq!(hot.next_call(&application), None);
        assert!(hot.holds(samples::ID));
        hot.forget(samples::ID, pending.id);
        assert!(!hot.holds(samples::ID));
    }
}

#[test]
fn what_must_not_be_repeated_is_known_since_it_was_asked_for() {
    for (pending, is_known) in calls().iter().zip([false, false, true, true]) {
        let mut hot = fresh(1);
        hot.ask(samples::ID, pending);
        assert_eq!(hot.knows(samples::ID, pending.id), is_known, "{:?}", pending.call);
    }
}

#[test]
fn a_call_that_was_withdrawn_is_not_taken_and_room_is_kept() {
    let mut hot = fresh(1);
    let [first, second, ..] = [1, 2, 3].map(|version| {
        let mut pending = samples::pending(Slot::Application, Call::Blacklist);
        pending.id.version = version;
        hot.call_if_due(&waiting(&pending), &pending, NOW);
        pending
    });
    hot.forget(samples::ID, first.id);
    let first = taken(&mut hot, 1, FAR);
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].pending.id, second.id);
    assert_eq!(taken(&mut hot, 9, FAR).len(), 1);
}

fn id(number: u8) -> ApplicationId {
    ApplicationId::from_bytes([number; 16])
}

#[test]
fn looks_come_in_order_each_once() {
    let mut hot = fresh(1);
    for (number, at) in [(1, 30), (2, 10), (3, 20), (4, 5)] {
        hot.plan(id(number), later(at));
    }
    hot.plan(id(1), later(15));
    hot.plan(id(2), later(40));
    hot.plan(id(2), later(10));
    hot.leave(id(4));
    assert_eq!(hot.next_look(), Some(later(10)));
    assert_eq!(hot.wake(later(9)), None);
    let mut woken = Vec::new();
    while let Some(application) = hot.wake(later(60)) {
        assert!(!hot.holds(application));
        woken.push(application);
    }
    assert_eq!(woken, [id(2), id(1), id(3)]);
    assert_eq!(hot.next_look(), None);
}

#[test]
fn a_look_that_was_planned_anew_leaves_nothing_behind() {
    let mut hot = fresh(1);
    // An audit that is polled for a day: the next poll and the deadline, in turn.
    for poll in 0..1_000 {
        hot.plan(id(1), later(poll));
        hot.plan(id(1), later(86_400));
    }
    assert_eq!(hot.looks.len(), 1);
    hot.leave(id(1));
    assert!(hot.looks.is_empty());
}

#[test]
fn all_of_an_application_is_dropped_and_nothing_of_another() {
    let mut hot = fresh(1);
    let pendings = [Slot::Application, Slot::Collection(CollectionKind::Telecom)]
        .map(|slot| samples::pending(slot, Call::Blacklist));
    for number in [1, 2, 3] {
        hot.plan(id(number), NOW);
        for pending in &pendings {
            let mut application = Application::clone(&waiting(pending));
            application.id = id(number);
            hot.call_if_due(&Arc::new(application), pending, NOW);
        }
    }
    hot.drop_all(id(2));
    assert!(hot.holds(id(1)) && !hot.holds(id(2)) && hot.holds(id(3)));
    assert_eq!(taken(&mut hot, 99, FAR).len(), 4);
}

#[test]
fn an_outage_is_not_taken_off_a_budget_but_for_the_longest() {
    let mut hot = fresh(1);
    let [pending, ..] = calls();
    let application = waiting(&pending);
    let fails = |hot: &mut Hot, now: Time| {
        hot.gates.ended((samples::ID, pending.id), Outcome::of(&Ended::Failed(not_sent())), now);
        told(hot.failed(samples::ID, &pending, not_sent(), now))
    };
    under_way(&mut hot, &pending, NOW);
    let longest = Settings::default().tolerance.longest;
    let (mut now, mut tries) = (NOW, 0);
    while fails(&mut hot, now) == "again" {
        let due = hot.next_call(&application).unwrap();
        hot.call_if_due(&application, &pending, due);
        assert_eq!(hot.parked(samples::ID).len(), usize::from(tries >= 4), "the fifth failure opens");
        now = hot.gates.next_moment().unwrap().max(due);
        assert_eq!(hot.take_calls(9, now, |_| Some(Arc::clone(&application))).len(), 1);
        tries += 1;
    }
    let lasted = now.since(NOW);
    let budget = pending.until.since(pending.due);
    assert!(lasted > longest, "{lasted:?}");
    assert!(lasted < longest + budget + BACKOFF_MAX * 2, "{lasted:?}");
    assert!(tries > 1000, "it was asked again and again: {tries}");
}

#[test]
fn in_an_outage_a_short_budget_lasts_as_long_as_a_long_one() {
    let mut hot = fresh(1);
    let [pending, ..] = calls();
    let pending = Pending { until: later(2), ..pending };
    let application = waiting(&pending);
    let end = |hot: &mut Hot, number: u8, now: Time| {
        let failure = Outcome::of(&Ended::Failed(not_sent()));
        hot.gates.ended((id(number), pending.id), failure, now);
        hot.forget(id(number), pending.id);
    };
    for number in 1..=5 {
        let other = Arc::new(Application { id: id(number), ..Application::clone(&application) });
        hot.call_if_due(&other, &pending, NOW);
        assert_eq!(taken(&mut hot, 9, NOW).len(), 1);
    }
    (1..=5).for_each(|number| end(&mut hot, number, NOW));
    hot.call_if_due(&application, &pending, NOW);
    let mut now = NOW;
    for _ in 0..100 {
        now = hot.gates.next_moment().unwrap().max(now);
        assert_eq!(hot.take_calls(9, now, |_| Some(Arc::clone(&application))).len(), 1);
        hot.gates.ended((samples::ID, pending.id), Outcome::of(&Ended::Failed(not_sent())), now);
        assert_eq!(told(hot.failed(samples::ID, &pending, not_sent(), now)), "again");
        now = hot.next_call(&application).unwrap();
        hot.call_if_due(&application, &pending, now);
    }
    assert!(now.since(NOW) > Duration::from_secs(3600));
}

#[test]
fn an_answer_does_not_overtake_a_question_for_the_state() {
    let slot = Slot::Collection(CollectionKind::Ebank);
    let look = samples::pending(slot, Call::EbankState { open_id: open_id() });
    let submits = Call::EbankCaptcha { open_id: open_id(), answer: samples::answer(1) };
    let mut answer = samples::pending(slot, submits);
    answer.id.version += 1;
    let application = waiting(&answer);
    let mut hot = fresh(1);
    under_way(&mut hot, &look, NOW);
    hot.forget(samples::ID, look.id);
    hot.ask(samples::ID, &answer);
    hot.call_if_due(&application, &answer, NOW);
    assert_eq!((taken(&mut hot, 9, NOW).len(), hot.next_call(&application)), (0, None));
    hot.hear(samples::ID, look.id, &Ended::Failed(not_sent()), NOW);
    assert_eq!(hot.wake(NOW), Some(samples::ID), "nobody waits for it but this answer");
    hot.call_if_due(&application, &answer, NOW);
    assert_eq!(taken(&mut hot, 9, NOW).len(), 1);
}
