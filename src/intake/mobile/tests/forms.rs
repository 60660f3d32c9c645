//! The printed samples, in the printed order: what is saved is there, and filled in again.

use super::*;
use crate::engine::dossier::{CardKind, Relation, Sex};

/// The value that an init shows of an item.
fn value<'a>(items: &'a Value, code: &str) -> &'a Value {
    let items = items["items"].as_array().unwrap();
    &items.iter().find(|item| item["code"] == code).unwrap()["value"]
}

#[tokio::test]
async fn all_samples_certify_in_the_printed_order() {
    let world = World::new();
    let empty = world.succeeds("/Crapido/mkla-pk", "00", init()).await;
    assert_eq!(empty["items"].as_array().unwrap().len(), 5);
    assert_eq!(world.count(), 0, "who only looks begins nothing");
    world.succeeds("/v3/certify/save-credit-info", "00", questionnaire()).await;
    assert_eq!(world.application().await.1, "PHOTOS");
    assert_eq!(world.application().await.0.source.order, ORDER);
    let again = world.succeeds("/v3/certify/credit-info", "00", init()).await;
    assert_eq!(
        (value(&again, "is_overdue_year"), &again["items"][0]["statusName"]),
        (&json!("1"), &json!("yes"))
    );

    let photos = world.succeeds("/Crapido/UserInit", "0", init()).await;
    let nothing = json!({ "status": 0 });
    assert_eq!(
        photos,
        json!({ "hands": nothing, "id_front": nothing, "id_back": nothing, "livenessType": 0, "liveness": nothing })
    );
    world.upload("10", BACK).await;
    let read = world.upload("11", FRONT).await;
    assert_eq!(
        (&read["is_need_pop"], &read["idcard_num"], world.application().await.1),
        (&json!(1), &json!(""), "CORRECTION")
    );
    world.succeeds("/Crapido/SeBinfo", "0", correction()).await;
    world.upload("12", BACK).await;
    assert_eq!(world.application().await.1, "PERSONAL");
    let photos = world.succeeds("/v3/certify/basic-person-info", "0", init()).await;
    let info = json!({ "name": "MARICELA", "id_number": CURP, "birthday": "27-06-1977" });
    assert_eq!((&photos["id_front"]["status"], &photos["id_front"]["info"]), (&json!(1), &info));
    assert!(photos["id_back"]["url"].as_str().unwrap().starts_with("http://docket.example/photos/"));

    let suggested = world.succeeds("/Crapido/Coldja", "00", init()).await;
    let of = |code| value(&suggested, code).clone();
    assert_eq!(
        [of("birthday"), of("sex"), of("idcardnumber"), of("email")],
        [json!("27-06-1977"), json!("2"), json!(CURP), json!("")]
    );
    assert_eq!(suggested["items"][0]["status"], 0, "what is suggested is not saved");
    world.succeeds("/Crapido/mksl", "00", personal()).await;
    let saved = world.succeeds("/v3/certify/personal-info", "00", init()).await;
    assert_eq!(
        (value(&saved, "email"), value(&saved, "education"), &saved["items"][0]["status"]),
        (&json!("xxxxxx@gmail.mx"), &json!("2"), &json!(1))
    );

    world.succeeds("/Crapido/jobMa", "00", init()).await;
    world.succeeds("/Crapido/Sejom", "00", job()).await;
    assert_eq!(world.application().await.1, "CONTACTS");
    let saved = world.succeeds("/v3/certify/job-info", "00", init()).await;
    assert_eq!((value(&saved, "industry"), value(&saved, "monthly_income")), (&json!("3"), &json!("3")));
    world.succeeds("/v3/certify/save-ext-info", "00", contacts()).await;
    let saved = world.succeeds("/Crapido/etInfo", "00", init()).await;
    let emergent = &saved["emergent"];
    assert_eq!(
        (&emergent["lineal_mobile"], &emergent["other_name"], &emergent["other_relation"]),
        (&json!(MOBILE), &json!("120"), &json!("1"))
    );
    assert_eq!(emergent["other_list"][6], json!({ "name": "Other", "type": "7" }));

    let empty = world.succeeds("/Crapido/CA-LSKD", "00", json!({ "product_id": "2", "alms": "yes" })).await;
    assert_eq!(
        empty["items"][0],
        json!({ "cate": "tip", "title": "Los datos de su tarjeta serán usados para el depósito solamente", "status": 1 })
    );
    assert_eq!((&empty["items"][3]["status"], &empty["items"][3]["displayValue"]), (&json!(0), &json!("")));
    world.succeeds("/v3/bind-card/bind-card-new", "00", card()).await;
    let (application, step) = world.application().await;
    assert_eq!((step, application.missing()), ("COMPLETE", vec![]));
    let saved = world.succeeds("/v3/bind-card/card-init", "00", init()).await;
    let shown = |at: usize| (saved["items"][at]["value"].clone(), saved["items"][at]["displayValue"].clone());
    assert_eq!(shown(1), (json!("2"), json!("CLABE")));
    assert_eq!(shown(2), (json!("40012"), json!("BBVA BANCOMER")));
    assert_eq!(shown(4), (json!("012180001234567899"), json!("012180001234567899")));
}

