//! The certification in the mobile app.

use super::{Run, run};
use crate::coverage::stage::Stage;
use docket::config::products::MOBILE;
use docket::engine::dossier::{
    Card, CardKind, Contact, Dossier, Identity, Personal, Photo, Questionnaire, Relation, Sex, Work,
};
use docket::machine::certification::State as Step;
use docket::machine::graph::application::State;
use docket::sandbox::Script;

pub(super) const RUNS: &[Run] = &[
    run("an applicant takes all steps in the app", |stage| {
        let who = stage.cast(Script::Happy, MOBILE);
        let parts = parts();
        let steps = [
            Step::Photos,
            Step::Photos,
            Step::Correction,
            Step::Photos,
            Step::Personal,
            Step::Job,
            Step::Contacts,
            Step::Card,
            Step::Complete,
        ];
        for (part, step) in parts.into_iter().zip(steps) {
            bring(stage, who, part, step);
        }
        assert!(stage.application(who).missing().is_empty());
    }),
    run("an applicant never comes back to the app", |stage| {
        let who = stage.cast(Script::Happy, MOBILE);
        let [questionnaire, ..] = parts();
        bring(stage, who, questionnaire, Step::Photos);
        assert_eq!(stage.rests(who), State::Expired);
        assert_eq!(stage.application(who).certification(), Some(Step::Lapsed));
    }),
];

fn bring(stage: &mut Stage, who: usize, part: Dossier, step: Step) {
    stage.bring_part(who, part);
    assert_eq!(stage.application(who).certification(), Some(step));
}

fn photo(document: u32) -> Option<Photo> {
    Some(Photo { document, media_type: "image/jpeg".to_owned(), recognised: None })
}

/// All that the app brings, in an order in which the correction is owed.
fn parts() -> [Dossier; 9] {
    let empty = Dossier::default;
    let contact = |name: &str| Contact {
        name: name.to_owned(),
        phone: "8553465753".to_owned(),
        relation: Relation::Parent,
        told_as: "1".to_owned(),
    };
    let identity = Identity {
        name: "MARICELA".to_owned(),
        phone: "8553465753".to_owned(),
        id_card: "CORM770627MDFNJR01".to_owned(),
    };
    let personal = Personal {
        birthday: "1977-06-27".to_owned(),
        sex: Sex::Female,
        email: "m@example.mx".to_owned(),
        home: "Coahuila de Zaragoza|Candela".to_owned(),
        details: Default::default(),
    };
    let card = Card {
        kind: CardKind::Clabe,
        bank_code: "40012".to_owned(),
        number: "012180001234567899".to_owned(),
        holder: String::new(),
    };
    [
        Dossier { questionnaire: Some(Questionnaire::default()), ..empty() },
        Dossier { face_photo: photo(1), ..empty() },
        Dossier { front_photo: photo(2), ..empty() },
        Dossier { identity: Some(identity), ..empty() },
        Dossier { back_photo: photo(3), ..empty() },
        Dossier { personal: Some(personal), ..empty() },
        Dossier { work: Some(Work::default()), ..empty() },
        Dossier { contacts: Some(vec![contact("110"), contact("120")]), ..empty() },
        Dossier { card: Some(card), ..empty() },
    ]
}
