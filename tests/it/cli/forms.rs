//! Every command that reads, in every form of output.

use super::world::World;
use serde_json::Value;

pub(super) fn every_command_in_every_form(world: &World) {
    let name = world.asked("forms", "order-1", 1);
    let id = name.strip_prefix("applications/").unwrap();
    world.create("forms", "order-2", 8);
    world.run(&["apps", "wait", "forms/order-2", "--for", "rejected"]).done();
    all_names_mean_the_same(world, &name, id);
    one_application(world, &name);
    lists(world, &name);
    histories(world, &name);
    machines(world);
    health(world);
    colours(world);
}

fn all_names_mean_the_same(world: &World, name: &str, id: &str) {
    for given in [name, id, "forms/order-1"] {
        assert_eq!(world.run(&["apps", "get", given, "-o", "name"]).done().trim(), name);
    }
}

fn one_application(world: &World, name: &str) {
    let page = world.run(&["apps", "get", name]).done();
    for piece in [name, "forms/order-1", "CAPTCHA_REQUIRED", "applicant", "sms_code"] {
        assert!(page.contains(piece), "{piece} is missing in:\n{page}");
    }
    let text = world.run(&["apps", "get", name, "-o", "json"]).done();
    assert!(text.starts_with("{\n  \"name\": "), "the order is the contract's:\n{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["state"], "STATE_CAPTCHA_REQUIRED");
    assert_eq!(json["missing_evidence"], serde_json::json!([]));
    assert!(json["version"].is_i64() && json["create_time"].as_str().unwrap().ends_with('Z'), "{json:#}");
    let line = world.run(&["apps", "get", name, "-o", "jsonl"]).done();
    assert_eq!(line.lines().count(), 1);

    let page = world.run(&["apps", "explain", name]).done();
    for piece in [
        "owes an answer",
        "next wake-up",
        "AnswerSubmitted of telecom (docket apps answer applications/",
        "leads to CANCELLED",
        "ResumeRequested",
    ] {
        assert!(page.contains(piece), "{piece} is missing in:\n{page}");
    }
    let json = world.run(&["apps", "explain", name, "-o", "json"]).json();
    assert_eq!(
        (json["owner"].as_str(), json["application"]["name"].as_str()),
        (Some("OWNER_APPLICANT"), Some(name))
    );
}

fn lists(world: &World, name: &str) {
    let selected = ["apps", "list", "--partner", "forms"];
    let list = |more: &[&str]| world.run(&[&selected[..], more].concat());
    let table = list(&[]).done();
    assert!(table.starts_with("NAME ") && table.lines().count() == 3, "{table}");
    assert_eq!(list(&["-o", "json"]).json().as_array().map(Vec::len), Some(2));
    assert_eq!(list(&["-o", "jsonl"]).done().lines().count(), 2);
    assert_eq!(list(&["--state", "captcha_required", "-o", "name"]).done().trim(), name);
    assert_eq!(list(&["--state", "REJECTED,INIT", "--order", "order-1", "-o", "name"]).done(), "");
    assert_eq!(list(&["--product", "collected", "--order", "order-1", "-o", "name"]).done().trim(), name);
    assert_eq!(list(&["--page-size", "1", "--all", "-o", "name"]).done().lines().count(), 2);

    let first = list(&["--page-size", "1", "-o", "name"]);
    let token = first.err.trim().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(first.done().trim(), name);
    let second = list(&["--page-size", "1", "--page-token", &token, "-o", "name"]).done();
    assert!(second.starts_with("applications/") && second.trim() != name);
}

fn histories(world: &World, name: &str) {
    let table = world.run(&["apps", "history", name]).done();
    assert!(table.contains("EvidenceAdded") && table.contains("INIT -> COLLECTING"), "{table}");
    let entries = world.run(&["apps", "history", name, "-o", "json"]).json();
    let versions: Vec<_> =
        entries.as_array().unwrap().iter().map(|it| it["version"].as_i64().unwrap()).collect();
    assert_eq!(versions, (1..=versions.len() as i64).collect::<Vec<_>>());
    let names = world.run(&["apps", "history", name, "-o", "name"]).done();
    assert!(names.starts_with(&format!("{name}/transitions/1\n")), "{names}");
    let followed = world.run(&["apps", "history", "forms/order-2", "--follow"]).done();
    assert!(followed.contains("BlacklistHit") && followed.lines().count() == 2, "{followed}");
}

fn machines(world: &World) {
    let names = world.run(&["machine", "list", "-o", "name"]).done();
    assert_eq!(
        names,
        "machines/application\nmachines/telecom\nmachines/degree\nmachines/ebank\nmachines/ebank_v2\n\
         machines/certification\n"
    );
    assert!(world.run(&["machine", "list"]).done().starts_with("NAME "));
    let page = world.run(&["machine", "show", "application"]).done();
    assert!(page.contains("CAPTCHA_REQUIRED") && page.contains("blacklisted"), "{page}");
    let json = world.run(&["machine", "show", "machines/telecom", "-o", "json"]).json();
    assert_eq!(json["matrix"].as_array().map(Vec::len), json["states"].as_array().map(Vec::len));
    let row = world.run(&["machine", "show", "application", "--state", "init"]).done();
    assert!(row.contains("BlacklistHit") && row.contains("IN INIT"), "{row}");
    assert!(world.run(&["machine", "diagram", "application"]).done().starts_with("stateDiagram-v2"));
    let plan = world.run(&["machine", "plan", "-o", "json"]).json();
    assert!(plan.as_array().unwrap().iter().all(|row| row["verdict"] == "VERDICT_SAME"), "{plan:#}");
    assert!(world.run(&["machine", "plan", "-o", "name"]).done().contains("products/collected\n"));
    let json = world.run(&["machine", "diagram", "application", "-o", "json"]).json();
    assert!(json["mermaid"].as_str().unwrap().starts_with("stateDiagram-v2"));
}

fn health(world: &World) {
    assert!(world.run(&["health"]).done().ends_with(" SERVING\n"));
    assert_eq!(world.run(&["health", "-o", "json"]).json()["status"], "SERVING");
}

fn colours(world: &World) {
    let list = |more: &[&str]| world.run(&[&["apps", "list", "--partner", "forms"], more].concat()).done();
    assert!(!list(&[]).contains('\x1b'), "a pipe has no colours");
    assert!(list(&["--color", "always"]).contains('\x1b'));
    assert!(!list(&["--color", "never"]).contains('\x1b'));
}
