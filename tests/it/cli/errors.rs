//! Every exit code, and the form of errors.

use super::world::{Ran, World, docket};
use serde_json::{Value, json};

const NOBODY: &str = "applications/0199c0de-0000-7000-8000-000000000001";

fn check(ran: Ran, code: i32, reason: Option<&str>, says: &str) -> Value {
    assert_eq!(ran.code, code, "{ran:#?}");
    assert!(ran.err.starts_with("docket: ") && ran.err.contains(says), "`{says}` is missing: {ran:#?}");
    let error = ran.error();
    assert_eq!(
        (error["exit_code"].as_i64(), error["reason"].as_str()),
        (Some(code.into()), reason),
        "{error:#}"
    );
    error
}

pub(super) fn every_exit_code(world: &World) {
    usage(world);
    let get = world.run(&["apps", "get", NOBODY, "-o", "json"]);
    assert!(
        get.err.contains("  reason: APPLICATION_NOT_FOUND\n") && get.err.contains("  hint: "),
        "{get:#?}"
    );
    let error = check(get, 3, Some("APPLICATION_NOT_FOUND"), "no such application exists");
    assert_eq!(error["metadata"]["subject"], NOBODY);
    check(
        world.run(&["apps", "get", "errors/none", "-o", "json"]),
        3,
        None,
        "no application under the order none",
    );
    check(world.run(&["machine", "show", "none", "-o", "json"]), 3, Some("MACHINE_NOT_FOUND"), "");
    check(world.run(&["machine", "show", "telecom", "--state", "X", "-o", "json"]), 3, None, "CHECKING");
    what_is_brought_may_be_wrong(world);
    the_state_may_be_in_the_way(world);
    nobody_may_be_there();
    an_application_may_end_otherwise(world);
}

fn usage(world: &World) {
    for arguments in [
        &["apps", "list", "--state", "NOWHERE"][..],
        &["apps", "create"],
        &["apps", "wait", "x/y", "--for", "never"],
        &["apps", "list", "--timeout", "soon"],
        &["apps", "answer", NOBODY, "--query-password", "--service-password"],
        &["apps", "answer", NOBODY, "--service-password=secret"],
        &["nothing"],
    ] {
        let ran = world.run(arguments);
        assert!(ran.code == 2 && ran.out.is_empty(), "{arguments:?}: {ran:#?}");
    }
    check(world.run(&["apps", "get", "nameless", "-o", "json"]), 2, None, "no application's name");
    let misspelt = world.run(&["apps", "list", "--filter", "sate = INIT", "-o", "json"]);
    check(misspelt, 4, Some("INVALID_FIELDS"), "did you mean `state`?, at character 1\n");
    let elsewhere = docket(&["health", "--server", "https://127.0.0.1:1", "-o", "json"], &[], "");
    check(elsewhere, 2, None, "TLS");
}

fn what_is_brought_may_be_wrong(world: &World) {
    let create = |text: &str| world.run_with(&["apps", "create", "--from", "-", "-o", "json"], text);
    let mut request = world.order("errors", "order-1", 1);
    request["evidence"]["loan"]["amount_fen"] = json!(-1);
    request["evidence"]["identity"]["phone"] = json!("1");
    let error =
        check(create(&request.to_string()), 4, Some("INVALID_FIELDS"), "evidence.loan.amount_fen: must be");
    assert_eq!(error["field_violations"].as_array().map(Vec::len), Some(2), "{error:#}");
    check(create(r#"{ "partner": "errors", "ordr": 1 }"#), 4, None, "'ordr'");
    check(create("{"), 4, None, "the standard input is no application");
    check(world.run(&["apps", "create", "--from", "no such file", "-o", "json"]), 1, None, "no such file");
    let product =
        json!({ "partner": "errors", "orderNumber": "1", "product": "x", "evidence": {} }).to_string();
    check(create(&product), 4, Some("UNKNOWN_PRODUCT"), "product");
}

fn the_state_may_be_in_the_way(world: &World) {
    let mut request = world.order("errors", "order-2", 1);
    let create = |request: &Value| {
        world.run_with(&["apps", "create", "--from", "-", "-o", "json"], &request.to_string())
    };
    let created = create(&request).json();
    let again = create(&request).json();
    assert_eq!(created["name"], again["name"], "the same content is the same application");
    request["evidence"]["loan"]["amount_fen"] = json!(7);
    let error = check(create(&request), 5, Some("APPLICATION_EXISTS"), "other content");
    assert!(error["hint"].as_str().unwrap().contains(created["name"].as_str().unwrap()), "{error:#}");

    let cancel = || world.run(&["apps", "cancel", "errors/order-2", "--reason", "a test", "-o", "json"]);
    let cancelled = cancel().json();
    assert_eq!(cancelled["state"], "STATE_CANCELLED");
    assert_eq!(cancelled["cancellation"]["reason"], "a test");
    check(cancel(), 5, Some("TRANSITION_NOT_ALLOWED"), "CancelRequested");
    check(world.run(&["apps", "resend", "errors/order-2", "-o", "json"]), 5, None, "asks for nothing now");
    check(world.run(&["apps", "answer", "errors/order-2", "-o", "json"]), 5, None, "asks for nothing now");
}

fn nobody_may_be_there() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = format!("http://{free}");
    for command in [&["health"][..], &["apps", "list"], &["apps", "watch"], &["apps", "wait", NOBODY]] {
        let ran = docket(&[command, &["--server", &server, "-o", "json"]].concat(), &[], "");
        assert_eq!(ran.out, "");
        check(ran, 7, None, &server);
    }
}

fn an_application_may_end_otherwise(world: &World) {
    world.create("errors", "order-3", 8);
    let wait = |more: &[&str]| world.run(&[&["apps", "wait", "errors/order-3", "-o", "json"], more].concat());
    check(wait(&[]), 8, None, "ended in REJECTED");
    check(wait(&["--for", "approved,suspended"]), 8, None, "ended in REJECTED");
    assert_eq!(wait(&["--for", "REJECTED"]).json()["state"], "STATE_REJECTED");
    world.asked("errors", "order-4", 1);
    let wait = world.run(&["apps", "wait", "errors/order-4", "--timeout", "100ms", "-o", "json"]);
    check(wait, 1, None, "the time is over");
}
