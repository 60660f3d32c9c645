//! Bad bodies: an example with one small edit, and what is said about it.

use super::{ADDITIONAL, BASE, BOOK, edited};
use crate::intake::push::{Push, PushError};

#[test]
fn every_bad_base_push_is_refused_by_name() {
    check_table(BASE, Push::base, include_str!("bad_base.txt"));
}

#[test]
fn every_bad_additional_push_is_refused_by_name() {
    check_table(ADDITIONAL, Push::additional, include_str!("bad_additional.txt"));
}

#[test]
fn what_is_required_of_a_card_is_required() {
    let names = "faceRecognitionPicture idNumberZPicture idNumberFPicture ocrName ocrRace ocrSex \
                 ocrBirthday ocrIdNumber ocrAddress ocrIssuedBy ocrStartTime ocrEndTime";
    for name in names.split(' ') {
        let said = format!("userVerify.idCardInfo.{name}: is required");
        check(BASE, Push::base, &format!("\"{name}\""), "\"x\"", &said);
    }
}

#[test]
fn what_is_required_of_an_additional_push_is_required() {
    for (object, names) in [
        (
            "deviceInfo",
            "deviceId device_info osType osVersion lastLoginTime ip memory storage unuseStorage \
             bettary appMarket isRoot isSimulator",
        ),
        ("addressBook", "phoneList"),
        ("contactInfo", "name mobile relation nameSpare mobileSpare relationSpare"),
        ("workOfficeInfo", "companyName areas address telNo"),
    ] {
        let said = format!("userAdditional.{object}: is required");
        check(ADDITIONAL, Push::additional, &format!("\"{object}\""), "\"x\"", &said);
        for name in names.split(' ') {
            let said = format!("userAdditional.{object}.{name}: is required");
            check(ADDITIONAL, Push::additional, &format!("\"{name}\""), "\"x\"", &said);
        }
    }
}

#[test]
fn nothing_may_be_too_long() {
    let text = |times: usize| format!("\"{}\"", "姚".repeat(times));
    let name = |times: usize| format!("\"userName\": {}", text(times));
    let base = |from: &str, to: &str, said: &str| check(BASE, Push::base, from, to, said);
    let told = "\"userName\": \"姚测试\"";
    base(told, &name(101), "userInfo.userName: must be at most 100 characters");
    base(told, &name(1_667), "userInfo.userName: must be at most 5000 bytes");
    let url = format!("https://{}", "a".repeat(2_041));
    let said = "userVerify.idCardInfo.idNumberFPicture: must be at most 2048 bytes";
    base("https://img.example.com/back.jpg", &url, said);
    let said = "userVerify.idCardInfo.ocrAddress: must be at most 5000 bytes";
    base("\"四川省测试地址\"", &text(1_667), said);
    let members: String = (0..256).map(|at| format!("\"a{at}\": 1, ")).collect();
    let said = "userVerify.operatorVerify.data: must have at most 256 members";
    base("\"identity_code\"", &format!("{members}\"identity_code\""), said);

    let book = "userAdditional.addressBook.phoneList";
    let many = format!("[{}\"1\"]", "\"a_1\",".repeat(50_000));
    let said = format!("{book}: must have at most 50000 elements");
    check(ADDITIONAL, Push::additional, BOOK, &many, &said);
    let said = format!("{book}[0]: must be at most 5000 bytes");
    check(ADDITIONAL, Push::additional, BOOK, &format!("[{}]", text(1_667)), &said);
}

#[test]
fn nothing_may_be_too_deep() {
    let nested = |times: usize| format!("\"x\": {}{}, \"ocrSex\"", "[".repeat(times), "]".repeat(times));
    let is_read = |times| Push::base(edited(BASE, &[("\"ocrSex\"", &nested(times))]).as_bytes());
    assert!(is_read(97).is_ok());
    for times in [98, 1_000_000] {
        let said = "body: must not be nested more than 100 deep";
        check(BASE, Push::base, "\"ocrSex\"", &nested(times), said);
    }
}

#[test]
fn a_body_must_be_one_object() {
    for (body, said) in [
        ("", "body: must be JSON, and is not at line 1, column 0"),
        ("{} {}", "body: must be JSON, and is not at line 1, column 4"),
        ("{\"a\":1,}", "body: must be JSON, and is not at line 1, column 8"),
        ("{\n'a': 1}", "body: must be JSON, and is not at line 2, column 1"),
        ("[]", "body: must be an object"),
        ("null", "body: must be an object"),
        ("\"{}\"", "body: must be an object"),
        ("{\"a\": {}, \"a\": {}}", "body: must not have a member twice"),
        ("{}", "orderInfo: is required"),
    ] {
        check(body, Push::base, body, body, said);
        check(body, Push::additional, body, body, said);
    }
    for body in [&b"{\"a\": \"\xeb\"}"[..], b"\xff\xfe{\0}\0"] {
        assert_eq!(Push::base(body).unwrap_err().to_string(), "body: must be UTF-8");
    }
}

type Read = fn(&[u8]) -> Result<Push, PushError>;

/// Checks a table: `from → to` on a line, the message on the next.
pub(super) fn check_table(example: &str, read: Read, table: &str) {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let lines: Vec<_> = lines.collect();
    for row in lines.chunks(2) {
        let (from, to) = row[0].split_once(" → ").unwrap();
        check(example, read, from, to, row[1].trim());
    }
}

fn check(example: &str, read: Read, from: &str, to: &str, expected: &str) {
    let body = if example == from { to.to_owned() } else { edited(example, &[(from, to)]) };
    let said = read(body.as_bytes()).map_err(|error| error.to_string());
    let shown: String = to.chars().take(80).collect();
    assert_eq!(said.err().as_deref(), Some(expected), "{from} → {shown}");
}
