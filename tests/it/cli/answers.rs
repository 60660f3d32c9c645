//! Answers by a flag, by a pipe and by a prompt.

use super::world::World;
use serde_json::Value;

pub(super) fn answers_come_by_flag_pipe_and_prompt(world: &World) {
    a_code_is_a_flag(world);
    a_password_is_a_line_of_the_input(world);
    what_is_asked_is_shown(world);
}

fn a_code_is_a_flag(world: &World) {
    let name = world.asked("answers", "order-1", 1);
    let wrong =
        world.run_with(&["apps", "answer", &name, "--query-password", "-o", "json"], "s3cret-typed\n");
    assert_eq!(wrong.code, 4, "{wrong:#?}");
    assert_eq!(wrong.error()["reason"], "WRONG_ANSWER_KIND");
    assert!(!wrong.err.contains("s3cret-typed"), "a password is repeated: {wrong:#?}");
    let none = world.run(&["apps", "answer", &name, "--service-password"]);
    assert!(none.code == 2 && none.err.contains("no service password was given"), "{none:#?}");

    let code = world.expected(1, "order-1");
    let answered = world.run(&["apps", "answer", &name, "--sms-code", &code, "-o", "json"]).json();
    assert_eq!(answered["name"], name.as_str());
    let waited = world.run(&["apps", "wait", &name, "--timeout", "20s", "-o", "json"]).json();
    assert_eq!(waited["state"], "STATE_APPROVED");
}

/// Script 15 asks for the query password before the code; without credentials the service password
/// is asked for first of all.
fn a_password_is_a_line_of_the_input(world: &World) {
    let mut request = world.order("answers", "order-2", 15);
    request.as_object_mut().unwrap().remove("credentials");
    let created =
        world.run_with(&["apps", "create", "--from", "-", "-o", "json"], &request.to_string()).json();
    let name = created["name"].as_str().unwrap();
    asks(world, name, "KIND_SERVICE_PASSWORD");
    world.run_with(&["apps", "answer", name, "--service-password"], "123456\n").done();
    asks(world, name, "KIND_QUERY_PASSWORD");
    let password = world.expected(15, "order-2");
    world.run_with(&["apps", "answer", name, "--query-password"], &password).done();
    asks(world, name, "KIND_SMS_CODE");
}

fn what_is_asked_is_shown(world: &World) {
    let open = asks(world, "answers/order-2", "KIND_SMS_CODE");
    let challenge = open["name"].as_str().unwrap();
    let code = world.expected(15, "order-2");
    let answered = world.run_with(&["apps", "answer", challenge], &format!("{code}\n"));
    assert!(answered.err.contains(challenge) && answered.err.contains("asks for sms_code"), "{answered:#?}");
    answered.done();
    let again = world.run(&["apps", "answer", challenge, "--sms-code", &code]);
    assert_eq!(again.code, 5, "{again:#?}");
    world.run(&["apps", "wait", "answers/order-2", "--timeout", "20s"]).done();

    world.asked("answers", "order-3", 1);
    let resent = world.run(&["apps", "resend", "answers/order-3", "-o", "json"]).json();
    assert_ne!(resent["state"], "STATE_CANCELLED");
}

/// Waits until an application asks for something; gives the challenge.
fn asks(world: &World, name: &str, kind: &str) -> Value {
    for _ in 0..100 {
        let wait = ["apps", "wait", name, "--for", "captcha_required", "--timeout", "20s", "-o", "json"];
        let seen = world.run(&wait).json();
        if seen["challenges"][0]["kind"] == kind {
            return seen["challenges"][0].clone();
        }
    }
    panic!("{name} never asks for {kind}");
}
