//! The gates on a clock that is an argument: one rule a test.

use super::*;
use crate::machine::call::{EffectId, Slot};
use crate::machine::id::ApplicationId;
use crate::machine::samples::{self, Wanted};

const NOW: Time = samples::NOW;
const SYSTEM: System = System::Audit;

fn at(millis: u64) -> Time {
    NOW + Duration::from_millis(millis)
}

fn id(number: u16) -> ApplicationId {
    let mut id = [0; 16];
    id[..2].copy_from_slice(&number.to_be_bytes());
    ApplicationId::from_bytes(id)
}

/// Gates with one system that is limited so; all else is as always.
struct Street {
    gates: Gates,
    now: Time,
}

impl Street {
    fn new(concurrency: u32, calls_per_s: u32, burst: u32) -> Self {
        Self::known(concurrency, calls_per_s, burst, Vec::new())
    }

    fn known(concurrency: u32, calls_per_s: u32, burst: u32, outages: Vec<store::Outage>) -> Self {
        let limits = Limits { concurrency, calls_per_s, burst };
        let settings = Settings { limits: [(SYSTEM, limits)].into(), ..Settings::default() };
        let outages = Outages::of(outages, settings.tolerance.longest);
        Self { gates: Gates::new(&settings, outages, 1), now: NOW }
    }

    /// A call queues; its deadline is so many seconds away.
    fn enters(&mut self, number: u16, deadline: u64, is_safe: bool) -> Place {
        let place = Place {
            deadline: NOW + Duration::from_secs(deadline),
            due: self.now,
            application: id(number),
            effect: EffectId { version: 1, slot: Slot::Application },
        };
        let application = Arc::new(samples::application(samples::init(), Wanted::No));
        self.gates.enter(SYSTEM, place, &application, is_safe, self.now);
        place
    }

    fn many_enter(&mut self, count: u16) {
        for number in 1..=count {
            self.enters(number, u64::from(number), true);
        }
    }

    /// Those that go now.
    fn go(&mut self) -> Vec<u16> {
        let going = std::iter::from_fn(|| self.gates.next(self.now));
        going.map(|going| u16::from_be_bytes(*going.key.0.as_bytes().first_chunk().unwrap())).collect()
    }

    fn ends(&mut self, number: u16, outcome: Outcome) -> Option<Turn> {
        let effect = EffectId { version: 1, slot: Slot::Application };
        self.gates.ended((id(number), effect), outcome, self.now)
    }

    /// Calls fail one after the other until the system is down.
    fn goes_down(&mut self) {
        for number in 101..=105 {
            self.enters(number, 0, true);
        }
        assert_eq!(self.go(), [101, 102, 103, 104, 105]);
        for number in 101..=104 {
            assert_eq!(self.ends(number, failed()), None);
        }
        assert!(matches!(self.ends(105, failed()), Some(Turn::Opened { system: SYSTEM, .. })));
    }

    /// Time jumps to the next moment at which a call may go.
    fn sleeps(&mut self) -> Duration {
        let slept_at = self.now;
        self.now = self.now.max(self.gates.next_moment().expect("a call waits"));
        self.now.since(slept_at)
    }

    fn standing(&self) -> Standing {
        self.gates.standing(SYSTEM).unwrap()
    }

    fn written(&mut self) -> Vec<store::Outage> {
        self.gates.take_unwritten()
    }
}

fn failed() -> Outcome {
    Outcome::Failed { detail: "connection refused".to_owned(), retry_after: None }
}

fn busy(seconds: u64) -> Outcome {
    let retry_after = Some(Duration::from_secs(seconds));
    Outcome::Failed { detail: "HTTP status 503".to_owned(), retry_after }
}

#[test]
fn the_nearest_deadline_goes_first_then_the_oldest() {
    let mut street = Street::new(9, 100, 100);
    street.enters(1, 30, true);
    street.enters(2, 10, true);
    street.enters(3, 20, false);
    street.now = at(5);
    street.enters(4, 10, true);
    let gone = street.enters(5, 1, true);
    street.gates.withdraw(SYSTEM, &gone);
    assert_eq!(street.go(), [2, 4, 3, 1]);
    assert_eq!(street.gates.next_moment(), None);
}

