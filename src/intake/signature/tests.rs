//! The vectors of the specification, and what is not them.

use super::*;
use axum::http::HeaderValue;

/// The example of spec 003: `data` is a string.
const STRING: &str = include_str!("../push/examples/signed.json");

/// The same: `data` is an object.
const OBJECT: &str = include_str!("../push/examples/signed-object.json");

const KEY: &str = "test-key";

/// The time of the vectors.
const TIME: u64 = 1_539_312_000_000;

fn secrets(keys: &[&str]) -> Secrets {
    Secrets(keys.iter().map(|key| Secret::from((*key).to_owned())).collect())
}

fn headers(time: &str, signature: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [("clientId", CLIENT), ("clientTime", time), ("s", signature)] {
        headers
            .insert(axum::http::HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn check(keys: &[&str], signature: &str, body: &str, now: u64) -> Result<(), Unsigned> {
    let signed = Signed { secrets: secrets(keys), window: Some(Duration::from_secs(600)) };
    let headers = headers("1539312000000", signature);
    signed.check(Headers::read(&headers)?, body.as_bytes(), Time::from_millis(now))
}

const VECTORS: [(&str, &str); 3] = [
    (STRING, "3cbc52744509b71f762268cdae54bfe5"),
    (OBJECT, "e66da1cf0b6a5c6af88881bc446ee5d0"),
    (r#"{"data":"{}"}"#, "ee53367cffd741db42034d2db75de733"),
];

#[test]
fn the_signed_vectors_are_good_and_nothing_else_is() {
    for (body, signature) in VECTORS {
        assert_eq!(check(&[KEY], signature, body, TIME), Ok(()));
        assert_eq!(check(&[KEY], &signature.to_uppercase(), body, TIME), Ok(()));
        assert_eq!(check(&["newer", KEY], signature, body, TIME), Ok(()));
        assert_eq!(check(&[KEY, "older"], signature, body, TIME), Ok(()));
        assert_eq!(check(&["other"], signature, body, TIME), Err(Unsigned::Headers));
        assert_eq!(check(&[], signature, body, TIME), Err(Unsigned::Headers));
        assert_eq!(check(&[KEY], signature, &format!("{body}\n"), TIME), Err(Unsigned::Headers));
        assert_eq!(check(&[KEY], signature, &body.replace(':', ": "), TIME), Err(Unsigned::Headers));
        for wrong in ["", "00", &signature[1..], &signature.replace('e', "g"), &format!("{signature}00")] {
            assert_eq!(check(&[KEY], wrong, body, TIME), Err(Unsigned::Headers), "{wrong}");
        }
    }
}

#[test]
fn the_time_of_a_signed_push_is_near_ours_either_way() {
    let (body, signature) = VECTORS[2];
    for (now, expected) in [
        (TIME - 600_000, Ok(())),
        (TIME + 600_000, Ok(())),
        (TIME - 600_001, Err(Unsigned::Stale { window_s: 600 })),
        (TIME + 600_001, Err(Unsigned::Stale { window_s: 600 })),
    ] {
        assert_eq!(check(&[KEY], signature, body, now), expected);
    }
    let far = check(&["other"], signature, body, 0);
    assert_eq!(far, Err(Unsigned::Headers), "who has no key learns nothing of our clock");
    let off = Signed { secrets: secrets(&[KEY]), window: None };
    let headers = headers("1539312000000", signature);
    let headers = Headers::read(&headers).unwrap();
    assert_eq!(off.check(headers, body.as_bytes(), Time::from_millis(0)), Ok(()));
}

#[test]
fn each_header_is_there_once() {
    let good = headers("1539312000000", VECTORS[0].1);
    for header in ["clientId", "clientTime", "s"] {
        let mut without = good.clone();
        without.remove(header);
        assert_eq!(Headers::read(&without).unwrap_err(), Unsigned::Header { header });
        let mut twice = good.clone();
        let name = axum::http::HeaderName::try_from(header).unwrap();
        twice.append(name.clone(), good[&name].clone());
        assert_eq!(Headers::read(&twice).unwrap_err(), Unsigned::Header { header });
        let mut foreign = good.clone();
        foreign.insert(name, HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(Headers::read(&foreign).unwrap_err(), Unsigned::Header { header });
    }
    let mut other = good;
    other.insert("clientid", HeaderValue::from_static("thirdparty_qunadai"));
    assert_eq!(Headers::read(&other).unwrap_err(), Unsigned::Client);
    for time in ["", "soon", "-1", "+1539312000000", "1539312000000.0", "99999999999999999999", "１"] {
        let Ok(value) = HeaderValue::from_bytes(time.as_bytes()) else { continue };
        let mut headers = headers("0", "00");
        headers.insert("clienttime", value);
        let expected =
            if time.is_ascii() { Unsigned::Time } else { Unsigned::Header { header: "clientTime" } };
        assert_eq!(Headers::read(&headers).unwrap_err(), expected, "{time}");
    }
}

/// Checks the envelope of the vector of spec 000, with its arguments as they are given.
fn envelope(args: &str, sign: &str, more: &str, keys: &[&str]) -> Result<(), String> {
    let body = format!(r#"{{"ua":"YBQB_PARTNER_XL","args":{args},"sign":"{sign}"{more}}}"#);
    let envelope = Envelope::read(body.as_bytes()).map_err(|error| error.to_string())?;
    assert_eq!(envelope.args, r#"{"orderNo":"245132241561415"}"#);
    check_envelope("YBQB_PARTNER_XL", &secrets(keys), &envelope).map_err(|error| error.to_string())
}

#[test]
fn the_vector_of_the_envelope_is_good_as_object_and_as_string() {
    let sign = "767fc1ad335e2916ae4ada6662b3ddd2";
    let wrong = Err("sign: is not the signature of these arguments".to_owned());
    for args in [r#"{"orderNo":"245132241561415"}"#, r#""{\"orderNo\":\"245132241561415\"}""#] {
        for more in ["", r#","timeStamp":"1544600000""#, r#","timeStamp":7,"other":[]"#] {
            assert_eq!(envelope(args, sign, more, &[KEY]), Ok(()));
            assert_eq!(envelope(args, sign, more, &["newer", KEY]), Ok(()));
            assert_eq!(envelope(args, sign, more, &["newer"]), wrong);
        }
        // printf 'UAkeyUA<call>UAkeyUA<args>UAkeyUA' | md5sum, with these values.
        let older = "29875211f5b406ea10488960724354fd";
        let call = r#","call":"pushUserBaseInfo""#;
        assert_eq!(envelope(args, older, call, &[KEY]), Ok(()));
        assert_eq!(envelope(args, older, "", &[KEY]), wrong);
        assert_eq!(envelope(args, sign, call, &[KEY]), wrong);
    }
}

#[test]
fn an_envelope_is_of_its_partner() {
    let args = r#"{"orderNo":"245132241561415"}"#;
    let body = format!(r#"{{"ua":"OTHER","args":{args},"sign":"767fc1ad335e2916ae4ada6662b3ddd2"}}"#);
    let other = Envelope::read(body.as_bytes()).unwrap();
    assert_eq!(check_envelope("YBQB_PARTNER_XL", &secrets(&[KEY]), &other), Err(Unsigned::Stranger));
    // Signed as the other, under the same key.
    let sign = "c7316f6ea35b7da19a59046f0c95c173";
    let body = format!(r#"{{"ua":"YBQB_PARTNER_XL","args":{args},"sign":"{sign}"}}"#);
    let forged = Envelope::read(body.as_bytes()).unwrap();
    assert_eq!(check_envelope("YBQB_PARTNER_XL", &secrets(&[KEY]), &forged), Err(Unsigned::Envelope));
    for (body, expected) in [
        (r#"{"args":{},"sign":"0"}"#, "ua: is required"),
        (r#"{"ua":"x","args":{}}"#, "sign: is required"),
        (r#"{"ua":"x","sign":"0"}"#, "args: is required"),
        (r#"{"ua":"x","sign":"0","args":[]}"#, "args: must be a string or an object"),
        (r#"{"ua":"x","sign":"0","args":"\ud800"}"#, "args: must be whole Unicode characters"),
        (r#"{"ua":"x","sign":"0","args":{},"call":7}"#, "call: must be a string"),
        (r#"{"ua":"x","ua":"x","sign":"0","args":{}}"#, "body: must not have a member twice"),
        ("[]", "body: must be an object"),
    ] {
        assert_eq!(Envelope::read(body.as_bytes()).err().unwrap().to_string(), expected);
    }
}
