//! The language: what is read, what is refused and how, and that an index never changes a result.

use super::parse::{DEPTH_LIMIT, TERMS_LIMIT, TEXT_LIMIT};
use super::*;
use crate::machine::samples::{self, NOW};

fn digest(_purpose: &str, text: &str) -> [u8; 16] {
    [text.len() as u8; 16]
}

fn filter(text: &str) -> Filter {
    Filter::parse(text, digest).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn view() -> View {
    let mut view = View::of(&samples::in_state(State::AuditPending)[0]);
    view.phone = Some(digest("phone", "13800000000"));
    view
}

fn holds(text: &str) -> bool {
    filter(text).matches(&view(), NOW)
}

#[test]
fn every_field_is_compared() {
    let id = samples::ID;
    for text in [
        "",
        "state = AUDIT_PENDING",
        "state=audit_pending and owner=PROVIDER",
        "NOT state = INIT",
        "state != INIT",
        "partner = partner AND order_number = \"order-1\"",
        "product = 'cash'",
        "phone = 13800000000",
        "stuck = false AND held = false",
        "waiting_for = audit_result",
        "age > 9s AND age <= 10s AND dwell >= 10s",
        "create_time < 2026-01-01T00:00:00Z AND state_time > '2020-01-01T00:00:00Z'",
        "state = INIT OR partner = partner",
        "state = INIT OR state = AUDIT_PENDING AND partner = partner",
        "(state = INIT OR state = AUDIT_PENDING) AND NOT (partner = other)",
        &format!("name = applications/{id}"),
        &format!("name = {id}"),
    ] {
        assert!(holds(text), "{text}");
    }
    for text in [
        "state = INIT",
        "state = INIT AND partner = partner",
        "phone = 1380000000",
        "owner = applicant",
        "waiting_for = sms_code",
        "cause = PROVIDER_DENIED",
        "age > 1h",
        "dwell < 10s",
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn a_held_one_is_stuck_and_its_operators() {
    let held = View::of(&samples::held(samples::in_state(State::DataReady).remove(0)));
    assert!(filter("stuck = true AND held = true AND owner = operator").matches(&held, NOW));
    // Before it was held, it was not.
    let before = view().brief();
    assert!(!filter("held = true").matched(&before, &held, NOW));
}

#[test]
fn what_needs_an_operator_is_stuck_and_stands_under_a_key_that_finds_it() {
    let mut all: Vec<_> = State::ALL.iter().flat_map(|state| samples::in_state(*state)).collect();
    all.extend(all.clone().into_iter().map(samples::held));
    all.extend(samples::with_two_collections(&samples::collecting()));
    all.extend(samples::with_two_collections(&samples::captcha_required()));
    let stuck = filter("stuck = true");
    let Narrowed::Keys(found) = stuck.narrowed() else { panic!("{stuck:?}") };
    let mut parked = 0;
    for application in all {
        let view = View::of(&application);
        let keys = index::keys(&application);
        assert_eq!(stuck.matches(&view, NOW), found.iter().any(|key| keys.contains(key)), "{application:?}");
        assert_eq!(application.cause(), view.cause());
        parked += u32::from(keys.contains(&index::parked()));
        if let Some(cause) = application.cause() {
            assert!(stuck.matches(&view, NOW) && keys.contains(&index::by_cause(cause.name())));
        }
    }
    assert!(parked > 0);
}

#[test]
fn errors_say_where_and_what_would_be_right() {
    for (text, error) in [
        ("state", "`=`, `!=`, `<`, `<=`, `>` or `>=` is expected, at character 6"),
        ("state =", "a value is expected, at character 8"),
        ("state = INIT partner = x", "`AND`, `OR` or the end is expected, at character 14"),
        ("(state = INIT", "`)` is expected, at character 14"),
        ("state = INIT)", "`AND`, `OR` or the end is expected, at character 13"),
        ("AND", "there is no such field; there are state, owner, partner"),
        ("stat = INIT", "there is no such field: did you mean `state`?, at character 1"),
        ("state = INITT", "there is no such state: did you mean `INIT`?, at character 9"),
        ("state < INIT", "`state` is compared with `=` or `!=`, at character 1"),
        ("age = 2h", "`age` is compared with `<`, `<=`, `>` or `>=`, at character 1"),
        ("age > soon", "a duration is expected, like 90s, 2h or 7d, at character 7"),
        ("create_time > yesterday", "a moment is expected"),
        ("held = perhaps", "`true` or `false` is expected, at character 8"),
        ("name = nobody", "a name looks like applications/{id}, at character 8"),
        ("waiting_for = sms_cod", "there is no such thing to wait for: did you mean `sms_code`?"),
        ("partner = \"open", "a quote that is not closed, at character 11"),
        ("partner ! x", "`!` without `=`, at character 9"),
        ("partner = x, y", "a character that must stand in quotes, at character 12"),
        ("= INIT", "a field is expected, at character 1"),
    ] {
        let found = Filter::parse(text, digest).unwrap_err().to_string();
        assert!(found.starts_with(error), "{text}: {found}");
    }
}

#[test]
fn limits_hold() {
    let long = format!("partner = \"{}\"", "x".repeat(TEXT_LIMIT));
    let many = vec!["held = true"; TERMS_LIMIT + 1].join(" OR ");
    let deep = format!("{}held = true{}", "(".repeat(DEPTH_LIMIT + 1), ")".repeat(DEPTH_LIMIT + 1));
    let denied = format!("{}held = true", "NOT ".repeat(DEPTH_LIMIT + 1));
    for text in [long, many, deep, denied] {
        let error = Filter::parse(&text, digest).unwrap_err();
        assert!(error.what.starts_with("a filter"), "{error}");
    }
    filter(&vec!["held = true"; TERMS_LIMIT].join(" OR "));
}

#[test]
fn what_is_compared_about_a_person_is_nowhere_in_a_filter() {
    let text = format!("{:?}", filter("phone = 13800001111 OR identity_number = 45215919990301502x"));
    assert!(!text.contains("13800001111") && !text.contains("45215919990301502"), "{text}");
    assert_eq!(filter("identity_number = 4x"), filter("identity_number = 4X"));
}

#[test]
fn what_time_alone_changes_is_named() {
    assert_eq!(filter("state = INIT OR NOT age > 2h").timed_field(), Some("age"));
    assert_eq!(filter("dwell > 2h").timed_field(), Some("dwell"));
    assert_eq!(filter("create_time > 2026-01-01T00:00:00Z").timed_field(), None);
}

#[test]
fn indexes_narrow_what_must_hold_and_nothing_else() {
    let state = |state| Narrowed::Keys(vec![index::by_state(state)]);
    assert_eq!(filter("").narrowed(), Narrowed::Nothing);
    assert_eq!(filter("state = INIT AND product = x").narrowed(), state(State::Init));
    assert_eq!(filter("state = INIT OR product = x").narrowed(), Narrowed::Nothing);
    assert_eq!(filter("NOT state = INIT").narrowed(), Narrowed::Nothing);
    let two = Narrowed::Keys(vec![index::by_state(State::Init), index::by_state(State::Approved)]);
    assert_eq!(filter("state = INIT OR state = APPROVED").narrowed(), two);
    let phone = Narrowed::Keys(vec![index::by_phone(digest("phone", "123"))]);
    assert_eq!(filter("state = INIT AND phone = 123").narrowed(), phone);
    let source = crate::machine::application::Source { partner: "a".to_owned(), order: "b".to_owned() };
    let by_source = Narrowed::Keys(vec![index::by_source(&source)]);
    assert_eq!(filter("state = INIT AND partner = a AND order_number = b").narrowed(), by_source);
    let id = samples::ID;
    assert_eq!(filter(&format!("phone = 1 AND name = {id}")).narrowed(), Narrowed::Names(vec![id]));
}

#[test]
fn no_text_whatever_is_a_panic() {
    let words =
        ["(", ")", "\"", "'", "\\", "AND", "OR", "NOT", "state", "=", "!=", "<", "INIT", "贷", " ", "\0"];
    let mut seed = 7_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(words[(seed >> 33) as usize % words.len()]);
            if seed & 4 == 0 {
                text.push(' ');
            }
        }
        let _either = Filter::parse(&text, digest);
    }
}

#[test]
fn the_examples_of_the_reference_are_read() {
    let page = include_str!("../../../docs/reference/filter.md");
    let mut examples = 0;
    let mut is_example = false;
    for line in page.lines() {
        if line.starts_with("```") {
            is_example = line == "```filter";
            continue;
        }
        if is_example {
            filter(line);
            examples += 1;
        }
    }
    assert!(examples >= 8, "the reference shows {examples} examples");
    let fields = ["state", "owner", "identity_number", "waiting_for", "dwell"];
    assert!(fields.iter().all(|field| page.contains(&format!("`{field}`"))));
}
