//! Every call in every encoding.

use std::io::Write as _;

use super::*;

/// A body that each call takes, for a driver that has opened `open_id`.
fn body(endpoint: Endpoint, driver: &Driver, mobile: &str) -> Value {
    let person = json!({
        "token": driver.token, "name": "李测试", "id_card": "45215919990301502X", "mobile": mobile,
    });
    let with = |mut body: Value, more: Value| {
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let session = json!({"username": "merchant1"});
    let login = json!({"entry_id": "101", "login_name": "45215919990301502X"});
    match endpoint {
        Endpoint::Token => json!({"username": "merchant1", "password": "secret", "hours": "24"}),
        Endpoint::Blacklist | Endpoint::EbankV2OpenId => person,
        Endpoint::TelecomOpenId => with(
            person,
            json!({"service_password": "123456", "options": {
                "work_addr": "政学路1号", "home_tel": "",
                "contacts": [{"contact_tel": "13432499954", "contact_name": "张一", "contact_type": "5"}],
            }}),
        ),
        Endpoint::DegreeOpenId => with(
            person,
            json!({"options": {"work_phone_number_tel": "021-12345678", "contacts": [
                {"contact_cell_phone_number": "13432499954", "contact_name": "张一", "contact_type": "5"},
            ]}}),
        ),
        Endpoint::EbankOpenId => with(
            person,
            with(login, json!({"password": "123456", "user_info": {"ip": "127.0.0.1", "client_type": 1}})),
        ),
        Endpoint::EbankLicense => {
            let mut body = with(person, login);
            body.as_object_mut().unwrap().remove("mobile");
            body
        }
        Endpoint::EbankBankInfo => json!({}),
        Endpoint::TelecomQueryPassword => with(session, json!({"query_password": "000001"})),
        Endpoint::TelecomCaptcha => with(session, json!({"captcha": "000101"})),
        Endpoint::TelecomServicePassword => with(session, json!({"service_password": "123456"})),
        Endpoint::EbankCaptcha | Endpoint::EbankV2Captcha => with(session, json!({"verify_code": "000101"})),
        Endpoint::DegreeLogin => with(session, json!({"account": "a", "password": "p", "sync": 1})),
        Endpoint::EbankV2License => with(session, login),
        Endpoint::EbankV2Login => with(session, with(login, json!({"password": "123456"}))),
        Endpoint::AuditApply => driver.application(mobile, ORDER),
        Endpoint::TelecomResend
        | Endpoint::TelecomState
        | Endpoint::TelecomRawData
        | Endpoint::TelecomReport
        | Endpoint::DegreeState
        | Endpoint::DegreeRawData
        | Endpoint::EbankState
        | Endpoint::EbankRawData
        | Endpoint::EbankV2BankList
        | Endpoint::EbankV2State
        | Endpoint::EbankV2RawData => session,
        Endpoint::AuditResult => json!({}),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Json,
    Form,
    Multipart,
    GzipJson,
    GzipForm,
}

/// The fields of a body with PHP's names for what lies inside.
fn flat(value: &Value, name: &str, fields: &mut Vec<(String, String)>) {
    let inner = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}[{key}]") };
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| flat(value, &inner(key), fields)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, value)| flat(value, &inner(&at.to_string()), fields));
        }
        Value::String(text) => fields.push((name.to_owned(), text.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) => fields.push((name.to_owned(), value.to_string())),
    }
}

fn request(path: &str, body: &Value, encoding: Encoding) -> Request {
    let mut fields = Vec::new();
    flat(body, "", &mut fields);
    let form = || {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(&fields).finish()
    };
    let multipart = || {
        let part = |(name, value): &(String, String)| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        fields.iter().map(part).collect::<String>() + "--b--\r\n"
    };
    let gzip = |plain: String| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    const FORM: &str = "application/x-www-form-urlencoded";
    let (content_type, bytes) = match encoding {
        Encoding::Json => ("application/json", body.to_string().into_bytes()),
        Encoding::Form => (FORM, form().into_bytes()),
        Encoding::Multipart => ("multipart/form-data; boundary=b", multipart().into_bytes()),
        Encoding::GzipJson => ("application/json", gzip(body.to_string())),
        Encoding::GzipForm => (FORM, gzip(form())),
    };
    let mut request = Request::post_json(path, bytes);
    request.content_type = Some(content_type.to_owned());
    let is_gzip = matches!(encoding, Encoding::GzipJson | Encoding::GzipForm);
    request.content_encoding = is_gzip.then(|| "gzip".to_owned());
    request
}

