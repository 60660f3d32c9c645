//! Photos: taken for what they are, read where that is sure, shown by links alone.

use super::*;
use crate::engine::dossier::Identity;

#[tokio::test]
async fn a_card_that_is_read_says_who_it_is() {
    let world = World::new();
    world.succeeds("/Crapido/aksl", "00", questionnaire()).await;
    world.recognises(Some(CARD));
    let told = world.upload("11", FRONT).await;
    let url = told["url"].as_str().unwrap().to_owned();
    let expected = json!({
        "idcard_name": "MARICELA CONTRERAS ROJAS", "idcard_num": CURP, "gender": "M", "birthday": "27-06-1977",
        "url": url, "year": "1977", "month": "06", "is_need_pop": 0, "status": true
    });
    assert_eq!((told, world.application().await.1), (expected, "PHOTOS"));
    let (before, _) = world.application().await;
    let again = world.upload("11", FRONT).await;
    assert_eq!(
        (again["is_need_pop"].clone(), *world.parrot.heard.lock().unwrap()),
        (json!(0), 1),
        "it is not read twice"
    );
    assert_eq!(world.application().await.0.version, before.version);
}

#[tokio::test]
async fn what_is_not_sure_is_asked() {
    for (text, number) in [
        (None, ""),
        (Some("nothing of use"), ""),
        (Some("NOMBRE\nCONTRERAS\nROJAS\nPATRICIA\nDOMICILIO\nCURP CORM770627MDFNJR01"), CURP),
    ] {
        let world = World::new();
        world.recognises(text);
        let told = world.upload("11", FRONT).await;
        assert_eq!((&told["is_need_pop"], &told["idcard_num"]), (&json!(1), &json!(number)), "{text:?}");
        assert!(world.dossier().await.identity.is_none());
        world.succeeds("/v3/certify/save-basic-info", "0", correction()).await;
        let Identity { name, id_card, .. } = world.dossier().await.identity.unwrap();
        assert_eq!((name.as_str(), id_card.as_str()), ("MARICELA", CURP));
        // What the applicant typed stands, whatever is read later.
        let told = world.upload("11", BACK).await;
        assert_eq!(told["is_need_pop"], 0, "{told}");
        assert_eq!(world.dossier().await.identity.unwrap().name, "MARICELA");
    }
}

const OTHER: &str = "MAAR790213HMNRLF03";

#[tokio::test]
async fn what_contradicts_is_asked() {
    let world = World::new();
    world.succeeds("/Crapido/SeBinfo", "0", correction()).await;
    world.recognises(Some("NOMBRE\nMARTINEZ\nALONSO\nRICARDO\nDOMICILIO\nCURP MAAR790213HMNRLF03"));
    let told = world.upload("11", FRONT).await;
    assert_eq!(
        (&told["is_need_pop"], &told["idcard_num"], &told["gender"]),
        (&json!(1), &json!(OTHER), &json!("H"))
    );
    assert_eq!(world.dossier().await.identity.unwrap().id_card, CURP);
    let corrected = with(with(correction(), "id_number", json!(OTHER)), "birthday", json!("1979-02-13"));
    world.succeeds("/Crapido/SeBinfo", "0", corrected).await;
    assert_eq!(world.dossier().await.identity.unwrap().id_card, OTHER);
}

#[tokio::test]
async fn the_number_of_the_card_counts_everywhere() {
    let world = World::new();
    world.succeeds("/Crapido/mksl", "00", personal()).await;
    world.recognises(Some("NOMBRE\nMARTINEZ\nALONSO\nRICARDO\nDOMICILIO\nCURP MAAR790213HMNRLF03"));
    assert_eq!(world.upload("11", FRONT).await["is_need_pop"], 1, "another number was told before");
    let corrected = with(with(correction(), "id_number", json!(OTHER)), "birthday", json!("13/02/1979"));
    world.succeeds("/Crapido/SeBinfo", "0", corrected).await;
    let personal_then = world.dossier().await.personal.unwrap();
    assert_eq!(
        (personal_then.details["idcardnumber"].as_str(), personal_then.birthday.as_str()),
        (OTHER, "1979-02-13")
    );
    let told = world.fails("/Crapido/mksl", personal()).await;
    assert_eq!(told, "idcardnumber: must be the number of the identity card");
}

