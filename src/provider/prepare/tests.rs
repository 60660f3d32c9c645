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
use crate::provider::calls::Credential;
use crate::provider::specimen;
use crate::provider::wire::degree::LoginRequest;
use crate::provider::wire::seal::decrypt_blocks;
use crate::vault::Secret;

const TOKEN: &str = "2ae85e8e10ca12f2ad1f41e4a03f7dcb";

/// The evidence of spec 002's telecom example; nothing in our evidence tells a home address.
fn printed(answer: Option<Secret>) -> Material {
    let dossier = json!({
        "identity": {"name": "李测试", "phone": "18698574854", "id_card": "45215919990301502x"},
        "contacts": [{"name": "张一", "phone": "13432499954", "relation": "classmate"}],
        "work": {"company": "测试公司", "region": "上海市", "address": "政学路1号", "phone": "021-12345678"},
        "device": {"device_id": "7d50dcb97e654de6890ae8000bb4558a", "os": "iOS"}
    });
    Material { dossier: serde_json::from_value(dossier).unwrap(), collected: None, answer }
}

fn drafted(
    call: &Call,
    material: &Material,
    cipher: &AuditCipher,
    dialect: &Dialect,
) -> Result<Request<Bytes>, Failure> {
    let sealer = Sealer::new(cipher, ChaCha20Rng::seed_from_u64(1)).unwrap();
    let means = Means { username: "merchant1", dialect, sealer: &sealer };
    let mut draft = draft(call, &specimen::application(), material, &means)?;
    Ok(draft.write(Some(&TOKEN.into()), dialect.encoding))
}

fn written(call: &Call, encoding: Encoding) -> Request<Bytes> {
    let dialect = Dialect { encoding, ..Dialect::default() };
    drafted(call, &printed(specimen::typed(call)), &AuditCipher::None, &dialect).unwrap()
}

