//! The certification: the step that is owed follows from what is there, in whatever order it came.

use super::*;
use crate::machine::application::{Phase, Plan, Want};
use crate::machine::certification::State;
use crate::machine::evidence::{Document, Evidence, Supplier};
use crate::machine::graph::certification::{Cell, DEFINITION, Edge, EventKind, cell};
use crate::machine::step::{Move, Moved};
use crate::machine::table::Outcome;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// What the app brings, in its order.
const ALL: [EvidenceKind; 9] = [
    EvidenceKind::Questionnaire,
    EvidenceKind::FacePhoto,
    EvidenceKind::FrontPhoto,
    EvidenceKind::BackPhoto,
    EvidenceKind::Identity,
    EvidenceKind::Personal,
    EvidenceKind::Work,
    EvidenceKind::Contacts,
    EvidenceKind::Card,
];

fn plan(evidence: &[EvidenceKind]) -> Plan {
    Plan { evidence: evidence.to_vec(), ..samples::plan(Wanted::No) }
}

/// Each kind in a document of its own, but one event.
fn brings_all(number: u32, kinds: &[EvidenceKind]) -> EvidenceAdded {
    let numbered = || kinds.iter().zip(number..);
    EvidenceAdded {
        documents: numbered().map(|(_, at)| samples::document(at, DocumentKind::Dossier)).collect(),
        evidence: numbered().map(|(kind, at)| samples::evidence(*kind, at)).collect(),
        phone: Some([1; 16]),
        ..EvidenceAdded::default()
    }
}

fn born(plan: Plan, added: EvidenceAdded) -> Moved {
    let source = samples::application(samples::init(), Wanted::No).source;
    let birth = Birth { id: samples::ID, source, plan, order_id: 1, key: 1 };
    create(birth, added, samples::NOW, &Policy::default()).unwrap()
}

fn moved(application: &Application, event: Event) -> Moved {
    let verdict = step(application, event, samples::NOW, &Policy::default()).unwrap();
    let Verdict::Moved(moved) = verdict else { panic!("{verdict:?}") };
    *moved
}

/// The moves of the certification: edge, and the state that it led to.
fn told(moves: &[Move]) -> Vec<(&'static str, &'static str)> {
    let of_it = moves.iter().filter(|of| of.slot == Slot::Certification);
    of_it.map(crate::machine::step::names).map(|(_, edge, _, to)| (edge, to)).collect()
}

#[test]
fn in_the_order_of_the_app_each_save_asks_for_the_next() {
    let first = born(plan(&ALL), brings(1, EvidenceKind::Questionnaire));
    assert_eq!(told(&first.moves), [("started", "QUESTIONNAIRE"), ("questionnaire_saved", "PHOTOS")]);
    let mut application = first.application;
    for (kinds, edges) in [
        (&[EvidenceKind::FacePhoto][..], &[("photo_saved", "PHOTOS")][..]),
        (&[EvidenceKind::FrontPhoto], &[("photo_saved", "CORRECTION")]),
        (&[EvidenceKind::Identity], &[("identity_saved", "PHOTOS")]),
        (&[EvidenceKind::BackPhoto], &[("photo_saved", "PERSONAL")]),
        (&[EvidenceKind::FrontPhoto], &[("photo_saved", "PERSONAL")]),
        (&[EvidenceKind::Personal], &[("personal_saved", "JOB")]),
        (&[EvidenceKind::Work], &[("job_saved", "CONTACTS")]),
        (&[EvidenceKind::Contacts], &[("contacts_saved", "CARD")]),
        (&[EvidenceKind::Loan], &[]),
        (&[EvidenceKind::Card], &[("card_saved", "COMPLETE")]),
        (&[EvidenceKind::Card], &[]),
    ] {
        let number = 10 * (application.version as u32 + 1);
        let next = moved(&application, Event::EvidenceAdded(brings_all(number, kinds)));
        assert_eq!(told(&next.moves), edges, "{kinds:?}");
        application = next.application;
    }
    assert_eq!(application.pending(Slot::Application).unwrap().call.name(), "blacklist");
}

