//! Lists within and over the limits, choices good and bad, patterns of every making.

use super::super::answer::Typed;
use super::*;
use std::time::Duration;

fn input(name: &str, pattern: &str) -> Input {
    Input {
        name: name.to_owned(),
        label: String::new(),
        description: String::new(),
        pattern: pattern.to_owned(),
    }
}

fn entry(entry_id: &str, inputs: Vec<Input>) -> LoginType {
    LoginType {
        title: "身份证登录".to_owned(),
        entry_id: entry_id.to_owned(),
        kind: CardKind::CreditAndDebit,
        disabled: None,
        inputs,
    }
}

fn bank(logins: Vec<LoginType>) -> Bank {
    Bank { name: "招商银行".to_owned(), code: "CMB".to_owned(), disabled: None, logins }
}

/// The list that spec 002 §5.1.1 prints, and what goes wrong in practice.
fn list() -> BankList {
    let printed = vec![input("login_name", r"^\d{17}[0-9X]$"), input("password", r"^\d{6}$")];
    let mut closed = bank(vec![entry("201", printed.clone())]);
    closed.disabled = Some("维护中".to_owned());
    let mut shut = entry("103", printed.clone());
    shut.disabled = Some("below".to_owned());
    let logins = vec![
        entry("101", printed.clone()),
        entry("102", vec![input("card", "")]),
        shut,
        entry("104", vec![input("login_name", ""), input("pin", "")]),
        entry("101", printed),
    ];
    BankList::new(vec![bank(logins), closed]).unwrap()
}

fn login(entry_id: &str, inputs: &[(&str, &str)]) -> BankLogin {
    let typed = |(name, value): &(&str, &str)| Typed { name: (*name).into(), value: (*value).into() };
    BankLogin { entry_id: entry_id.to_owned(), inputs: inputs.iter().map(typed).collect() }
}

#[track_caller]
fn check(login: BankLogin, flaws: &[&str]) {
    let found = list().check(login).err().unwrap_or_default();
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, flaws);
}

#[test]
fn what_was_typed_is_put_in_the_order_of_the_list() {
    let id = ("login_name", "45215919990301502X");
    let taken = list().check(login("101", &[("password", "123456"), id])).unwrap();
    let names: Vec<_> = taken.inputs.iter().map(|typed| &*typed.name).collect();
    assert_eq!(names, ["login_name", "password"]);
}

#[test]
fn a_choice_is_checked_against_the_list() {
    let id = ("login_name", "45215919990301502X");
    check(login("101", &[id, ("password", "123456")]), &[]);
    check(login("102", &[("card", "anything")]), &[]);
    check(
        login("101", &[("login_name", "x"), ("password", "secret")]),
        &[r"inputs[login_name] must match ^\d{17}[0-9X]$", r"inputs[password] must match ^\d{6}$"],
    );
    check(login("101", &[id]), &["inputs[password] is missing"]);
    check(login("101", &[id, ("password", "")]), &["inputs[password] is missing"]);
    check(login("102", &[("card", &"1".repeat(257))]), &["inputs[card] must be at most 256 bytes"]);
    check(
        login("102", &[("card", "1"), ("6222", "")]),
        &["inputs have one that is no input of this login type"],
    );
    check(login("102", &[("card", "1"), ("card", "2")]), &["inputs[card] is there twice"]);
    check(login("999", &[]), &["entry_id no bank of the list has this login type"]);
    check(login("201", &[]), &["entry_id cannot be chosen: 维护中"]);
    check(login("103", &[]), &["entry_id cannot be chosen: below"]);
    let foreign = "its form is not supported: an input besides login name and password";
    check(login("104", &[]), &[&format!("entry_id cannot be chosen: {foreign}")]);
}

#[test]
fn a_form_is_supported_if_the_calls_can_carry_it() {
    let check = |names: &[&str], expected: Option<&str>| {
        let inputs: Vec<_> = names.iter().map(|name| input(name, "")).collect();
        let found = unsupported(&inputs);
        let expected = expected.map(|problem| format!("its form is not supported: {problem}"));
        assert_eq!(found, expected, "{names:?}");
    };
    check(&["login_name"], None);
    check(&["password", "cardNo"], None);
    check(&[], Some("no login name"));
    check(&["password"], Some("no login name"));
    check(&["login_name", "password", "password"], Some("more than one password"));
    check(&["a", "b"], Some("more than one input that may be the login name"));
}

#[test]
fn an_id_that_is_there_twice_means_the_first() {
    let list = list();
    let [first, .., last] = list.banks[0].logins.as_slice() else { panic!("{list:?}") };
    assert_eq!((first.disabled.is_none(), last.disabled.is_some()), (true, true));
}

#[test]
fn patterns_are_searched_as_written_and_by_ascii() {
    let check = |pattern: &str, typed: &str, is_good: bool| {
        let found = input("x", pattern).problem(Some(typed)).is_none();
        assert_eq!(found, is_good, "{pattern} {typed}");
    };
    check("", "anything", true);
    check(r"\d{6}", "a123456b", true);
    check(r"^\d{6}$", "１２３４５６", false);
    check(r"^[\u4e00-\u9fa5]{2,4}$", "李测试", true);
    check(r"^.{3}$", "李测试", true);
    check(r"^[^@]+$", "李", true);
    // What the engine does not know checks nothing.
    check(r"^(?=.*\d).{6,}$", "x", true);
    check(r"(a)\1", "x", true);
    check("(", "x", true);
    check(r"\w{500}{500}", "x", true);
}

#[test]
fn a_hostile_pattern_takes_no_time() {
    let begun = std::time::Instant::now();
    let typed = format!("{}!", "a".repeat(PART_LIMIT - 1));
    for pattern in ["^(a+)+$", "^(a|aa)+$", "^(a|a?)+$", "(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$"] {
        assert!(input("x", pattern).problem(Some(&typed)).is_some(), "{pattern}");
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn what_checks_nothing_is_told() {
    let list = BankList::new(vec![bank(vec![
        entry("1", vec![input("a", "(?=x)"), input("b", r"^\d$"), input("c", "")]),
        entry("2", vec![input("a", "(?=x)"), input("b", "x{1000}{1000}")]),
    ])]);
    let list = list.unwrap();
    assert_eq!(list.unknown_patterns().into_iter().collect::<Vec<_>>(), ["(?=x)", "x{1000}{1000}"]);
}

#[test]
fn a_list_over_the_limits_is_refused() {
    let check = |banks: Vec<Bank>, expected: &str| {
        let error = BankList::new(banks.clone()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        let stored = BankList { banks }.to_json();
        assert_eq!(BankList::from_json(stored.as_bytes()), Err(error));
    };
    check(vec![bank(vec![]); BANKS_LIMIT + 1], "501 banks, at most 500");
    check(vec![bank(vec![entry("1", vec![]); LOGIN_TYPES_LIMIT + 1])], "21 login types");
    let inputs = vec![input("x", ""); INPUTS_LIMIT + 1];
    check(vec![bank(vec![entry("1", inputs)])], "11 inputs");
    let long = "x".repeat(TEXT_LIMIT + 1);
    check(vec![bank(vec![entry(&long, vec![])])], "a login type's id has 1025 bytes");
    check(vec![bank(vec![entry("1", vec![input("x", &long)])])], "a pattern has 1025 bytes");
}

#[test]
fn a_stored_list_comes_back() {
    let list = list();
    assert_eq!(BankList::from_json(list.to_json().as_bytes()), Ok(list));
    assert_eq!(BankList::from_json(b"[]"), Err(BankListError::NoList));
}