/// The body of each call's request, in the order of the print; that of the audit is sealed.
fn bodies() -> [(&'static str, &'static str); Call::NAMES.len() - 1] {
    let session = r#"{"username":"merchant1","open_id":"f47e9276860685349c7ef4be67c823"}"#;
    let captcha =
        r#"{"username":"merchant1","open_id":"f47e9276860685349c7ef4be67c823","verify_code":"s3cret"}"#;
    [
        (
            "blacklist",
            r#"{"token":"2ae85e8e10ca12f2ad1f41e4a03f7dcb","name":"李测试","id_card":"45215919990301502X","mobile":"18698574854"}"#,
        ),
        (
            "telecom_open",
            r#"{"token":"2ae85e8e10ca12f2ad1f41e4a03f7dcb","name":"李测试","id_card":"45215919990301502X","mobile":"18698574854","service_password":"s3cret","options":{"work_addr":"政学路1号","work_tel":"021-12345678","contacts":[{"contact_tel":"13432499954","contact_name":"张一","contact_type":"5"}]}}"#,
        ),
        (
            "telecom_query_password",
            r#"{"username":"merchant1","open_id":"f47e9276860685349c7ef4be67c823","query_password":"s3cret"}"#,
        ),
        (
            "telecom_captcha",
            r#"{"username":"merchant1","open_id":"f47e9276860685349c7ef4be67c823","captcha":"s3cret"}"#,
        ),
        ("telecom_resend", session),
        ("telecom_state", session),
        ("telecom_raw_data", session),
        ("telecom_report", session),
        (
            "degree_open",
            r#"{"token":"2ae85e8e10ca12f2ad1f41e4a03f7dcb","name":"李测试","id_card":"45215919990301502X","mobile":"18698574854","options":{"work_address":"政学路1号","work_phone_number_tel":"021-12345678","contacts":[{"contact_cell_phone_number":"13432499954","contact_name":"张一","contact_type":"5"}]}}"#,
        ),
        (
            "degree_login",
            r#"{"username":"merchant1","open_id":"f47e9276860685349c7ef4be67c823","account":"13800000000","password":"s3cret","sync":1}"#,
        ),
        ("degree_state", r#"{"open_id":"f47e9276860685349c7ef4be67c823"}"#),
        ("degree_raw_data", session),
        ("ebank_banks", "{}"),
        (
            "ebank_license",
            r#"{"token":"2ae85e8e10ca12f2ad1f41e4a03f7dcb","entry_id":"101","login_name":"45215919990301502X","name":"李测试","id_card":"45215919990301502X"}"#,
        ),
        (
            "ebank_open",
            r#"{"token":"2ae85e8e10ca12f2ad1f41e4a03f7dcb","name":"李测试","mobile":"18698574854","id_card":"45215919990301502X","entry_id":"101","login_name":"45215919990301502X","password":"s3cret","user_info":{"udid":"7d50dcb97e654de6890ae8000bb4558a","client_type":1}}"#,
        ),
        ("ebank_state", session),
        ("ebank_captcha", captcha),
        (
            "ebank_raw_data",
            r#"{"username":"merchant1","openId":"f47e9276860685349c7ef4be67c823","open_id":"f47e9276860685349c7ef4be67c823"}"#,
        ),
        (
            "ebank_v2_open",
            r#"{"token":"2ae85e8e10ca12f2ad1f41e4a03f7dcb","name":"李测试","mobile":"18698574854","id_card":"45215919990301502X"}"#,
        ),
        ("ebank_v2_banks", session),
        (
            "ebank_v2_license",
            r#"{"username":"merchant1","open_id":"f47e9276860685349c7ef4be67c823","entry_id":"101","login_name":"45215919990301502X"}"#,
        ),
        (
            "ebank_v2_login",
            r#"{"username":"merchant1","open_id":"f47e9276860685349c7ef4be67c823","entry_id":"101","login_name":"45215919990301502X","password":"s3cret"}"#,
        ),
        ("ebank_v2_state", session),
        ("ebank_v2_captcha", captcha),
        ("ebank_v2_raw_data", session),
        ("audit_result", ""),
    ]
}

#[test]
fn every_request_is_as_printed() {
    for (name, body) in bodies() {
        let call = specimen::call(name);
        let request = written(&call, Encoding::Json);
        assert_eq!(std::str::from_utf8(request.body()).unwrap(), body, "{name}");
        assert_eq!(request.uri().path(), Endpoint::of(&call).path);
        assert_eq!(request.method(), Endpoint::of(&call).method, "{name}");
        let is_get = request.method() == Method::GET;
        assert_eq!(request.headers().get(CONTENT_TYPE), (!is_get).then_some(&JSON));
        assert_eq!(request.headers().get(CONTENT_ENCODING), None);
        let query = is_get.then_some("open_id=f47e9276860685349c7ef4be67c823");
        assert_eq!(request.uri().query(), query);
    }
}

#[test]
fn form_fields_say_the_same() {
    for (name, body) in bodies() {
        let request = written(&specimen::call(name), Encoding::Form);
        if request.method() == Method::GET {
            continue;
        }
        assert_eq!(request.headers().get(CONTENT_TYPE), Some(&FORM), "{name}");
        let body: Value = serde_json::from_str(body).unwrap();
        let mut expected = Vec::new();
        flattened(String::new(), &body, &mut expected);
        let mut fields: Vec<_> = form_urlencoded::parse(request.body()).into_owned().collect();
        expected.sort();
        fields.sort();
        assert_eq!(fields, expected, "{name}");
    }
}

/// The fields of a JSON body as PHP names them.
fn flattened(name: String, value: &Value, fields: &mut Vec<(String, String)>) {
    let within = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}[{key}]") };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| flattened(within(key), value, fields));
        }
        Value::Array(elements) => {
            let elements = elements.iter().enumerate();
            elements.for_each(|(at, value)| flattened(within(&at.to_string()), value, fields));
        }
        Value::String(text) => fields.push((name, text.clone())),
        Value::Number(number) => fields.push((name, number.to_string())),
        Value::Null | Value::Bool(_) => panic!("no request holds one"),
    }
}