/// Makes the calls of a system in their order, in one encoding; tells what each was answered.
fn journey(encoding: Encoding) -> Vec<(Endpoint, Value)> {
    let mut driver = Driver::new(Pace::INSTANT);
    driver.sandbox.take_service_passwords(true);
    let mut told = Vec::new();
    let mut call = |driver: &mut Driver, endpoint: Endpoint, mobile: &str, open_id: &str| {
        let answer = if endpoint == Endpoint::AuditResult {
            driver.answer(&Request::get(endpoint.path(), format!("open_id={open_id}")))
        } else {
            let mut body = body(endpoint, driver, mobile);
            if body.get("username").is_some() && endpoint != Endpoint::Token {
                body["open_id"] = open_id.into();
            }
            driver.answer(&request(endpoint.path(), &body, encoding))
        };
        let reply: Value = serde_json::from_slice(&answer.body).unwrap();
        let open_id = reply["data"]["open_id"].as_str().map(str::to_owned);
        told.push((endpoint, reply));
        open_id
    };
    let mobile = "19904000001";
    call(&mut driver, Endpoint::Token, mobile, "");
    call(&mut driver, Endpoint::Blacklist, mobile, "");
    let id = call(&mut driver, Endpoint::TelecomOpenId, mobile, "").expect("an id");
    for endpoint in [
        Endpoint::TelecomState,
        Endpoint::TelecomCaptcha,
        Endpoint::TelecomQueryPassword,
        Endpoint::TelecomRawData,
        Endpoint::TelecomReport,
    ] {
        call(&mut driver, endpoint, mobile, &id);
    }
    let mut bare = body(Endpoint::TelecomOpenId, &driver, "19901000002");
    bare["service_password"] = "".into();
    let reply = driver.answer(&request(Endpoint::TelecomOpenId.path(), &bare, encoding)).body;
    let reply: Value = serde_json::from_slice(&reply).unwrap();
    let id = reply["data"]["open_id"].as_str().expect("an id").to_owned();
    call(&mut driver, Endpoint::TelecomServicePassword, mobile, &id);
    call(&mut driver, Endpoint::TelecomResend, mobile, &id);
    let id = call(&mut driver, Endpoint::DegreeOpenId, mobile, "").expect("an id");
    for endpoint in [Endpoint::DegreeLogin, Endpoint::DegreeState, Endpoint::DegreeRawData] {
        call(&mut driver, endpoint, mobile, &id);
    }
    call(&mut driver, Endpoint::EbankBankInfo, mobile, "");
    call(&mut driver, Endpoint::EbankLicense, mobile, "");
    let id = call(&mut driver, Endpoint::EbankOpenId, mobile, "").expect("an id");
    for endpoint in [Endpoint::EbankState, Endpoint::EbankCaptcha, Endpoint::EbankRawData] {
        call(&mut driver, endpoint, mobile, &id);
    }
    let id = call(&mut driver, Endpoint::EbankV2OpenId, mobile, "").expect("an id");
    for endpoint in [
        Endpoint::EbankV2BankList,
        Endpoint::EbankV2License,
        Endpoint::EbankV2Login,
        Endpoint::EbankV2State,
        Endpoint::EbankV2Captcha,
        Endpoint::EbankV2RawData,
    ] {
        call(&mut driver, endpoint, mobile, &id);
    }
    let id = call(&mut driver, Endpoint::AuditApply, mobile, "").expect("an id");
    call(&mut driver, Endpoint::AuditResult, mobile, &id);
    assert_eq!(driver.breaches(), [""; 0]);
    told
}

#[test]
fn every_call_is_answered_alike_in_every_encoding() {
    let told = journey(Encoding::Json);
    let mut called: Vec<Endpoint> = told.iter().map(|(endpoint, _)| *endpoint).collect();
    called.sort();
    assert_eq!(called, Endpoint::ALL, "each of them once");
    for (endpoint, reply) in &told {
        assert_eq!(reply["code"], 0, "{endpoint:?}: {reply}");
    }
    for encoding in [Encoding::Form, Encoding::Multipart, Encoding::GzipJson, Encoding::GzipForm] {
        for ((endpoint, reply), (_, other)) in told.iter().zip(journey(encoding)) {
            assert_eq!(*reply, other, "{endpoint:?} as {encoding:?}");
        }
    }
}
