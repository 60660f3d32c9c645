//! Operators: what is stuck, and what they do about it.

use super::world::World;
use serde_json::Value;

const REASON: [&str; 2] = ["--reason", "the provider is back"];
const ACTOR: [&str; 2] = ["--actor", "ada"];

fn ops(world: &World, arguments: &[&str]) -> super::world::Ran {
    world.run(&[&["ops"], arguments].concat())
}

fn steer(world: &World, act: &str, arguments: &[&str]) -> super::world::Ran {
    ops(world, &[&[act][..], arguments, &REASON, &ACTOR].concat())
}

/// The provider is away until they are suspended, then it is back and they are resumed as a group.
pub(super) fn what_is_stuck_is_found_and_goes_on(world: &mut World) {
    assert_eq!(ops(world, &["stuck"]).done().trim(), "nothing is stuck");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.stop_server();
    world.start_server_with(&[
        ("DOCKET_PROVIDER_ADDRESS", format!("http://{free}")),
        ("DOCKET_PATIENCE_CALL_BUDGET", "1s".to_owned()),
        ("DOCKET_PROVIDER_BREAKER_FAILURES", "1000".to_owned()),
    ]);
    let names: Vec<_> = ["s-1", "s-2"].map(|order| world.create("steering", order, 1)).into();
    for name in &names {
        world.run(&["apps", "wait", name, "--for", "suspended", "--timeout", "20s"]).done();
    }
    let groups = ops(world, &["stuck", "-o", "json"]).json();
    let [group] = groups.as_array().unwrap().as_slice() else { panic!("one group: {groups:#}") };
    assert_eq!((group["kind"].as_str(), group["count"].as_i64()), (Some("KIND_SUSPENDED"), Some(2)));
    assert_eq!(group["reason"], "PROVIDER_UNAVAILABLE");
    let fingerprint = group["fingerprint"].as_str().unwrap();
    assert!(ops(world, &["stuck"]).done().contains(fingerprint));

    let tried = steer(world, "resume", &[&names[0], "--dry-run", "-o", "json"]).json();
    assert_eq!(tried["calls"][0]["call"], "blacklist");
    assert_eq!(state_of(world, &names[0]), "STATE_SUSPENDED");
    let stale = steer(world, "resume", &[&names[0], "--etag", "1", "-o", "json"]);
    assert_eq!((stale.code, stale.error()["reason"].as_str()), (5, Some("ETAG_MISMATCH")));

    world.stop_server();
    world.start_server();
    let resumed = steer(world, "resume", &["--fingerprint", fingerprint, "-o", "jsonl"]).done();
    assert_eq!(resumed.lines().count(), 2, "{resumed}");
    for name in &names {
        world.run(&["apps", "wait", name, "--for", "captcha_required", "--timeout", "20s"]).done();
    }
    let history = world.run(&["apps", "history", &names[0]]).done();
    assert!(history.contains("ada: the provider is back"), "{history}");
}

