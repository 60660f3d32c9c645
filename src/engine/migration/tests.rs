//! What becomes of what is stored when the definition has changed.

use super::definition::Definition;
use super::*;
use crate::machine::application::{Application, Plan};
use crate::machine::collection::{Collection, CollectionKind, Situation, StateNumber};
use crate::machine::id::ApplicationId;
use crate::machine::samples::{self, Wanted};
use crate::machine::time::Time;
use crate::store::codec::Encoded;
use crate::store::memory::MemoryStore;
use crate::store::records::definition::StateV1;
use crate::store::records::{index, snapshot};
use crate::store::{IndexKey, Item};

/// The products of the samples.
fn products() -> Products {
    Products::new([samples::plan(Wanted::Required)])
}

fn encoded(text: &str) -> Encoded {
    Encoded { version: 1, body: text.as_bytes().to_vec() }
}

/// Stores an application as its record says it.
fn put(store: &MemoryStore, snapshot: Encoded, wake: Option<u64>, index: Vec<IndexKey>) {
    let mut id = *samples::ID.as_bytes();
    id[15] = u8::try_from(store.counts().applications).unwrap();
    let item = Item {
        application: ApplicationId::from_bytes(id),
        expected: 0,
        snapshot,
        entry: encoded("entry"),
        change: encoded("change"),
        wake: wake.map(Time::from_millis),
        documents: Vec::new(),
        unindex: Vec::new(),
        index,
        request: None,
    };
    store.commit(&[item]).unwrap();
}

fn put_live(store: &MemoryStore, application: &Application) {
    put(store, snapshot::to_record(application), Some(7), index::keys(application));
}

fn in_init() -> Application {
    samples::application(samples::init(), Wanted::No)
}

/// An application whose telecom collection is said to stand in a state of this number.
fn collecting_in(number: u16) -> Application {
    let session = samples::session();
    let situation = Situation::Working { session, state: StateNumber(number) };
    let collection = samples::in_collection_state(CollectionKind::Telecom, StateNumber(2)).remove(0);
    samples::with_collection(Collection { situation, ..collection })
}

/// Writes the definition of this program as it is once `change` is through with it.
fn write(store: &MemoryStore, change: impl FnOnce(&mut Definition)) {
    let mut definition = Definition::running(&products());
    change(&mut definition);
    store.write_definitions(&definition.instead_of(&Definition::default())).unwrap();
}

fn state<'a>(definition: &'a mut Definition, machine: u16, name: &str) -> &'a mut StateV1 {
    let states = &mut definition.machines.get_mut(&machine).unwrap().states;
    states.iter_mut().find(|state| state.name == name).unwrap()
}

/// The rows as text: the verdict, and the row as a refusal tells it.
fn told(store: &MemoryStore) -> Vec<String> {
    let rows = compare(store, &products()).unwrap().rows;
    rows.iter().map(|row| format!("{}: {row}", row.verdict.name())).collect()
}

#[test]
fn an_unchanged_definition_is_the_same_and_reads_nothing_at_the_start() {
    let store = MemoryStore::new();
    put_live(&store, &in_init());
    put_live(&store, &collecting_in(101));
    let all = told(&store);
    assert_eq!(
        all,
        [
            "same: 1 application in state INIT of machine application version 4",
            "same: 1 application in state COLLECTING of machine application version 4",
            "same: 1 application in state RESTART of machine telecom version 3",
            "same: 2 applications of product cash version 3",
        ]
    );
    // Nobody knows what ran here before: all is compared, and what runs now is kept.
    admit(&store, &products()).unwrap();
    assert_eq!(Definition::stored(&store).unwrap(), Definition::running(&products()));
    assert_eq!(told(&store), all);
    // It would not do if it were read.
    put(&store, encoded("no snapshot"), Some(7), Vec::new());
    admit(&store, &products()).unwrap();
}

#[test]
fn another_name_another_meaning_and_another_end_are_told_apart() {
    let store = MemoryStore::new();
    put_live(&store, &in_init());
    write(&store, |it| state(it, 1, "INIT").name = "NEW".to_owned());
    assert_eq!(told(&store)[0], "renamed: 1 application in state NEW of machine application version 4");
    let row = &compare(&store, &products()).unwrap().rows[0];
    assert!(matches!(&row.subject, Subject::State { now: Some(now), .. } if now == "INIT"), "{row:?}");

    write(&store, |it| state(it, 1, "INIT").owner = Some("operator".to_owned()));
    assert_eq!(
        told(&store)[0],
        "needs a rule: 1 application in state INIT of machine application version 4 (its owner was operator \
         and is evidence: without a rule they stay in it)"
    );
    admit(&store, &products()).unwrap();

    write(&store, |it| state(it, 1, "INIT").terminal = true);
    let error = admit(&store, &products()).unwrap_err().to_string();
    let text = "this docket cannot go on with 1 application in state INIT of machine application version 4 \
                (the state is an end no more, and no rule says what becomes of them); nothing was changed: ";
    assert!(error.starts_with(text), "{error}");
}

#[test]
fn a_state_that_is_not_drawn_is_impossible_and_changes_nothing() {
    let store = MemoryStore::new();
    put_live(&store, &in_init());
    put_live(&store, &collecting_in(199));
    put_live(&store, &collecting_in(199));
    write(&store, |it| {
        let mut limbo = state(it, 2, "CHECKING").clone();
        (limbo.number, limbo.name) = (199, "LIMBO".to_owned());
        it.machines.get_mut(&2).unwrap().states.push(limbo);
    });
    let before = store.dump();
    let error = admit(&store, &products()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this docket cannot go on with 2 applications in state LIMBO of machine telecom version 3 (this docket \
         does not draw the state); nothing was changed: start the docket that ran here last with its settings, \
         and look at `docket machine plan`"
    );
    assert_eq!(store.dump(), before);
    // They are blamed on the collection alone.
    let told = told(&store);
    assert!(told[1].starts_with("same: 2 applications in state COLLECTING"), "{told:#?}");
}

