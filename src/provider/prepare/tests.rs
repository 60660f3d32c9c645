//! Every request against the examples of spec 002.

use std::io::Read as _;

use flate2::read::GzDecoder;
use http::Method;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use serde_json::{Value, json};

use super::written::{FORM, GZIP, JSON};
use super::*;
use crate::machine::call::Cause;
use crate::provider::audit::sealing::AuditCipher;
use crate::provider::specimen;
use crate::provider::wire::seal::decrypt_blocks;

const TOKEN: &str = "2ae85e8e10ca12f2ad1f41e4a03f7dcb";

/// The evidence of spec 002's telecom example; nothing in our evidence tells a home address.
fn printed(answer: &str) -> Material {
    let dossier = json!({
        "identity": {"name": "李测试", "phone": "18698574854", "id_card": "45215919990301502x"},
        "contacts": [{"name": "张一", "phone": "13432499954", "relation": "classmate"}],
        "work": {"company": "测试公司", "region": "上海市", "address": "政学路1号", "phone": "021-12345678"}
    });
    Material {
        dossier: serde_json::from_value(dossier).unwrap(),
        collected: None,
        answer: Some(Secret::from(answer.to_owned())),
    }
}

fn drafted(call: &Call, material: &Material, cipher: &AuditCipher) -> Result<Draft, Failure> {
    let sealer = Sealer::new(cipher, ChaCha20Rng::seed_from_u64(1)).unwrap();
    let application = specimen::application();
    let mut draft = draft(call, &application, material, "merchant1", &sealer)?;
    if let Some(place) = draft.token_mut() {
        *place = TOKEN.into();
    }
    Ok(draft)
}

fn written(call: &Call, answer: &str, encoding: Encoding) -> Request<Bytes> {
    let draft = drafted(call, &printed(answer), &AuditCipher::None);
    draft.ok().unwrap().write(encoding)
}

#[test]
fn every_request_is_as_printed() {
    let session = r#"{"username":"merchant1","open_id":"f47e9276860685349c7ef4be67c823"}"#;
    for call in specimen::calls() {
        let (answer, uri, body) = match &call {
            Call::Blacklist => (
                "",
                "/blacklist/search/single",
                r#"{"token":"2ae85e8e10ca12f2ad1f41e4a03f7dcb","name":"李测试","id_card":"45215919990301502X","mobile":"18698574854"}"#,
            ),
            Call::TelecomOpen { .. } => (
                "123456",
                "/telecom/collect/open-id",
                r#"{"token":"2ae85e8e10ca12f2ad1f41e4a03f7dcb","name":"李测试","id_card":"45215919990301502X","mobile":"18698574854","service_password":"123456","options":{"work_addr":"政学路1号","work_tel":"021-12345678","contacts":[{"contact_tel":"13432499954","contact_name":"张一","contact_type":"5"}]}}"#,
            ),
            Call::TelecomQueryPassword { .. } => (
                "654321",
                "/telecom/collect/query-password",
                r#"{"username":"merchant1","open_id":"f47e9276860685349c7ef4be67c823","query_password":"654321"}"#,
            ),
            Call::TelecomCaptcha { .. } => (
                "123456",
                "/telecom/collect/captcha",
                r#"{"username":"merchant1","open_id":"f47e9276860685349c7ef4be67c823","captcha":"123456"}"#,
            ),
            Call::TelecomResend { .. } => ("", "/telecom/collect/resend-captcha", session),
            Call::TelecomState { .. } => ("", "/telecom/collect/get-state", session),
            Call::TelecomRawData { .. } => ("", "/telecom/data/raw-data", session),
            Call::TelecomReport { .. } => ("", "/telecom/data/report", session),
            Call::AuditResult { .. } => {
                ("", "/risk-model/audit/result?open_id=f47e9276860685349c7ef4be67c823", "")
            }
            // Has a test of its own: the body is sealed and compressed.
            Call::AuditApply => continue,
        };
        let request = written(&call, answer, Encoding::Json);
        assert_eq!(request.uri(), uri);
        assert_eq!(std::str::from_utf8(request.body()).unwrap(), body);
        let is_get = matches!(call, Call::AuditResult { .. });
        assert_eq!(request.method() == Method::GET, is_get, "{uri}");
        assert_eq!(request.headers().get(CONTENT_TYPE), (!is_get).then_some(&JSON));
        assert_eq!(request.headers().get(CONTENT_ENCODING), None);
    }
}