#[test]
fn what_was_read_from_the_front_saves_the_correction() {
    let first = born(plan(&ALL), brings(1, EvidenceKind::Questionnaire)).application;
    let front = brings_all(10, &[EvidenceKind::FrontPhoto, EvidenceKind::Identity]);
    let next = moved(&first, Event::EvidenceAdded(front));
    assert_eq!(told(&next.moves), [("identity_saved", "PHOTOS"), ("photo_saved", "PHOTOS")]);
}

#[test]
fn a_step_that_the_product_does_not_want_is_skipped() {
    let wanted = [EvidenceKind::Questionnaire, EvidenceKind::Contacts, EvidenceKind::Loan];
    let mut application = born(plan(&wanted), brings(1, EvidenceKind::Questionnaire)).application;
    assert_eq!(application.certification(), Some(State::Contacts));
    application = moved(&application, Event::EvidenceAdded(brings(2, EvidenceKind::Contacts))).application;
    assert_eq!(application.certification(), Some(State::Complete));
    assert_eq!(application.missing(), [EvidenceKind::Loan]);
    let without = born(plan(&[EvidenceKind::Contacts]), brings(1, EvidenceKind::Questionnaire));
    assert_eq!((without.application.certification(), told(&without.moves)), (None, vec![]));
}

#[test]
fn the_applicant_can_correct_the_identity_number_until_the_certification_is_complete() {
    let told_by = |supplier, number: u32, identity| EvidenceAdded {
        identity: Some([identity; 16]),
        evidence: vec![Evidence { supplier, ..samples::evidence(EvidenceKind::Identity, number) }],
        ..brings(number, EvidenceKind::Identity)
    };
    let told_as = |number, identity| told_by(Supplier::Applicant, number, identity);
    let wanted = [EvidenceKind::Questionnaire, EvidenceKind::Identity, EvidenceKind::Loan];
    let mut application = born(plan(&wanted), told_as(1, 1)).application;
    let by_others = Event::EvidenceAdded(told_by(Supplier::Partner, 2, 2));
    let refused = step(&application, by_others, samples::NOW, &Policy::default());
    assert_eq!(refused, Err(Refusal::Disagrees { field: "identity number" }));
    application = moved(&application, Event::EvidenceAdded(told_as(2, 2))).application;
    assert_eq!(application.identity, Some([2; 16]));
    application =
        moved(&application, Event::EvidenceAdded(brings(3, EvidenceKind::Questionnaire))).application;
    let refused = step(&application, Event::EvidenceAdded(told_as(4, 3)), samples::NOW, &Policy::default());
    assert_eq!(refused, Err(Refusal::Disagrees { field: "identity number" }));
}

#[test]
fn a_photo_counts_with_its_side_and_not_by_its_picture() {
    let picture =
        |number| Document { fingerprint: [9; 16], ..samples::document(number, DocumentKind::Photo) };
    let first = born(plan(&ALL), brings(1, EvidenceKind::Questionnaire)).application;
    let with = |number: u32, kind| EvidenceAdded {
        documents: vec![picture(number + 1), samples::document(number, DocumentKind::Dossier)],
        ..brings(number, kind)
    };
    let front = moved(&first, Event::EvidenceAdded(with(10, EvidenceKind::FrontPhoto))).application;
    let back = moved(&front, Event::EvidenceAdded(with(20, EvidenceKind::BackPhoto))).application;
    assert_eq!(back.evidence.len(), 3);
}

#[test]
fn what_is_owed_when_the_time_is_over_has_lapsed() {
    let application = born(plan(&ALL), brings(1, EvidenceKind::Questionnaire)).application;
    let (at, _) = application.deadline().unwrap();
    let verdict = step(&application, Event::Due, at, &Policy::default()).unwrap();
    let Verdict::Moved(moved) = verdict else { panic!("{verdict:?}") };
    assert_eq!(told(&moved.moves), [("lapsed", "LAPSED")]);
    assert_eq!(moved.application.certification(), Some(State::Lapsed));
    let refused =
        step(&moved.application, Event::EvidenceAdded(brings(9, EvidenceKind::Card)), at, &Policy::default());
    assert!(matches!(refused, Err(Refusal::NotAllowed { .. })), "{refused:?}");
}