#[test]
fn only_so_many_are_under_way() {
    let mut street = Street::new(2, 100, 100);
    street.many_enter(4);
    assert_eq!(street.go(), [1, 2]);
    assert_eq!(street.gates.next_moment(), None, "nothing can go before one has ended");
    street.now = at(40);
    street.ends(2, Outcome::Answered);
    assert_eq!(street.go(), [3]);
    assert_eq!(street.gates.reports(street.now)[1].limited, 1);
}

#[test]
fn a_burst_goes_at_once_and_then_so_many_a_second() {
    let mut street = Street::new(100, 10, 3);
    street.many_enter(40);
    assert_eq!(street.go(), [1, 2, 3]);
    let mut went = 3;
    while went < 40 {
        assert_eq!(street.sleeps(), Duration::from_millis(100));
        assert_eq!(street.go().len(), 1);
        went += 1;
    }
    // A rest fills no more than a burst.
    street.now = street.now + Duration::from_secs(60);
    street.many_enter(40);
    assert_eq!(street.go().len(), 3);
    assert_eq!(street.gates.reports(street.now)[1].limited, 37);
}

#[test]
fn a_run_of_failures_opens_and_any_answer_ends_the_run() {
    let mut street = Street::new(100, 1000, 1000);
    street.many_enter(20);
    assert_eq!(street.go().len(), 20);
    for number in 1..=4 {
        assert_eq!(street.ends(number, failed()), None);
    }
    street.ends(5, Outcome::Answered);
    assert_eq!(street.ends(6, Outcome::Silent), None);
    for number in 7..=10 {
        street.now = at(u64::from(number) * 1000);
        assert_eq!(street.ends(number, failed()), None);
        assert_eq!(street.ends(number + 10, Outcome::Silent), None, "our own failures say nothing");
    }
    assert!(street.written().is_empty());
    assert!(matches!(street.ends(6 + 5, failed()), Some(Turn::Opened { .. })));
    let standing = street.standing();
    assert_eq!((standing.state, standing.since), (State::Open, Some(at(7000))), "since the first failure");
    let written = store::Outage { system: SYSTEM.number(), start: at(7000), end: None };
    assert_eq!(street.written(), [written]);
    assert_eq!(street.gates.outages().lasting(SYSTEM), Some(at(7000)));
}

#[test]
fn while_it_is_open_nothing_goes_and_nothing_is_kept_in_memory() {
    let mut street = Street::new(5, 1000, 1000);
    street.enters(1, 3, true);
    street.goes_down();
    street.many_enter(9);
    assert_eq!(street.go(), [0; 0]);
    let pause = street.sleeps();
    assert!(pause >= Duration::from_secs(5) && pause < Duration::from_millis(6250), "{pause:?}");
    let going = street.gates.next(street.now).unwrap();
    assert!(going.application.is_none(), "it is read when its turn comes");
    assert_eq!(going.delayed, Duration::ZERO, "an outage is no delay of ours");
    assert_eq!(street.standing().state, State::HalfOpen);
    assert_eq!(street.go(), [0; 0], "one call asks");
    assert_eq!(street.gates.next_moment(), None);
}

#[test]
fn what_may_be_repeated_asks_first() {
    let mut street = Street::new(100, 1000, 1000);
    street.goes_down();
    street.enters(1, 1, false);
    street.enters(2, 2, true);
    street.enters(3, 3, true);
    street.sleeps();
    assert_eq!(street.go(), [2]);
    let mut street = Street::new(100, 1000, 1000);
    street.goes_down();
    street.enters(1, 1, false);
    street.sleeps();
    assert_eq!(street.go(), [1], "if there is nothing else");
}

#[test]
fn pauses_grow_to_a_minute_with_some_chance() {
    let mut street = Street::new(100, 1000, 1000);
    street.goes_down();
    for whole in [5, 10, 20, 40, 60, 60, 60] {
        street.enters(1, 1, true);
        let pause = street.sleeps();
        let whole = Duration::from_secs(whole);
        assert!(pause >= whole && pause < whole + whole / 4, "{pause:?} of {whole:?}");
        assert_eq!(street.go(), [1]);
        assert_eq!(street.ends(1, failed()), None);
    }
    // What says nothing asks again after the same pause.
    street.enters(1, 1, true);
    street.sleeps();
    street.go();
    street.ends(1, Outcome::Silent);
    assert_eq!(street.standing().state, State::Open);
}