#[test]
fn an_audit_application_is_sealed_and_compressed() {
    let (key, cipher) = specimen::audit_key();
    let material = Material { dossier: specimen::dossier(), ..Material::default() };
    for encoding in [Encoding::Json, Encoding::Form] {
        let dialect = Dialect { encoding, ..Dialect::default() };
        let request = drafted(&Call::AuditApply, &material, &cipher, &dialect).unwrap();
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
fn an_id_is_escaped_in_a_query() {
    let call = Call::AuditResult { open_id: "a/b&c=d e".to_owned() };
    let request = written(&call, Encoding::Json);
    assert_eq!(request.uri(), "/risk-model/audit/result?open_id=a%2Fb%26c%3Dd+e");
}

#[test]
fn the_dialect_decides_where_the_print_does_not() {
    let dialect = Dialect {
        degree_login_path: LoginRequest::PRINTED_PATH.to_owned(),
        degree_state_username: true,
        ..Dialect::default()
    };
    let request = |name: &str| {
        let call = specimen::call(name);
        drafted(&call, &printed(specimen::typed(&call)), &AuditCipher::None, &dialect).unwrap()
    };
    assert_eq!(request("degree_login").uri(), "/telecom/collect/login");
    let state = r#"{"open_id":"f47e9276860685349c7ef4be67c823","username":"merchant1"}"#;
    assert_eq!(request("degree_state").body(), state);
    let default = crate::config::Provider::default();
    assert_eq!(Dialect::default().degree_login_path, default.degree_login_path);
}

#[test]
fn user_info_holds_what_is_there_and_always_the_kind_of_device() {
    let check = |device: Option<Value>, expected: Value| {
        let mut material = printed(specimen::typed(&specimen::call("ebank_open")));
        material.dossier.device = device.map(|device| serde_json::from_value(device).unwrap());
        let dialect = Dialect::default();
        let request = drafted(&specimen::call("ebank_open"), &material, &AuditCipher::None, &dialect);
        let body: Value = serde_json::from_slice(request.unwrap().body()).unwrap();
        assert_eq!(body["user_info"], expected);
    };
    check(None, Value::Null);
    for (os, client_type) in [("iOS", 1), ("iPhone OS 12", 1), ("ANDROID", 2), ("Symbian", 0), ("", 0)] {
        let device = json!({"device_id": "", "os": os});
        check(Some(device), json!({"client_type": client_type}));
    }
}

#[test]
fn a_bank_without_a_password_is_sent_none() {
    let login = br#"{"entry_id":"7","inputs":[{"name":"card","value":"6222"}]}"#;
    for name in ["ebank_open", "ebank_v2_login"] {
        let material = printed(Some(Secret::new(login.to_vec())));
        let request = drafted(&specimen::call(name), &material, &AuditCipher::None, &Dialect::default());
        let body: Value = serde_json::from_slice(request.unwrap().body()).unwrap();
        assert_eq!((&body["login_name"], body.get("password")), (&json!("6222"), None));
    }
}

#[test]
fn what_is_missing_is_named_before_anything_is_sent() {
    let check = |call: &Call, material: &Material, what: &str| {
        let failure = drafted(call, material, &AuditCipher::None, &Dialect::default()).err();
        let detail = what.to_owned();
        assert_eq!(failure, Some(Failure::Hopeless(Cause::Missing { detail })), "{}", call.name());
    };
    for call in specimen::calls() {
        let is_about_person = matches!(
            call,
            Call::Blacklist
                | Call::AuditApply
                | Call::TelecomOpen { .. }
                | Call::DegreeOpen
                | Call::EbankLicense { .. }
                | Call::EbankOpen { .. }
                | Call::EbankV2Open
        );
        if is_about_person {
            check(&call, &Material::default(), "id_card");
        }
        if call.answer().is_some() {
            check(&call, &printed(None), "the applicant's answer");
        }
    }
    let garbled = printed(Some(Secret::from("s3cret".to_owned())));
    check(&specimen::call("degree_login"), &garbled, "read the applicant's answer as a degree account");
    for name in ["ebank_license", "ebank_open", "ebank_v2_license", "ebank_v2_login"] {
        check(&specimen::call(name), &garbled, "read the applicant's answer as a bank login");
        let nameless = printed(Some(Secret::new(br#"{"entry_id":"7","inputs":[]}"#.to_vec())));
        check(&specimen::call(name), &nameless, "login_name");
    }
    check(&Call::AuditApply, &printed(None), "order_detail.amount");
}

#[test]
fn the_table_of_credentials_is_that_of_the_requests() {
    for (name, body) in bodies() {
        let credential = Endpoint::of(&specimen::call(name)).credential;
        assert_eq!(body.contains("\"token\""), credential == Credential::Token, "{name}");
        assert_eq!(body.contains("\"username\""), credential == Credential::Username, "{name}");
    }
    assert_eq!(Endpoint::of(&Call::AuditApply).credential, Credential::Token);
}

#[test]
fn what_is_carried_is_known() {
    for (name, body) in bodies() {
        let call = specimen::call(name);
        let sealer = Sealer::new(&AuditCipher::None, ChaCha20Rng::seed_from_u64(1)).unwrap();
        let means = Means { username: "merchant1", dialect: &Dialect::default(), sealer: &sealer };
        let material = printed(specimen::typed(&call));
        let draft = draft(&call, &specimen::application(), &material, &means).unwrap();
        let carried = draft.carried();
        let secrets = [
            "s3cret",
            "13800000000",
            "李测试",
            "45215919990301502",
            "18698574854",
            "张一",
            "13432499954",
            "政学路1号",
            "021-12345678",
            "7d50dcb97e654de6890ae8000bb4558a",
        ];
        for secret in secrets {
            let is_known = carried.iter().any(|known| known.contains(secret));
            assert!(is_known || !body.contains(secret), "{name}: {secret}");
        }
    }
}
