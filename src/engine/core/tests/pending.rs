//! What is decided goes on at once; what comes of it waits for its own sync.

use super::*;
use crate::engine::archive::Archive;
use crate::vault::Secret;

impl Server {
    /// Appends what was decided, and makes nothing of it durable.
    fn appends(&mut self) -> Mark {
        self.core.append().unwrap()
    }

    fn syncs(&self) {
        self.store.sync().unwrap();
    }

    fn settles_up_to(&mut self, mark: Mark) -> Published<u32> {
        self.core.settle(mark, self.now).unwrap()
    }

    /// The versions that were settled, and how many were answered.
    fn told(&mut self, mark: Mark) -> (Vec<u64>, usize) {
        let published = self.settles_up_to(mark);
        let versions = published.applications.iter().map(|application| application.version).collect();
        (versions, published.answers.len())
    }

    fn asks(&mut self, request: u8, event: Event) {
        let command = Command::Tell { application: samples::ID, event };
        let request = Some(Request { key: RequestKey([request; 16]), fingerprint: [1; 16] });
        let terms = Terms { request, ..Terms::default() };
        self.core.handle(Input::Command { ticket: 1, command, terms }, self.now);
    }

    fn archive(&self) -> Archive<MemoryStore> {
        Archive::new(Arc::clone(&self.store), self.vault.clone(), Random::seeded(2))
    }

    fn opens(&self, answer: &SealedAnswer) -> bool {
        let application = self.core.load(samples::ID).unwrap().unwrap();
        self.archive().answer(&application, answer).unwrap().is_some()
    }
}

const HOLD: fn() -> Event = || Event::HoldRequested { by: samples::by() };
const RELEASE: fn() -> Event = || Event::ReleaseRequested { by: samples::by() };

#[test]
fn the_next_step_is_decided_while_the_former_is_written() {
    let mut server = Server::new();
    server.brings(Wanted::No);
    let first = server.appends();
    server.tells(samples::ID, HOLD());
    let second = server.appends();
    server.tells(samples::ID, RELEASE());
    assert_eq!(server.store.application(samples::ID).unwrap().unwrap().version, 2);
    assert_eq!((server.store.span().unwrap(), server.core.pending()), ((1, 0), 2));
    assert_eq!(server.told(Mark::default()), (vec![], 0));
    server.syncs();
    assert_eq!(server.told(first), (vec![1], 1));
    assert!(server.core.take_calls(9, server.now).is_empty(), "what was decided since may forbid it");
    assert_eq!(server.told(second), (vec![2], 1));
    assert!(server.core.take_calls(9, server.now).is_empty());
    let third = server.appends();
    assert!(first < second && second < third);
    server.syncs();
    assert_eq!(server.told(third), (vec![3], 1));
    assert_eq!(server.calls().pending.call, Call::Blacklist);
    server.remembers_what_is_stored();
}

#[test]
fn groups_that_one_sync_made_durable_are_settled_in_order() {
    let mut server = Server::new();
    server.brings(Wanted::No);
    server.appends();
    server.is_visited(3);
    server.tells(samples::ID, HOLD());
    server.appends();
    server.tells(samples::ID, RELEASE());
    let last = server.appends();
    server.syncs();
    let published = server.settles_up_to(last);
    let moved: Vec<_> = published.applications.iter().map(|it| (it.id, it.version)).collect();
    let visitors = [1, 2, 3].map(|number| (visitor(number), 1));
    let expected = [&[(samples::ID, 1)][..], &visitors, &[(samples::ID, 2), (samples::ID, 3)]].concat();
    assert_eq!((moved, published.sequence, published.answers.len()), (expected, 6, 6));
    assert_eq!(server.core.pending(), 0);
    assert_eq!(server.core.take_calls(9, server.now).len(), 4);
}

#[test]
fn a_crash_takes_back_what_nobody_was_told() {
    let mut server = Server::new();
    server.brings(Wanted::No);
    server.settles();
    server.tells(samples::ID, Event::CancelRequested { reason: "changed their mind".to_owned() });
    server.appends();
    assert_eq!(server.stands().0, State::Cancelled);
    server.restarts();
    assert_eq!(server.stands().0, State::Init);
    assert_eq!(server.calls().pending.call, Call::Blacklist, "it is asked for, and safe to repeat");
}