#[tokio::test]
async fn what_is_saved_is_evidence() {
    let world = World::new();
    for (path, body) in [
        ("/Crapido/aksl", questionnaire()),
        ("/Crapido/mksl", personal()),
        ("/Crapido/Sejom", job()),
        ("/Crapido/saetInfo", contacts()),
        ("/Crapido/alksmdn-laskd", card()),
    ] {
        world.succeeds(path, "00", body).await;
    }
    world.recognises(Some(CARD));
    world.upload("11", FRONT).await;
    let held = world.dossier().await;
    let identity = held.identity.unwrap();
    assert_eq!(
        (identity.name.as_str(), identity.phone.as_str(), identity.id_card.as_str()),
        ("MARICELA CONTRERAS ROJAS", MOBILE, CURP)
    );
    assert_eq!(held.questionnaire.unwrap().answers.len(), 5, "noise is not kept");
    let personal = held.personal.unwrap();
    assert_eq!(
        (personal.birthday.as_str(), personal.sex, personal.home.as_str()),
        ("1977-06-27", Sex::Female, "Coahuila de Zaragoza|Candela")
    );
    let names: Vec<_> = personal.details.keys().map(String::as_str).collect();
    assert_eq!(names, ["children_num", "education", "idcardnumber", "marriage"]);
    let work = held.work.unwrap();
    assert_eq!((work.company.as_str(), work.phone.as_str(), work.details.len()), ("hhhh", "sss", 6));
    let [first, second] = <[_; 2]>::try_from(held.contacts.unwrap()).ok().unwrap();
    assert_eq!(
        (first.relation, first.told_as.as_str(), second.phone.as_str()),
        (Relation::Parent, "1", "110")
    );
    let card = held.card.unwrap();
    assert_eq!(
        (card.kind, card.bank_code.as_str(), card.holder.as_str()),
        (CardKind::Clabe, "40012", "MARICELA")
    );
    let front = held.front_photo.unwrap();
    assert_eq!((front.media_type.as_str(), front.recognised.unwrap().number.as_str()), ("image/png", CURP));
    let (application, _) = world.application().await;
    assert_eq!(application.identity, Some(world.engine.archive().digest("identity", CURP)));
}

#[tokio::test]
async fn every_relation_has_its_meaning() {
    let world = World::new();
    let relations = ["Parent", "Spouse", "Child", "Sibling", "Friend", "Colleague", "Other", "Other"];
    for (code, meaning) in (1..).zip(relations) {
        let body = with(contacts(), "second_relation", json!(code));
        world.succeeds("/Crapido/saetInfo", "00", body).await;
        let held = world.dossier().await.contacts.unwrap();
        assert_eq!(format!("{:?}", held[1].relation), meaning);
    }
}