#[test]
fn records_of_a_newer_docket_are_found_by_their_index() {
    let store = MemoryStore::new();
    let newer = || Encoded { version: 9, ..encoded("of another form") };
    put(&store, newer(), Some(7), vec![index::by_state_number(99)]);
    put(&store, newer(), None, vec![index::by_state_number(99)]);
    put(&store, newer(), Some(7), Vec::new());
    write(&store, |it| {
        let mut limbo = state(it, 1, "INIT").clone();
        (limbo.number, limbo.name) = (99, "LIMBO".to_owned());
        it.machines.get_mut(&1).unwrap().states.push(limbo);
    });
    let rows = compare(&store, &products()).unwrap().rows;
    let told: Vec<_> = rows.iter().map(|row| (row.verdict, row.live, row.to_string())).collect();
    let unread = "read a snapshot record of version 9: this Docket knows versions up to 4; run a newer one";
    let state = "1 application in state that cannot be read of machine application";
    let limbo = "2 applications in state LIMBO of machine application (this docket does not draw the state)";
    assert_eq!(
        told,
        [(Verdict::Impossible, 1, format!("{state} ({unread})")), (Verdict::Impossible, 1, limbo.to_owned()),]
    );
}

#[test]
fn a_newer_drawing_is_blamed() {
    let store = MemoryStore::new();
    let mut newer = snapshot::to_record(&collecting_in(101));
    // The record begins with the machines that it follows: two, then number and version of each.
    assert_eq!(newer.body[..5], [2, 1, 4, 2, 3]);
    newer.body[4] = 4;
    put(&store, newer, Some(7), Vec::new());
    assert_eq!(
        told(&store)[1],
        "impossible: 1 application in state RESTART of machine telecom version 4 (this docket \
         draws version 3 of the machine)"
    );
}

#[test]
fn a_retired_state_is_impossible_without_a_rule_and_told_with_one() {
    let (store, former) = (MemoryStore::new(), Definition::running(&products()));
    put_live(&store, &in_init());
    put_live(&store, &collecting_in(101));
    let mut running = former.clone();
    let telecom = running.machines.get_mut(&2).unwrap();
    telecom.states.retain(|state| state.number != 101);
    telecom.retired.push(101);
    let tally = Tally::of(&store, &former, &running).unwrap();
    let rows = judge::rows(&tally, &former, &running);
    let retired = rows.iter().find(|row| row.verdict == Verdict::Impossible).unwrap();
    assert_eq!(
        retired.to_string(),
        "1 application in state RESTART of machine telecom version 3 (the state is retired, \
         and no rule says what becomes of them)"
    );

    // A rule is what the reader makes of it.
    let mut tally = Tally::default();
    let group = tally::Group { machine: 2, version: Some(1), state: Some(101), read: tally::Read::As(5) };
    tally.groups.insert(group, tally::Count { all: 3, live: 3 });
    let rows = judge::rows(&tally, &former, &running);
    assert_eq!(rows[0].verdict, Verdict::NeedsRule);
    assert!(rows[0].reason == "a rule reads them as CHECKING", "{}", rows[0]);
}

#[test]
fn products_are_told_by_their_versions() {
    let store = MemoryStore::new();
    put_live(&store, &in_init());
    let with =
        |version, term_days| Products::new([Plan { version, term_days, ..samples::plan(Wanted::Required) }]);
    let told = |products: &Products| {
        let rows = compare(&store, products).unwrap().rows;
        let row = rows.last().unwrap();
        (row.verdict, row.to_string())
    };
    write(&store, |_| {});
    let kept = "1 application of product cash version 3";
    assert_eq!(told(&products()), (Verdict::Same, kept.to_owned()));
    let older = format!("{kept} (they keep what they were created with)");
    assert_eq!(told(&with(4, 90)), (Verdict::Same, older));
    let unraised = "(the settings have changed and their version has not: raise it; these keep what they were \
                    created with)";
    assert_eq!(told(&with(3, 91)), (Verdict::NeedsRule, format!("{kept} {unraised}")));
    let lower = format!("{kept} (the settings have version 2: raise it)");
    assert_eq!(told(&with(2, 90)), (Verdict::Impossible, lower));
    let gone = format!("{kept} (it is not in the settings: put it back until these have ended)");
    assert_eq!(told(&Products::default()), (Verdict::Impossible, gone));
    assert!(matches!(admit(&store, &Products::default()), Err(MigrationError::Impossible(_))));

    // Those that have ended need nothing any more.
    let ended = MemoryStore::new();
    put(&ended, snapshot::to_record(&in_init()), None, Vec::new());
    assert_eq!(compare(&ended, &Products::default()).unwrap().rows[1].verdict, Verdict::Same);
}

#[test]
fn a_definition_of_a_newer_docket_names_both_versions() {
    let store = MemoryStore::new();
    let part = crate::store::Part::Machine(1);
    let record = Encoded { version: 2, ..encoded("of another form") };
    let put = vec![crate::store::Definition { part, record }];
    store.write_definitions(&crate::store::DefinitionGroup { put, forget: Vec::new() }).unwrap();
    let error = super::super::chain(&admit(&store, &products()).unwrap_err());
    let text = "read a definition record of version 2: this Docket knows versions up to 1; run a newer one";
    assert!(error.contains(text), "{error}");
}