#[test]
fn an_audit_application_is_sealed_and_compressed() {
    let (key, cipher) = specimen::audit_key();
    let material = Material { dossier: specimen::dossier(), ..Material::default() };
    for encoding in [Encoding::Json, Encoding::Form] {
        let draft = drafted(&Call::AuditApply, &material, &cipher).ok().unwrap();
        let request = draft.write(encoding);
        assert_eq!(request.uri(), "/risk-model/audit/open-id");
        assert_eq!(request.headers().get(CONTENT_TYPE), Some(&JSON));
        assert_eq!(request.headers().get(CONTENT_ENCODING), Some(&GZIP));
        let mut body = String::new();
        GzDecoder::new(request.body().as_ref()).read_to_string(&mut body).unwrap();
        let body: Value = serde_json::from_str(&body).unwrap();
        let plain = decrypt_blocks(&key, body["data"].as_str().unwrap()).unwrap();
        let expected = json!({
            "token": TOKEN, "name": "姚测试", "phone": 18_301_231_234_u64,
            "id_card": "513301199123123123", "data": body["data"],
        });
        assert_eq!(body, expected);
        let dossier: Value = serde_json::from_slice(&plain).unwrap();
        assert_eq!(dossier["order_detail"]["order_id"], 245_132_241_561_415_u64);
    }
}

#[test]
fn form_fields_say_the_same() {
    let call = Call::TelecomOpen { password: specimen::sealed() };
    let request = written(&call, "1&2", Encoding::Form);
    assert_eq!(request.headers().get(CONTENT_TYPE), Some(&FORM));
    let fields: Vec<_> = form_urlencoded::parse(request.body()).into_owned().collect();
    let value = |name: &str| {
        let field = fields.iter().find(|(known, _)| known == name);
        field.map_or("", |(_, value)| value.as_str())
    };
    assert_eq!(value("service_password"), "1&2");
    assert_eq!(value("name"), "李测试");
    assert_eq!(value("options[work_tel]"), "021-12345678");
    assert_eq!(value("options[contacts][0][contact_type]"), "5");
    assert_eq!(fields.len(), 10);
}

#[test]
fn an_id_is_escaped_in_a_query() {
    let call = Call::AuditResult { open_id: "a/b&c=d e".to_owned() };
    let request = written(&call, "", Encoding::Json);
    assert_eq!(request.uri(), "/risk-model/audit/result?open_id=a%2Fb%26c%3Dd+e");
}

#[test]
fn what_is_missing_is_named_before_anything_is_sent() {
    let check = |call: &Call, material: &Material, what: &str| {
        let failure = drafted(call, material, &AuditCipher::None).err();
        let detail = what.to_owned();
        assert_eq!(failure, Some(Failure::Hopeless(Cause::Missing { detail })));
    };
    let [blacklist, audit, _, open, password, captcha, ..] = specimen::calls();
    let nothing = Material::default();
    check(&blacklist, &nothing, "id_card");
    check(&audit, &nothing, "id_card");
    check(&open, &nothing, "id_card");
    check(&password, &nothing, "the applicant's answer");
    check(&captcha, &nothing, "the applicant's answer");
    let mut material = printed("");
    material.answer = None;
    check(&open, &material, "the applicant's answer");
    check(&audit, &material, "order_detail.amount");
}

#[test]
fn the_table_of_credentials_is_that_of_the_requests() {
    for call in specimen::calls() {
        let material = Material {
            dossier: specimen::dossier(),
            answer: Some(Secret::from("1".to_owned())),
            collected: None,
        };
        let mut draft = drafted(&call, &material, &AuditCipher::None).ok().unwrap();
        let has_token = draft.token_mut().is_some();
        assert_eq!(has_token, Credential::of(&call) == Credential::Token, "{}", call.name());
        let body = draft.write(Encoding::Json).into_body();
        let has_name = body.windows(10).any(|part| part == b"\"username\"");
        assert_eq!(has_name, Credential::of(&call) == Credential::Username, "{}", call.name());
    }
}