/// Uploads a front that is read slowly, and meanwhile another one, or the same; gives what was told of each.
async fn upload_meanwhile(world: &World, slow: &'static [u8], quick: &[u8]) -> (Value, Value) {
    let (go_on, waits) = oneshot::channel();
    *world.parrot.waits.lock().unwrap() = Some(waits);
    let before = *world.parrot.heard.lock().unwrap();
    let slowly = world.user_again();
    let slowly = tokio::spawn(async move { slowly.upload("11", slow).await });
    while *world.parrot.heard.lock().unwrap() == before {
        tokio::task::yield_now().await;
    }
    let quick = world.upload("11", quick).await;
    go_on.send(()).unwrap();
    (slowly.await.unwrap(), quick)
}

/// The photo that a link is to.
fn linked(told: &Value) -> &str {
    told["url"].as_str().unwrap().split('?').next().unwrap()
}

#[tokio::test]
async fn a_photo_that_is_read_slowly_replaces_none_that_came_meanwhile() {
    let world = World::new();
    let (slow, quick) = upload_meanwhile(&world, FRONT, BACK).await;
    assert_eq!(linked(&slow), linked(&quick), "what is held is told");
    assert!(linked(&slow).ends_with(&world.dossier().await.front_photo.unwrap().document.to_string()));
    let (application, _) = world.application().await;
    assert_eq!((application.version, application.documents.len()), (1, 2));
    // Afterwards it may be sent again.
    let again = world.upload("11", FRONT).await;
    assert_ne!(linked(&again), linked(&quick));
}

#[tokio::test]
async fn the_same_photo_sent_twice_at_once_is_stored_once() {
    let world = World::new();
    world.recognises(Some(CARD));
    let (slow, quick) = upload_meanwhile(&world, FRONT, FRONT).await;
    assert_eq!(linked(&slow), linked(&quick));
    assert_eq!((&slow["idcard_num"], &slow["is_need_pop"]), (&json!(CURP), &json!(0)));
    let (application, _) = world.application().await;
    assert_eq!(application.version, 1);
}

#[tokio::test]
async fn the_same_image_counts_for_each_side() {
    let world = World::new();
    for kind in ["10", "11", "12", "10"] {
        world.upload(kind, FRONT).await;
    }
    let (application, _) = world.application().await;
    assert_eq!((application.version, application.documents.len()), (3, 6));
    let held = world.dossier().await;
    assert!(held.face_photo.is_some() && held.front_photo.is_some() && held.back_photo.is_some());
}

#[tokio::test]
async fn a_link_shows_its_photo_to_whoever_has_it() {
    let world = World::new();
    let told = world.upload("12", BACK).await;
    let url = told["url"].as_str().unwrap();
    let path = url.strip_prefix("http://docket.example").unwrap();
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let shown = world.send(get(path)).await;
    assert_eq!((shown.status, &shown.body[..]), (StatusCode::OK, BACK));
    for (header, value) in [
        ("content-type", "image/jpeg"),
        ("cache-control", "private"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
    ] {
        assert_eq!(shown.headers[header], value);
    }
    let (place, _) = path.split_once('?').unwrap();
    let mut forged = path.to_owned().into_bytes();
    let last = forged.len() - 1;
    forged[last] = if forged[last] == b'0' { b'1' } else { b'0' };
    let forged = String::from_utf8(forged).unwrap();
    let (folder, _) = place.rsplit_once('/').unwrap();
    let elsewhere = format!("{folder}/7?{}", path.split_once('?').unwrap().1);
    for bad in [place, &forged, &elsewhere, "/photos/x/y?expires=1&signature=", &format!("{path}&expires=9")]
    {
        let refused = world.send(get(bad)).await;
        assert_eq!(
            (refused.status, refused.json()),
            (StatusCode::FORBIDDEN, json!({ "error": "the link is not signed by us" })),
            "{bad}"
        );
    }
    let (application, _) = world.application().await;
    let document = world.dossier().await.back_photo.unwrap().document;
    let past = crate::machine::time::Time::from_millis(clock::now().as_millis() - 601_000);
    let over = world.engine.links("", Duration::from_secs(600)).write(application.id, document, past);
    assert_eq!(world.send(get(&over)).await.status, StatusCode::GONE);
    let evidence = application.evidence[0].document;
    let links = world.engine.links("", Duration::from_secs(600));
    let no_photo = links.write(application.id, evidence, clock::now());
    assert_eq!(world.send(get(&no_photo)).await.status, StatusCode::GONE, "a form is not shown");
    for method in ["POST", "PUT", "DELETE"] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let refused = world.send(request).await;
        assert_eq!(
            (refused.status, &refused.headers["allow"]),
            (StatusCode::METHOD_NOT_ALLOWED, &"GET, HEAD".parse().unwrap())
        );
    }
    assert_eq!(world.send(get("/photos/")).await.status, StatusCode::NOT_FOUND);
}