/// The provider is away, and what waits for it is parked, seen, and goes on by itself.
pub(super) fn an_outage_is_seen_and_passes(world: &mut World) {
    let systems = ops(world, &["provider", "-o", "json"]).json();
    let is_closed = |system: &Value| system["status"]["state"] == "STATE_CLOSED";
    assert_eq!(systems.as_array().unwrap().iter().filter(|system| is_closed(system)).count(), 6);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.stop_server();
    world.start_server_with(&[
        ("DOCKET_PROVIDER_ADDRESS", format!("http://{free}")),
        ("DOCKET_PATIENCE_CALL_BUDGET", "1s".to_owned()),
        ("DOCKET_PROVIDER_BREAKER_FAILURES", "2".to_owned()),
    ]);
    let names: Vec<_> = ["o-1", "o-2", "o-3"].map(|order| world.create("outages", order, 1)).into();
    // Longer than a call may be tried in vain.
    let begun = std::time::Instant::now();
    let group = loop {
        let groups = ops(world, &["stuck", "-o", "json"]).json();
        let parked = |group: &&Value| group["kind"] == "KIND_OUTAGE" && group["count"] == 3;
        if let Some(group) = groups.as_array().unwrap().iter().find(parked)
            && begun.elapsed() > std::time::Duration::from_secs(3)
        {
            break group.clone();
        }
        assert!(begun.elapsed() < super::world::PATIENCE, "{groups:#}");
        world.run(&["apps", "wait", &names[0], "--for", "approved", "--timeout", "200ms"]);
    };
    assert_eq!(
        (group["reason"].as_str(), group["place"].as_str()),
        (Some("OUTAGE"), Some("provider blacklist"))
    );
    assert!(group["detail"].as_str().unwrap().starts_with("blacklist is down since 20"), "{group:#}");
    let table = ops(world, &["provider"]).done();
    let line = table.lines().find(|line| line.starts_with("blacklist")).unwrap();
    assert!(line.contains("open") && line.contains("100/s"), "{table}");
    // One of them may just be asking whether the provider is back.
    let parked = |name: &&String| {
        let system = &world.run(&["apps", "explain", name, "-o", "json"]).json()["systems"][0];
        assert_ne!(system["status"]["state"], "STATE_CLOSED");
        assert!(system["status"]["since_time"].is_string(), "{system:#}");
        system["parked_calls"][0] == "blacklist" && system["status"]["next_try_time"].is_string()
    };
    let parked = names.iter().find(parked).unwrap();
    let explained = world.run(&["apps", "explain", parked]).done();
    assert!(explained.contains("blacklist is parked"), "{explained}");

    world.stop_server();
    world.start_server();
    for name in &names {
        world.run(&["apps", "wait", name, "--for", "captcha_required", "--timeout", "20s"]).done();
    }
    let systems = ops(world, &["provider", "-o", "json"]).json();
    let systems = systems.as_array().unwrap();
    assert!(systems.iter().all(is_closed), "{systems:#?}");
    let blacklist = systems.iter().find(|system| system["status"]["system"] == "blacklist").unwrap();
    assert_ne!(blacklist["down_duration"], "0s", "the outage is known after the restart: {blacklist:#}");
    assert_eq!(ops(world, &["stuck"]).done().trim(), "nothing is stuck");
}

pub(super) fn what_is_held_is_left_alone(world: &World) {
    let name = world.asked("steering", "h-1", 1);
    let held = steer(world, "hold", &[&name, "-o", "json"]).json();
    assert_eq!(held["application"]["owner"], "OWNER_OPERATOR");
    let groups = ops(world, &["stuck", "-o", "json"]).json();
    let is_held = |group: &Value| group["kind"] == "KIND_HELD" && group["names"][0] == name.as_str();
    assert!(groups.as_array().unwrap().iter().any(is_held), "{groups:#}");
    let shown = world.run(&["apps", "get", &name]).done();
    assert!(shown.contains("by ada since"), "{shown}");
    let explained = world.run(&["apps", "explain", &name]).done();
    assert!(explained.contains("held by ada: the provider is back"), "{explained}");

    let twice = steer(world, "release", &[&name, "--request-id", "release-1", "-o", "json"]).json();
    assert_eq!(twice["application"]["hold"], Value::Null);
    let again = steer(world, "release", &[&name, "--request-id", "release-1", "-o", "json"]).json();
    assert_eq!(again, twice, "a repetition is answered as the first time");
    let free = steer(world, "release", &[&name, "-o", "json"]);
    assert_eq!((free.code, free.error()["reason"].as_str()), (5, Some("NOT_HELD")));

    // The waiting poll is made now, and the collection begins anew.
    let retried = steer(world, "retry", &[&name, "-o", "json"]).json();
    assert_eq!(retried["calls"][0]["call"], "telecom_state");
    let restarted = steer(world, "restart", &[&name, "-o", "json"]).json();
    let challenge = &restarted["application"]["challenges"][0];
    assert_eq!(challenge["kind"], "KIND_SERVICE_PASSWORD", "{restarted:#}");
    let absent = "applications/019aff00-0000-7000-8000-000000000000";
    assert_eq!(steer(world, "hold", &[absent]).code, 3);
    assert_eq!(ops(world, &["hold", &name, "--actor", "ada"]).code, 2, "a reason is wanted");
}

fn state_of(world: &World, name: &str) -> String {
    world.run(&["apps", "get", name, "-o", "json"]).json()["state"].as_str().unwrap().to_owned()
}