#[test]
fn an_answer_that_wrote_nothing_waits_for_what_it_tells_of() {
    let mut server = Server::new();
    server.brings(Wanted::No);
    let first = server.appends();
    // It is there already; it is another's; it is there and looked at.
    server.brings(Wanted::No);
    let like = samples::application(samples::init(), Wanted::No);
    let birth = Birth { id: visitor(9), source: like.source, plan: like.plan, order_id: 1, key: 0 };
    let command = Command::Bring { birth, evidence: EvidenceAdded::default(), bodies: Vec::new() };
    server.core.handle(Input::Command { ticket: 2, command, terms: Terms::default() }, server.now);
    server.tells(samples::ID, RELEASE());
    assert_eq!(server.appends(), first, "nothing was written");
    assert_eq!(server.told(Mark::default()), (vec![], 0));
    server.syncs();
    let answers = server.settles_up_to(first).answers;
    let told: Vec<_> = answers.iter().map(|(_, answer)| answer.as_ref().map(|done| done.repeated)).collect();
    assert!(matches!(told[..], [Ok(false), Ok(true), Err(Declined::Exists { .. }), _]), "{told:?}");
    // With nothing under way they are given at once.
    server.brings(Wanted::No);
    let mark = server.appends();
    assert_eq!(server.told(mark), (vec![], 1));
}

#[test]
fn a_repeated_request_is_known_before_the_first_is_durable_and_waits_for_it() {
    let mut server = Server::new();
    server.brings(Wanted::No);
    server.settles();
    server.asks(7, HOLD());
    let first = server.appends();
    server.asks(7, HOLD());
    let command = Command::Tell { application: samples::ID, event: RELEASE() };
    let request = Some(Request { key: RequestKey([7; 16]), fingerprint: [2; 16] });
    let terms = Terms { request, ..Terms::default() };
    server.core.handle(Input::Command { ticket: 1, command, terms }, server.now);
    assert_eq!(server.appends(), first);
    // Who asks the store hears nothing of it, not even that its id was used.
    for fingerprint in [[1; 16], [2; 16]] {
        let request = Request { key: RequestKey([7; 16]), fingerprint };
        assert!(answered_before(&*server.store, request).unwrap().is_none());
    }
    assert_eq!(server.told(Mark::default()), (vec![], 0));
    server.syncs();
    let answers = server.settles_up_to(first).answers;
    let told = answers.into_iter().map(|(_, answer)| answer.map(|done| (done.repeated, done.view.version)));
    let told: Vec<_> = told.collect();
    assert!(matches!(told[..], [Ok((false, 2)), Ok((true, 2)), Err(Declined::RequestReused)]), "{told:?}");
    server.asks(7, HOLD());
    let mark = server.appends();
    let answers = server.settles_up_to(mark).answers;
    assert!(answers[0].1.as_ref().is_ok_and(|done| done.repeated && done.view.version == 2));
}

#[test]
fn the_key_of_an_answer_is_destroyed_once_its_submission_is_durable() {
    let mut server = Server::new();
    let password = server.archive().seal_answer(samples::ID, &Secret::from("1".to_owned())).unwrap();
    server.brings_with(Wanted::Required, password.clone());
    let order = server.calls();
    server.replies(&order, Reply::BlacklistClear);
    let order = server.calls();
    assert!(matches!(order.pending.call, Call::TelecomOpen { .. }));
    server.replies(&order, Reply::Opened { open_id: "session".to_owned(), agreement: None });
    let mark = server.appends();
    assert!(!server.core.load(samples::ID).unwrap().unwrap().answers().any(|held| *held == password));
    assert!(server.opens(&password), "a crash would bring the call back that needs it");
    server.syncs();
    assert!(server.settles_up_to(mark).has_destroyed);
    assert!(!server.opens(&password));
}

#[test]
fn an_outage_is_told_once_it_is_durable() {
    let mut server = Server::new();
    server.is_visited(8);
    let orders = server.settles();
    server.core.turned();
    orders.iter().for_each(|order| server.fails(order));
    assert_eq!(server.breaker(System::Blacklist), Breaker::Open);
    assert!(server.core.turned().is_none());
    let mark = server.appends();
    assert!(server.core.turned().is_none());
    server.syncs();
    server.settles_up_to(mark);
    let standings = server.core.turned().expect("it turned, and that is stored");
    assert!(standings.iter().any(|it| it.system == System::Blacklist && it.state == Breaker::Open));
    assert!(server.core.turned().is_none(), "once");
}

#[test]
fn what_was_parked_is_called_as_it_is_durable() {
    let mut server = Server::new();
    server.is_visited(8);
    server.suffers(HOUR);
    for number in 1..=8 {
        server.tells(visitor(number), HOLD());
    }
    let mark = server.appends();
    let mut orders = Vec::new();
    while orders.is_empty() {
        server.core.tick(server.now).unwrap();
        orders = server.core.take_calls(9, server.now);
        server.sleeps();
    }
    assert_eq!(orders.len(), 1, "one asks whether the system is back");
    let Order { application, pending } = &orders[0];
    assert_eq!((application.version, application.held.is_some()), (1, false));
    assert!(application.outbox.contains(pending));
    server.syncs();
    assert_eq!(server.told(mark).0, [2; 8]);
}