#[test]
fn parked_work_comes_back_in_waves() {
    let mut street = Street::new(16, 1000, 1000);
    street.goes_down();
    street.many_enter(60);
    street.sleeps();
    assert_eq!(street.go(), [1]);
    let lasted = street.now.since(NOW);
    assert_eq!(street.ends(1, Outcome::Answered), Some(Turn::Closed { system: SYSTEM, lasted }));
    let mut waves = Vec::new();
    loop {
        let wave = street.go();
        if wave.is_empty() {
            break;
        }
        waves.push(wave.len());
        for number in wave {
            street.ends(number, Outcome::Answered);
        }
    }
    assert_eq!(waves, [2, 4, 8, 16, 16, 13]);
    let outages = street.written();
    let expected = store::Outage { system: SYSTEM.number(), start: NOW, end: Some(street.now) };
    assert_eq!(outages, [expected], "begun and ended, and written once");
}

#[test]
fn late_failures_of_before_do_not_open_it_again() {
    let mut street = Street::new(100, 1000, 1000);
    street.many_enter(60);
    assert_eq!(street.go().len(), 60);
    for number in 1..=5 {
        street.ends(number, failed());
    }
    street.enters(61, 1, true);
    street.sleeps();
    assert_eq!(street.go(), [61]);
    // They have waited their time out while another call asks.
    for number in 6..=20 {
        assert_eq!(street.ends(number, failed()), None);
    }
    assert!(matches!(street.ends(61, Outcome::Answered), Some(Turn::Closed { .. })));
    for number in 21..=60 {
        assert_eq!(street.ends(number, failed()), None);
    }
    assert_eq!(street.standing().state, State::Closed);
    // Failures of since then do.
    street.goes_down_in_waves();
}

impl Street {
    fn goes_down_in_waves(&mut self) {
        let mut turn = None;
        for number in 201..=205 {
            self.enters(number, 1, true);
            assert_eq!(self.go(), [number]);
            turn = self.ends(number, failed());
        }
        assert!(matches!(turn, Some(Turn::Opened { .. })), "{turn:?}");
    }
}

#[test]
fn an_answer_to_a_call_of_before_is_worth_a_question() {
    let mut street = Street::new(100, 1000, 1000);
    street.many_enter(6);
    street.go();
    for number in 1..=5 {
        street.ends(number, failed());
    }
    street.enters(7, 1, true);
    assert_eq!(street.go(), [0; 0]);
    street.now = at(100);
    assert_eq!(street.ends(6, Outcome::Answered), None);
    assert_eq!(street.go(), [7]);
}

#[test]
fn the_provider_may_shut_a_gate_for_a_while() {
    let mut street = Street::new(100, 1000, 1000);
    street.many_enter(2);
    street.go();
    street.ends(1, busy(100));
    street.enters(3, 1, true);
    assert_eq!(street.go(), [0; 0]);
    assert_eq!(street.standing().state, State::Closed, "one failure is no outage");
    assert_eq!(street.sleeps(), Duration::from_secs(100));
    let going = street.gates.next(street.now).unwrap();
    assert_eq!(going.delayed, Duration::from_secs(100), "the wait is not taken off its budget");
}

#[test]
fn an_outage_goes_on_over_a_restart() {
    let start = Time::from_millis(NOW.as_millis() - 3_600_000);
    let stored = store::Outage { system: SYSTEM.number(), start, end: None };
    let mut street = Street::known(100, 1000, 1000, vec![stored]);
    assert_eq!(street.standing().state, State::Open);
    street.many_enter(3);
    assert_eq!(street.go(), [1], "it is asked at once");
    assert!(
        matches!(street.ends(1, Outcome::Answered), Some(Turn::Closed { lasted, .. }) if lasted.as_secs() == 3600)
    );
    assert_eq!(street.written(), [store::Outage { end: Some(NOW), ..stored }]);
}

#[test]
fn systems_fail_apart() {
    let mut street = Street::new(100, 1000, 1000);
    street.goes_down();
    let application = Arc::new(samples::application(samples::init(), Wanted::No));
    let effect = EffectId { version: 1, slot: Slot::Application };
    let place = Place { deadline: NOW, due: NOW, application: id(1), effect };
    street.gates.enter(System::Blacklist, place, &application, true, NOW);
    assert_eq!(street.go(), [1]);
    assert!(street.gates.is_down(SYSTEM) && !street.gates.is_down(System::Blacklist));
}

