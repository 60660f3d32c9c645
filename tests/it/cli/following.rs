//! Who watches, follows and waits does not notice that the server was away.

use super::world::{Follower, World};
use serde_json::Value;
use std::time::Duration;

pub(super) fn who_follows_sits_out_a_restart(world: &mut World) {
    let token = world.path("watch.token");
    let watch = ["apps", "watch", "--partner", "following", "-o", "jsonl", "--token-file", &token];
    let name = world.asked("following", "order-1", 1);
    let watching = world.follow(&watch);
    let mut changes = watching.until(|line| line["kind"] == "KIND_COMPLETE");
    let history = world.follow(&["apps", "history", &name, "--follow", "-o", "jsonl"]);
    let mut entries = history.until(|entry| entry["moves"].to_string().contains("CAPTCHA_REQUIRED"));
    let waiting = world.follow(&["apps", "wait", &name, "-o", "jsonl"]);
    waiting.says("is in CAPTCHA_REQUIRED");

    world.stop_server();
    watching.says("is away");
    history.says("is away");
    waiting.says("is away");
    world.start_server();
    watching.says("is back");
    let code = world.expected(1, "order-1");
    world.run(&["apps", "answer", &name, "--sms-code", &code]).done();
    let (waited, code) = waiting.ended();
    assert_eq!((waited[0]["state"].as_str(), code), (Some("STATE_APPROVED"), 0));
    let last = waited[0]["version"].as_i64().unwrap();
    let (rest, code) = history.ended();
    entries.extend(rest);
    assert_eq!(code, 0);
    let versions: Vec<_> = entries.iter().map(|entry| entry["version"].as_i64().unwrap()).collect();
    assert_eq!(versions, (1..=last).collect::<Vec<_>>(), "the journal has a gap or a repeat");

    changes.extend(watching.until(|line| line["application"]["version"] == last));
    whole(&changes, last);
    stop(world, watching, &token, &changes);
    a_token_leads_on(world, &watch, &name);
}

/// Every version once and in order, the first of them present.
fn whole(changes: &[Value], last: i64) {
    let told: Vec<_> = changes.iter().filter_map(|line| line["application"]["version"].as_i64()).collect();
    assert_eq!(told, (told[0]..=last).collect::<Vec<_>>(), "the watch has a gap or a repeat");
    assert!(told.len() > 2, "nothing happened: {told:?}");
}

/// Stops a watch once its place is kept.
fn stop(world: &World, watching: Follower, token: &str, changes: &[Value]) {
    let newest = changes.last().unwrap()["resume_token"].as_str().unwrap();
    for _ in 0..500 {
        if std::fs::read_to_string(token).unwrap_or_default().trim() == newest {
            return drop(watching);
        }
        world.pause(Duration::from_millis(10));
    }
    panic!("the place is not kept");
}

/// The next run tells what happened between the two, and nothing again.
fn a_token_leads_on(world: &World, watch: &[&str], before: &str) {
    let name = world.create("following", "order-2", 8);
    world.run(&["apps", "wait", &name, "--for", "rejected"]).done();
    let watching = world.follow(watch);
    let told = watching.until(|line| line["application"]["state"] == "STATE_REJECTED");
    assert!(told.iter().all(|line| line["application"]["name"] != before), "{told:#?}");
    let kinds: Vec<_> = told.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["KIND_ENTERED", "KIND_CHANGED"]);
    drop(watching);

    let elsewhere = [&["apps", "watch", "--partner", "another"], &watch[4..]].concat();
    let ran = world.run(&elsewhere);
    assert_eq!((ran.code, ran.error()["reason"].as_str()), (4, Some("BAD_RESUME_TOKEN")), "{ran:#?}");
}