#[tokio::test]
async fn noise_is_nothing_whatever_it_is() {
    let world = World::new();
    let noises = [
        json!(null),
        json!(3),
        json!({"a": [{}]}),
        json!([[]]),
        json!(""),
        json!("x".repeat(5_000)),
        json!(true),
    ];
    for noise in noises {
        world.succeeds("/Crapido/aksl", "00", with(questionnaire(), "MKAS", noise.clone())).await;
        world.succeeds("/Crapido/mkla-pk", "00", with(init(), "KAMD", noise)).await;
    }
    let raw = questionnaire().to_string().replace("\"19\"", "\"\\ud800\"");
    let request = Request::post("/Crapido/aksl").header("token", &world.token);
    let answer = world.send(request.body(Body::from(raw)).unwrap()).await;
    assert_eq!(answer.json()["code"], "00");
    assert_eq!(world.application().await.0.version, 1, "noise changes nothing");
}

#[tokio::test]
async fn the_same_again_is_a_success_that_changes_nothing() {
    let world = World::new();
    for (path, body) in [
        ("/Crapido/aksl", questionnaire()),
        ("/Crapido/mksl", personal()),
        ("/Crapido/Sejom", job()),
        ("/Crapido/saetInfo", contacts()),
        ("/Crapido/alksmdn-laskd", card()),
    ] {
        world.succeeds(path, "00", body.clone()).await;
        let before = world.application().await.0.version;
        world.succeeds(path, "00", body.clone()).await;
        assert_eq!(world.application().await.0.version, before, "{path}");
    }
    let before = world.application().await.0.version;
    world.succeeds("/Crapido/aksl", "00", with(questionnaire(), "is_outstanding", json!("2"))).await;
    assert_eq!(world.application().await.0.version, before + 1);
    world.succeeds("/Crapido/aksl", "00", questionnaire()).await;
    assert_eq!(world.application().await.0.version, before + 2, "back to what it was is a change");
}

#[tokio::test]
async fn numbers_count_as_the_texts_that_they_are_written_as() {
    let world = World::new();
    let mut body = questionnaire();
    for name in ["is_outstanding", "is_overdue_year", "product_id"] {
        body[name] = json!(body[name].as_str().unwrap().parse::<u32>().unwrap());
    }
    world.succeeds("/Crapido/aksl", "00", body).await;
    world.succeeds("/Crapido/aksl", "00", questionnaire()).await;
    assert_eq!(world.application().await.0.version, 1);
}

#[tokio::test]
async fn an_item_without_options_is_answered_with_a_text() {
    let item = "\n[[personal]]\ntitle = \"¿Quién lo recomendó?\"\ncode = \"recommended_by\"\ncate = \"A\"\n";
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{}{item}", include_str!("../catalogue.toml"))).unwrap();
    let world = World::with_forms(CheckDigits::Warn, Catalogue::from_file(file.path()).unwrap());
    let told = |name: &str| with(personal(), "recommended_by", json!(name));
    world.succeeds("/Crapido/mksl", "00", told("Juan Pérez")).await;
    assert_eq!(world.dossier().await.personal.unwrap().details["recommended_by"], "Juan Pérez");
    let saved = world.succeeds("/Crapido/Coldja", "00", init()).await;
    assert_eq!(value(&saved, "recommended_by"), "Juan Pérez");
    let long = world.fails("/Crapido/mksl", told(&"é".repeat(201))).await;
    assert_eq!(long, "recommended_by: must be at most 200 characters");
    let options = world.fails("/Crapido/mksl", with(told("Juan"), "marriage", json!("a b"))).await;
    assert_eq!(options, "marriage: must be the `type` of an option: at most 64 characters");
}