#[test]
fn what_an_end_says_of_a_system() {
    let failure = |failure| Outcome::of(&Ended::Failed(failure));
    let detail = || "words".to_owned();
    for bad in [
        failure(Failure::NotSent { detail: detail() }),
        failure(Failure::Ambiguous { detail: detail() }),
        failure(Failure::Busy { detail: detail(), retry_after: None }),
    ] {
        assert_eq!(bad, Outcome::Failed { detail: detail(), retry_after: None });
    }
    assert_eq!(failure(Failure::Ours { detail: detail() }), Outcome::Silent);
    for (cause, expected) in [
        (Cause::Denied { detail: detail() }, Outcome::Answered),
        (Cause::Missing { detail: detail() }, Outcome::Silent),
        (Cause::Unintelligible { detail: detail() }, Outcome::Silent),
    ] {
        assert_eq!(failure(Failure::Hopeless(cause)), expected);
    }
    for reply in
        [crate::machine::call::Reply::Refused { message: detail() }, crate::machine::call::Reply::NotReady]
    {
        assert_eq!(Outcome::of(&Ended::Told { reply, document: None }), Outcome::Answered);
    }
}

fn outages(intervals: &[(u64, Option<u64>)], longest: u64) -> Outages {
    let of = |(start, end): &(u64, Option<u64>)| store::Outage {
        system: SYSTEM.number(),
        start: Time::from_millis(*start),
        end: end.map(Time::from_millis),
    };
    Outages::of(intervals.iter().map(of), Duration::from_millis(longest))
}

#[test]
fn an_overlap_is_what_two_stretches_have_in_common() {
    let outages = outages(&[(100, Some(200)), (300, Some(350)), (1000, None)], 500);
    for (from, to, expected) in [
        (0, 100, 0),
        (0, 150, 50),
        (120, 130, 10),
        (100, 200, 100),
        (200, 300, 0),
        (150, 320, 70),
        (0, 900, 150),
        (340, 1100, 110),
        // Of one outage no more than the longest counts, from its beginning on.
        (900, 1500, 500),
        (900, 9000, 500),
        (1400, 9000, 100),
        (1600, 9000, 0),
        // Nothing lies between a moment and an earlier one.
        (150, 120, 0),
        (1100, 1050, 0),
    ] {
        let (from, to) = (Time::from_millis(from), Time::from_millis(to));
        let found = outages.overlap(SYSTEM, from, to);
        assert_eq!(found, Duration::from_millis(expected), "{from} to {to}");
        assert_eq!(outages.overlap(System::Blacklist, from, to), Duration::ZERO);
    }
    let whole = outages.during(SYSTEM, Time::from_millis(900), Time::from_millis(9000));
    assert_eq!(whole, Duration::from_millis(8000));
}

#[test]
fn an_overlap_is_the_sum_of_its_parts() {
    let outages = outages(&[(10, Some(13)), (20, Some(29)), (29, Some(30)), (40, None)], 7);
    let overlap = |from, to| outages.overlap(SYSTEM, Time::from_millis(from), Time::from_millis(to));
    for from in 0..60 {
        for to in from..60 {
            let parts: Duration = (from..to).map(|at| overlap(at, at + 1)).sum();
            assert_eq!(overlap(from, to), parts, "{from} to {to}");
        }
    }
}

#[test]
fn what_is_stored_need_not_be_tidy_and_old_ones_are_forgotten() {
    // A process that died before it wrote the end, and a system that nobody knows.
    let unknown = store::Outage { system: 999, start: NOW, end: None };
    assert_eq!(Outages::of([unknown], Duration::MAX), Outages::of([], Duration::MAX));
    let mut outages = outages(&[(100, None), (300, Some(350)), (400, None)], 1000);
    let during = |outages: &Outages| outages.during(SYSTEM, Time::from_millis(0), Time::from_millis(500));
    assert_eq!(during(&outages), Duration::from_millis(200 + 50 + 100));
    outages.forget(Time::from_millis(350));
    assert_eq!(during(&outages), Duration::from_millis(50 + 100));
    outages.forget(Time::from_millis(351));
    assert_eq!(during(&outages), Duration::from_millis(100), "one that lasts is never old");
}
