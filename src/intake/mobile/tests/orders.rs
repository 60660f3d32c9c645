//! Which application a call is for.

use super::*;
use crate::engine::core::Terms;
use crate::machine::event::Event;

#[tokio::test]
async fn a_call_without_an_order_is_for_the_one_in_work() {
    let world = World::new();
    world.succeeds("/Crapido/aksl", "00", questionnaire()).await;
    world.succeeds("/Crapido/saetInfo", "00", contacts()).await;
    world.succeeds("/Crapido/alksmdn-laskd", "00", without(card(), "order_no")).await;
    world.upload("10", FRONT).await;
    assert_eq!(world.count(), 1);
    assert_eq!(world.application().await.0.source.order, ORDER);
    let told = world.fails("/Crapido/Sejom", with(job(), "order_no", json!("another"))).await;
    assert_eq!(told, "order_no: must be the order in work");
}

#[tokio::test]
async fn one_begun_without_an_order_takes_whatever_comes_later() {
    let world = World::new();
    world.upload("10", FRONT).await;
    let (application, _) = world.application().await;
    let name = &application.source.order;
    assert!(name.starts_with("user-") && name.len() == 37 && !name.contains(MOBILE), "{name}");
    world.succeeds("/Crapido/aksl", "00", questionnaire()).await;
    world.succeeds("/Crapido/Sejom", "00", with(job(), "order_no", json!("another"))).await;
    assert_eq!((world.count(), &world.application().await.0.source.order), (1, name));
}

#[tokio::test]
async fn after_one_has_ended_the_next_save_begins_another() {
    let world = World::new();
    world.succeeds("/Crapido/saetInfo", "00", contacts()).await;
    let end = async |world: &World| {
        let (application, _) = world.application().await;
        let event = Event::CancelRequested { reason: "changed their mind".to_owned() };
        world.engine.tell(application.id, event, Terms::default()).await.unwrap();
    };
    end(&world).await;
    let form = world.succeeds("/Crapido/etInfo", "00", init()).await;
    assert_eq!(form["emergent"]["lineal_name"], "", "what has ended is not shown again");
    world.succeeds("/Crapido/aksl", "00", questionnaire()).await;
    end(&world).await;
    let told = world.fails("/Crapido/aksl", questionnaire()).await;
    assert_eq!(told, "order_no: must be an order that is still open");
    world.succeeds("/Crapido/saetInfo", "00", contacts()).await;
    let names: Vec<_> = world.applications().await.iter().map(|it| it.source.order.clone()).collect();
    assert_eq!(names.len(), 3);
    assert!(names[0] != names[2] && names[1] == ORDER, "{names:?}");
}

#[tokio::test]
async fn users_do_not_see_each_other() {
    let world = World::new();
    world.succeeds("/Crapido/aksl", "00", questionnaire()).await;
    let other = world.user("5512345678");
    let told = other.fails("/Crapido/aksl", questionnaire()).await;
    assert_eq!(told, "order_no: must be an order that is still open");
    other.succeeds("/Crapido/saetInfo", "00", contacts()).await;
    assert_eq!(other.applications().await.len(), 1);
    let told = other.fails("/Crapido/mkla-pk", init()).await;
    assert_eq!(told, "mobile: must be the number that is logged in");
    let form = other.succeeds("/Crapido/CA-LSKD", "00", json!({ "product_id": "2" })).await;
    assert_eq!(form["items"][4]["value"], "");
    assert_eq!(world.application().await.0.version, 1);
}

#[tokio::test]
async fn first_saves_at_the_same_time_make_one_application() {
    let world = World::new();
    let saves = (0..12).map(|nth| {
        let (path, body) = match nth % 3 {
            0 => ("/Crapido/aksl", questionnaire()),
            1 => ("/Crapido/saetInfo", contacts()),
            _ => ("/Crapido/alksmdn-laskd", card()),
        };
        world.succeeds(path, "00", body)
    });
    futures_util::future::join_all(saves).await;
    let (application, step) = world.application().await;
    assert_eq!((world.count(), application.version, step), (1, 3, "PHOTOS"));
}

#[tokio::test]
async fn an_order_of_ours_cannot_be_told() {
    let world = World::new();
    for order in [format!("user-{}", "0".repeat(32)), "9".repeat(65), "a b".to_owned(), "ñ".to_owned()] {
        let told = world.fails("/Crapido/aksl", with(questionnaire(), "order_no", json!(order))).await;
        assert_eq!(
            told,
            "order_no: must be at most 64 letters, digits and signs, and not begin with `user-`"
        );
    }
    assert_eq!(world.count(), 0);
}