/// An application whose certification stands there.
fn standing(state: State) -> Application {
    use EvidenceKind as E;
    let held: &[E] = match state {
        State::Questionnaire | State::Lapsed => &[],
        State::Photos => &ALL[..1],
        State::Correction => &ALL[..4],
        State::Personal => &ALL[..5],
        State::Job => &ALL[..6],
        State::Contacts => &ALL[..7],
        State::Card => &ALL[..8],
        State::Complete => &ALL,
    };
    let mut application = samples::application(samples::init(), Wanted::No);
    application.plan = plan(&ALL);
    application.evidence =
        held.iter().map(|kind| Evidence { document: 2, ..samples::evidence(*kind, 2) }).collect();
    if state == State::Lapsed {
        application.phase = Phase::Expired { want: Want::Evidence };
    }
    assert_eq!(application.certification(), Some(state));
    application
}

#[test]
fn the_machine_does_what_is_drawn() {
    let kinds = [
        EventKind::QuestionnaireSaved,
        EventKind::PhotoSaved,
        EventKind::PhotoSaved,
        EventKind::PhotoSaved,
        EventKind::IdentitySaved,
        EventKind::PersonalSaved,
        EventKind::JobSaved,
        EventKind::ContactsSaved,
        EventKind::CardSaved,
    ];
    let saves = ALL.map(|kind| Event::EvidenceAdded(brings(10, kind))).into_iter().zip(kinds);
    let events: Vec<_> = saves.chain([(Event::Due, EventKind::IntakeDeadlineReached)]).collect();
    let (mut pairs, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for state in State::ALL {
        let before = standing(*state);
        for (event, kind) in events.clone() {
            pairs.insert((*state, kind));
            let at = before.deadline().map_or(samples::NOW, |(at, _)| at);
            let verdict = step(&before, event.clone(), at, &Policy::default());
            let (moves, after) = match verdict {
                Ok(Verdict::Moved(moved)) => (moved.moves, moved.application),
                Ok(Verdict::Ignored) | Err(_) => (Vec::new(), before.clone()),
                Ok(Verdict::Quiet(again)) => panic!("{again:?}"),
            };
            let moves: Vec<_> = moves.iter().filter(|of| of.slot == Slot::Certification).collect();
            match cell(*state, kind) {
                Cell::Rows(rows) => {
                    let [of] = moves.as_slice() else { panic!("{state:?} <- {event:?}: {moves:?}") };
                    taken.insert(rows[0].edge);
                    assert_eq!((of.edge, of.from), (rows[0].edge.number(), state.number()));
                    assert_eq!(Some(of.to), after.certification().map(State::number));
                }
                Cell::Otherwise(Outcome::Ignore | Outcome::Late) => {
                    assert!(moves.is_empty(), "{state:?} <- {event:?}");
                    assert_eq!(after.certification(), Some(*state));
                }
                Cell::Otherwise(Outcome::Reject) => panic!("nothing is drawn as rejected"),
            }
        }
    }
    assert_eq!(pairs.len(), DEFINITION.states.len() * DEFINITION.events.len());
    assert_eq!(taken, Edge::ALL.iter().copied().collect());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// The journal alone, told from its beginning, says where the certification stands.
    #[test]
    fn in_any_order_it_ends_complete(order in Just(ALL.to_vec()).prop_shuffle(), cut in 1usize..9) {
        let mut at = 0;
        let mut follow = |moves: &[Move]| {
            for of in moves.iter().filter(|of| of.slot == Slot::Certification) {
                assert_eq!(of.from, at);
                at = of.to;
            }
            at
        };
        // The first few come together, as a service may bring them.
        let first = born(plan(&ALL), brings_all(10, &order[..cut]));
        prop_assert_eq!(Some(follow(&first.moves)), first.application.certification().map(State::number));
        let mut application = first.application;
        for (kind, number) in order[cut..].iter().zip(100..) {
            let next = moved(&application, Event::EvidenceAdded(brings(number, *kind)));
            prop_assert_eq!(Some(follow(&next.moves)), next.application.certification().map(State::number));
            application = next.application;
        }
        prop_assert_eq!(application.certification(), Some(State::Complete));
        prop_assert!(application.missing().is_empty());
    }
}
