//! Real bytes of every version of every record: the newest are written alike, all are read.
//!
//! `tests/fixtures/records/v1/` and its neighbours are never edited. A new version of a record gets
//! a folder of its own beside them, and the bytes of the old ones must go on reading.

use super::change::{self, ChangeRecord};
use super::definition::{self, MachineV1, ProductV1, StateV1};
use super::delivery::{self, DeliveryRecord, Resent};
use super::journal::{self, Entry, Happening};
use super::{RecordError, snapshot};
use crate::machine::application::{Application, Wish};
use crate::machine::call::{Call, Cause, EffectId, Reply, Slot, Told};
use crate::machine::challenge::ChallengeKind;
use crate::machine::collection::{CollectionKind, StateNumber};
use crate::machine::event::{Event, EvidenceAdded};
use crate::machine::evidence::EvidenceKind;
use crate::machine::graph::application::State;
use crate::machine::samples::{self, ID, NOW, VERSION, Wanted};
use crate::machine::step::{Effect, Move, Moved};
use crate::machine::table::Owner;
use crate::machine::view::{Brief, View};
use crate::store::codec::Encoded;
use std::fs;

const TELECOM: Slot = Slot::Collection(CollectionKind::Telecom);

/// What a version wrote; without it the version may not be written at all.
fn released(version: u16, records: &str) -> String {
    let file = format!("{}/tests/fixtures/records/v{version}/{records}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("version {version} of {records} has no fixture: {file}: {error}"));
    assert!(!text.is_empty(), "{file} is empty");
    text
}

/// Compares what is written now with the fixture of the newest version, and reads those of all before.
fn check_all<T: PartialEq + std::fmt::Debug>(
    (records, newest): (&str, u16),
    values: &[(String, T)],
    write: impl Fn(&T) -> Encoded,
    read: impl Fn(&Encoded) -> Result<T, RecordError>,
    as_known_then: impl Fn(u16, &T) -> T,
) {
    check(newest, &released(newest, records), values, write, &read);
    for version in 1..newest {
        check_former(version, &released(version, records), values, |it| as_known_then(version, it), &read);
    }
}

/// Reads what a former version wrote: each line is one of today's values as it was known then.
fn check_former<T: PartialEq + std::fmt::Debug>(
    version: u16,
    released: &str,
    values: &[(String, T)],
    as_known_then: impl Fn(&T) -> T,
    read: impl Fn(&Encoded) -> Result<T, RecordError>,
) {
    for line in released.lines() {
        let (name, body) = line.split_once(' ').unwrap();
        let (_, value) = values.iter().find(|(of, _)| of == name).expect("what was released is covered");
        let encoded = Encoded { version, body: hex::decode(body).unwrap() };
        assert_eq!(read(&encoded).unwrap(), as_known_then(value), "{name}");
    }
}

/// Compares what is written now with what was released, and reads all of it back.
fn check<T: PartialEq + std::fmt::Debug>(
    newest: u16,
    released: &str,
    values: &[(String, T)],
    write: impl Fn(&T) -> Encoded,
    read: impl Fn(&Encoded) -> Result<T, RecordError>,
) {
    let mut lines = released.lines();
    for (name, value) in values {
        let written = write(value);
        let line = format!("{name} {}", hex::encode(&written.body));
        assert_eq!(Some(line.as_str()), lines.next(), "{name}");
        assert_eq!(written.version, newest);
        assert_eq!(read(&written).unwrap(), *value, "{name}");
        for cut in 0..written.body.len() {
            let torn = Encoded { version: newest, body: written.body[..cut].to_vec() };
            assert!(read(&torn).is_err(), "{name} cut to {cut} bytes");
        }
        let newer = Encoded { version: newest + 1, ..written };
        let error = read(&newer).unwrap_err();
        let is_newer = |found, known| (found, known) == (newest + 1, newest);
        assert!(
            matches!(error, RecordError::Newer { found, known, .. } if is_newer(found, known)),
            "{name}: {error}"
        );
    }
    assert_eq!(lines.next(), None, "a released record is not covered");
}

#[test]
fn snapshots_of_every_state_are_those_released() {
    let read = |encoded: &_| snapshot::from_record(ID, VERSION, encoded);
    let released = ("snapshots", snapshot::VERSION);
    check_all(released, &snapshots(), snapshot::to_record, read, |_, it| it.clone());
}

/// A survey of a record of any version says where the application that is read from it stands.
#[test]
fn a_survey_finds_what_is_read() {
    let mut seen = 0;
    for version in 1..=snapshot::VERSION {
        for line in released(version, "snapshots").lines() {
            let (name, body) = line.split_once(' ').unwrap();
            let encoded = Encoded { version, body: hex::decode(body).unwrap() };
            let application = snapshot::from_record(ID, VERSION, &encoded).unwrap();
            let survey = snapshot::survey(&encoded).unwrap();
            let places: Vec<_> = survey.standings.iter().map(|it| (it.machine, it.state)).collect();
            let collections = &application.collections;
            let read = collections.iter().map(|it| (it.kind.number(), it.state().number));
            let read: Vec<_> = [(1, application.state().number())].into_iter().chain(read).collect();
            assert_eq!(places, read, "{name} of version {version}");
            assert!(survey.standings[0].version.is_some(), "{name} of version {version}");
            let product = (survey.product.as_str(), survey.product_version);
            assert_eq!(product, (application.plan.product.as_str(), application.plan.version));
            seen += collections.len();
        }
    }
    assert!(seen > 100, "collections are looked for in the wrong place");
}

#[test]
fn definitions_are_those_released() {
    let state = |number, name: &str, owner: Option<&str>| StateV1 {
        number,
        name: name.to_owned(),
        class: "open".to_owned(),
        terminal: owner.is_none(),
        owner: owner.map(str::to_owned),
        wakeup: owner.map(|_| "reminder".to_owned()),
    };
    let machine = MachineV1 {
        name: "tiny".to_owned(),
        version: 3,
        snapshot: 4,
        states: vec![state(1, "ASKING", Some("applicant")), state(300, "DONE", None)],
        edges: vec![(2, "answered".to_owned())],
        retired: vec![7],
    };
    let product = ProductV1 {
        version: 70_000,
        evidence: vec![1, 300],
        wishes: vec![(2, true), (3, false)],
        term_days: 14,
        blacklist: true,
        decider: 2,
        fresh: vec![(1, 86_400_000)],
    };
    let newest = definition::VERSION;
    for version in 1..=newest {
        let released = released(version, "definitions");
        let (machines, products): (Vec<_>, Vec<_>) =
            released.split_inclusive('\n').partition(|line| line.starts_with("machine"));
        assert_eq!(version, newest, "say how a former definition reads");
        let (write, read) = (definition::machine_to_record, definition::machine_from_record);
        check(newest, &machines.concat(), &[("machine".to_owned(), machine.clone())], write, read);
        let (write, read) = (definition::product_to_record, definition::product_from_record);
        check(newest, &products.concat(), &[("product".to_owned(), product.clone())], write, read);
    }
}

#[test]
fn every_machine_is_a_small_record() {
    for drawn in crate::machine::graph::MACHINES {
        let machine = MachineV1::from(drawn);
        let record = definition::machine_to_record(&machine);
        assert!(record.body.len() < crate::store::INLINE_LIMIT, "{}: {}", drawn.name, record.body.len());
        assert_eq!(definition::machine_from_record(&record).unwrap(), machine);
    }
}

#[test]
fn journal_entries_of_every_happening_are_those_released() {
    let then = |version, it: &Entry| match version {
        1 => Entry { actor: String::new(), detail: detail_then(it), ..it.clone() },
        _ => it.clone(),
    };
    check_all(("journal", journal::VERSION), &entries(), journal::to_record, journal::from_record, then);
}

/// The certification is no collection, and stands behind them: of every state it comes back.
#[test]
fn a_certification_is_kept_with_changes_and_journals() {
    use crate::machine::certification::State as Step;
    let before = samples::application(samples::init(), Wanted::No);
    for step in Step::ALL {
        let view = View { certification: Some(*step), ..View::of(&before) };
        let change = ChangeRecord { at: NOW, before: None, after: view };
        assert_eq!(change::from_record(ID, VERSION, &change::to_record(&change)).unwrap(), change);
        let moves = vec![Move { slot: Slot::Certification, edge: 1, from: 1, to: step.number() }];
        let (_, entry) = entries().into_iter().next().unwrap();
        let entry = Entry { moves, ..entry };
        assert_eq!(journal::from_record(&journal::to_record(&entry)).unwrap(), entry);
    }
    let odd = View { certification: Some(Step::Complete), ..View::of(&before) };
    let mut encoded = change::to_record(&ChangeRecord { at: NOW, before: None, after: odd });
    // Its number is a byte, behind that of the machine.
    let at = encoded.body.windows(2).rposition(|pair| *pair == [6, 8]).unwrap();
    encoded.body[at + 1] = 99;
    let error = change::from_record(ID, VERSION, &encoded).unwrap_err();
    assert!(error.to_string().contains("no state of the certification has the number 99"), "{error}");
}

#[test]
fn deliveries_are_those_released() {
    let first = Resent { by: samples::by(), at: NOW, request: Some([3; 16]), error: None, is_behind: false };
    let second =
        Resent { request: None, error: Some("HTTP 503".to_owned()), is_behind: true, ..first.clone() };
    let bare = DeliveryRecord {
        sequence: 300,
        state: State::Init,
        at: NOW,
        message: "{}".to_owned(),
        tries: 0,
        first_try: None,
        error: None,
        resent: Vec::new(),
    };
    let full = DeliveryRecord {
        state: State::Rejected,
        tries: 70_000,
        first_try: Some(NOW),
        error: Some("HTTP 500".to_owned()),
        resent: vec![first.clone()],
        ..bare.clone()
    };
    let twice = DeliveryRecord { resent: vec![first, second], ..full.clone() };
    let records: Vec<_> = [("bare", bare), ("full", full), ("twice", twice)]
        .map(|(name, record)| (name.to_owned(), record))
        .into();
    let newest = delivery::VERSION;
    let written = released(newest, "deliveries");
    check(newest, &written, &records, delivery::to_record, delivery::from_record);
    for version in 1..newest {
        let mut former = released(version, "deliveries");
        if version == 1 {
            // Its lines have no names: they are those of the first two.
            assert_eq!(former.lines().count(), 2);
            let named = former.lines().zip(&records).map(|(body, (name, _))| format!("{name} {body}\n"));
            former = named.collect();
        }
        check_former(version, &former, &records, Clone::clone, delivery::from_record);
    }
}

#[test]
fn changes_of_every_state_are_those_released() {
    let read = |encoded: &_| change::from_record(ID, VERSION, encoded);
    let then = |version, it: &ChangeRecord| if version == 1 { change_then(it) } else { it.clone() };
    check_all(("changes", change::VERSION), &changes(), change::to_record, read, then);
}

/// A resume had no reason then.
fn detail_then(entry: &Entry) -> String {
    if entry.happening == Happening::ResumeRequested { String::new() } else { entry.detail.clone() }
}

/// Of what stood before, the state alone was known.
fn change_then(change: &ChangeRecord) -> ChangeRecord {
    let mut then = change.clone();
    (then.after.calls, then.after.held) = (Vec::new(), None);
    (then.after.phone, then.after.identity) = (None, None);
    if let Some(before) = &mut then.before {
        (before.held, before.cause, before.waits_for) = (false, None, Vec::new());
    }
    then
}

#[test]
fn a_snapshot_from_the_future_names_both_versions() {
    let mut encoded = snapshot::to_record(&samples::application(samples::init(), Wanted::No));
    encoded.version = 5;
    let text = "read a snapshot record of version 5: this Docket knows versions up to 4; run a newer one";
    assert_eq!(snapshot::from_record(ID, VERSION, &encoded).unwrap_err().to_string(), text);
}

#[test]
fn an_application_that_follows_a_newer_machine_is_refused() {
    let mut application = samples::application(samples::init(), Wanted::No);
    application.plan.collections = CollectionKind::ALL.map(|kind| Wish { kind, required: true }).into();
    let known = snapshot::to_record(&application);
    // The record begins with the machines it follows: how many, then number and version of each, a byte
    // each while they are small.
    assert_eq!(known.body[..11], [5, 1, 4, 2, 3, 3, 1, 4, 1, 5, 1]);
    for (at, machine) in [(2, "application"), (4, "telecom"), (6, "degree"), (10, "ebank_v2")] {
        let mut newer = known.clone();
        newer.body[at] += 1;
        let known = newer.body[at] - 1;
        let error = snapshot::from_record(ID, VERSION, &newer).unwrap_err();
        let text =
            format!("version {} of the {machine} machine: this Docket knows version {known}", known + 1);
        assert!(error.to_string().contains(&text), "{error}");
    }
}

#[test]
fn every_call_is_stored() {
    let stored: Vec<_> = calls().iter().map(Call::name).collect();
    assert_eq!(stored, Call::NAMES);
}

#[test]
fn every_happening_is_told_by_some_event() {
    let told: Vec<_> = entries().into_iter().map(|(_, entry)| entry.happening).collect();
    for happening in Happening::ALL {
        assert!(told.contains(&happening), "{}", happening.name());
    }
}

/// Every phase, situation, cause and call.
fn snapshots() -> Vec<(String, Application)> {
    let mut all = Vec::new();
    let mut add = |name: &str, at: usize, application: Application| {
        all.push((format!("{name}.{at}"), application));
    };
    for state in State::ALL.iter().filter(|state| **state != State::ReviewPending) {
        for (at, application) in samples::in_state(*state).into_iter().enumerate() {
            add(state.name(), at, application);
        }
    }
    for (name, at, application) in collected(CollectionKind::Telecom) {
        add(&name, at, application);
    }
    for (at, cause) in causes().into_iter().enumerate() {
        let phase = samples::suspended(samples::init(), cause);
        add("cause", at, samples::application(phase, Wanted::Optional));
    }
    let with_call = |call: &Call| {
        let mut application = samples::application(samples::collecting(), Wanted::Required);
        application.outbox =
            [Slot::Application, TELECOM].map(|slot| samples::pending(slot, call.clone())).into();
        application
    };
    for (at, call) in calls().iter().enumerate().take(KNOWN_CALLS) {
        add("call", at, with_call(call));
    }
    let mut bare = samples::application(samples::init(), Wanted::No);
    (bare.phone, bare.identity, bare.documents, bare.evidence) = (None, None, Vec::new(), Vec::new());
    bare.plan.evidence = EvidenceKind::ALL[..8].into();
    add("bare", 0, bare);
    add("held", 0, samples::held(samples::application(samples::init(), Wanted::No)));
    // What came after the second version comes after what was there: changes take turns by their place.
    for kind in [CollectionKind::Degree, CollectionKind::Ebank, CollectionKind::EbankV2] {
        for (name, at, application) in collected(kind) {
            add(&name, at, application);
        }
    }
    for (at, call) in calls().iter().enumerate().skip(KNOWN_CALLS) {
        add("call", at, with_call(call));
    }
    for (at, application) in samples::with_two_collections(&samples::collecting()).into_iter().enumerate() {
        add("two", at, Application { counted: Some(NOW), ..application });
    }
    // What came after the third version.
    for (at, application) in samples::reviewed().into_iter().enumerate() {
        add("reviewed", at, application);
    }
    all
}

/// How many calls the second version knew.
const KNOWN_CALLS: usize = 10;

fn collected(kind: CollectionKind) -> Vec<(String, usize, Application)> {
    let mut all = Vec::new();
    for state in kind.definition().states {
        let samples = samples::in_collection_state(kind, StateNumber(state.number));
        for (at, collection) in samples.into_iter().enumerate() {
            all.push((format!("{}.{}", kind.name(), state.name), at, samples::with_collection(collection)));
        }
    }
    all
}

fn causes() -> Vec<Cause> {
    let detail = || "detail".to_owned();
    vec![
        Cause::Unavailable { detail: detail() },
        Cause::Unintelligible { detail: detail() },
        Cause::Refused { detail: detail() },
        Cause::Denied { detail: detail() },
        Cause::Missing { detail: detail() },
        Cause::DataOverdue,
        Cause::SessionsUsedUp,
        Cause::AuditOverdue,
        Cause::CollectionsParked,
    ]
}

fn calls() -> Vec<Call> {
    let (open_id, answer) = (|| samples::OPEN_ID.to_owned(), || samples::answer(300));
    vec![
        Call::Blacklist,
        Call::AuditApply,
        Call::AuditResult { open_id: open_id() },
        Call::TelecomOpen { password: answer() },
        Call::TelecomQueryPassword { open_id: open_id(), answer: answer() },
        Call::TelecomCaptcha { open_id: open_id(), answer: answer() },
        Call::TelecomResend { open_id: open_id() },
        Call::TelecomState { open_id: open_id() },
        Call::TelecomRawData { open_id: open_id() },
        Call::TelecomReport { open_id: open_id() },
        Call::DegreeOpen,
        Call::DegreeLogin { open_id: open_id(), account: answer() },
        Call::DegreeState { open_id: open_id() },
        Call::DegreeRawData { open_id: open_id() },
        Call::EbankBanks,
        Call::EbankLicense { login: answer() },
        Call::EbankOpen { login: answer() },
        Call::EbankState { open_id: open_id() },
        Call::EbankCaptcha { open_id: open_id(), answer: answer() },
        Call::EbankRawData { open_id: open_id() },
        Call::EbankV2Open,
        Call::EbankV2Banks { open_id: open_id() },
        Call::EbankV2License { open_id: open_id(), login: answer() },
        Call::EbankV2Login { open_id: open_id(), login: answer() },
        Call::EbankV2State { open_id: open_id() },
        Call::EbankV2Captcha { open_id: open_id(), answer: answer() },
        Call::EbankV2RawData { open_id: open_id() },
    ]
}

fn entries() -> Vec<(String, Entry)> {
    let (detail, open_id) = (|| "detail".to_owned(), || samples::OPEN_ID.to_owned());
    let added = EvidenceAdded {
        evidence: [EvidenceKind::Loan, EvidenceKind::Work].map(|kind| samples::evidence(kind, 3)).into(),
        ..EvidenceAdded::default()
    };
    let kind = ChallengeKind::SmsCode;
    let document = samples::document(8, crate::machine::evidence::DocumentKind::TelecomRawData);
    let mut events = vec![
        Event::EvidenceAdded(added),
        Event::CancelRequested { reason: detail() },
        Event::ResumeRequested { by: samples::by() },
        Event::RetryRequested { by: samples::by() },
        Event::RestartRequested { collection: CollectionKind::Telecom, by: samples::by() },
        Event::HoldRequested { by: samples::by() },
        Event::ReleaseRequested { by: samples::by() },
        Event::AnswerSubmitted { challenge: 2, kind, answer: samples::answer(1) },
        Event::ResendRequested { challenge: 2 },
        Event::Due,
        Event::OutageCounted { slot: TELECOM, by: std::time::Duration::from_secs(90) },
    ];
    let effect = EffectId { version: VERSION, slot: TELECOM };
    let replies = [
        Reply::BlacklistClear,
        Reply::BlacklistHit,
        Reply::AuditAccepted { open_id: open_id() },
        Reply::AuditRunning,
        Reply::AuditApproved,
        Reply::AuditRejected { reason: detail() },
        Reply::Opened { open_id: open_id(), agreement: None },
        Reply::Accepted { told: None },
        Reply::State(Told::plain(21, detail())),
        Reply::NotReady,
        Reply::Stored { document },
        Reply::Refused { message: detail() },
        Reply::Lost,
        Reply::Failed { cause: Cause::DataOverdue },
    ];
    events.extend(replies.map(|reply| Event::Replied { effect, reply }));
    events.extend([
        Event::ClaimRequested { by: samples::by() },
        Event::ReturnRequested { by: samples::by() },
        Event::ApproveRequested { by: samples::by() },
        Event::RejectRequested { by: samples::by() },
    ]);
    let pending = samples::pending(Slot::Application, Call::AuditApply);
    let moved = Moved {
        application: samples::application(samples::init(), Wanted::No),
        moves: vec![
            Move { slot: TELECOM, edge: 26, from: 6, to: 7 },
            Move { slot: Slot::Application, edge: 11, from: 2, to: 4 },
        ],
        effects: vec![Effect::Withdraw(effect), Effect::Destroy(samples::answer(1)), Effect::Call(pending)],
    };
    let entry = |event: &Event| {
        let entry = Entry::of(event, &moved, NOW);
        (entry.happening.name().to_owned(), entry)
    };
    events.iter().map(entry).collect()
}

/// A change into every snapshot's state.
fn changes() -> Vec<(String, ChangeRecord)> {
    let waits_for = ["sms_code", "telecom_state"].map(str::to_owned).into();
    let cause = Some("unavailable".to_owned());
    let brief =
        Brief { state: State::Collecting, owner: Some(Owner::Provider), held: true, cause, waits_for };
    let before = [None, Some(brief)];
    let change = |(at, (name, application)): (usize, (String, Application))| {
        (name, ChangeRecord { at: NOW, before: before[at % 2].clone(), after: View::of(&application) })
    };
    snapshots().into_iter().enumerate().map(change).collect()
}
