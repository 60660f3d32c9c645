//! Tests of the core: a driver on a clock that jumps, and what it finds.

mod audits;
mod courses;
mod encodings;
mod faults;
mod manners;
mod refusals;
mod scripts;
mod sessions;
mod steering;
mod wanderers;

use rsa::RsaPublicKey;
use rsa::pkcs8::DecodePublicKey as _;
use serde_json::{Value, json};

use super::*;
use crate::provider::wire::{
    audit as audit_wire, authorize, blacklist as list, degree as deg, ebank, ebank_v2, seal, telecom as tel,
};

const START: Millis = 1_545_616_800_000;
const ORDER: &str = include_str!("tests/dossier.json");

/// A client and an applicant in one, on a clock of their own.
struct Driver {
    sandbox: Sandbox,
    now: Millis,
    token: String,
    /// Answers that were not taken though they were right.
    refusals: u32,
}

impl Driver {
    fn new(pace: Pace) -> Self {
        let mut driver = Self {
            sandbox: Sandbox::new(Settings {
                seed: 7,
                username: "merchant1".to_owned(),
                password: "secret".into(),
                pace,
            }),
            now: START,
            token: String::new(),
            refusals: 0,
        };
        let body = json!({"username": "merchant1", "password": "secret", "hours": "24"});
        let granted = driver.post(authorize::TokenRequest::PATH, &body);
        driver.token = granted["data"]["token"].as_str().unwrap().to_owned();
        driver
    }

    fn answer(&mut self, request: &Request) -> Answer {
        self.sandbox.handle(self.now, request)
    }

    fn post(&mut self, path: &str, body: &Value) -> Value {
        let answer = self.answer(&Request::post_json(path, body.to_string()));
        serde_json::from_slice(&answer.body).expect("a JSON body")
    }

    fn open(&mut self, mobile: &str) -> String {
        self.open_with(mobile, "123456")
    }

    fn open_with(&mut self, mobile: &str, service_password: &str) -> String {
        let body = json!({
            "token": self.token, "name": "李测试", "id_card": "45215919990301502X",
            "mobile": mobile, "service_password": service_password,
        });
        let opened = self.post(tel::OpenIdRequest::PATH, &body);
        opened["data"]["open_id"].as_str().expect("an id").to_owned()
    }

    fn in_session(&mut self, path: &str, open_id: &str, extra: Value) -> Value {
        let mut body = json!({"username": "merchant1", "open_id": open_id});
        let members = extra.as_object().cloned().unwrap_or_default();
        body.as_object_mut().unwrap().extend(members);
        self.post(path, &body)
    }

    fn state(&mut self, open_id: &str) -> i64 {
        let told = self.in_session(tel::StateRequest::PATH, open_id, json!({}));
        told["data"]["state"].as_i64().expect("a state")
    }

    fn captcha(&mut self, open_id: &str, text: &str) -> Value {
        let extra = json!({"captcha": text});
        self.in_session(tel::CaptchaRequest::PATH, open_id, extra)
    }

    fn query_password(&mut self, open_id: &str, text: &str) -> Value {
        let extra = json!({"query_password": text});
        self.in_session(tel::QueryPasswordRequest::PATH, open_id, extra)
    }

    fn resend(&mut self, open_id: &str) -> Value {
        self.in_session(tel::ResendCaptchaRequest::PATH, open_id, json!({}))
    }

    /// The reply to a call that has all it needs.
    fn call(&mut self, endpoint: Endpoint, body: Value) -> Value {
        self.post(endpoint.path(), &body)
    }

    /// Jumps to when the next session moves.
    fn jump(&mut self) {
        self.now = self.sandbox.next_moment(self.now).expect("a next moment");
    }

    /// Does what a good client does until the session is over; tells the states it saw.
    fn walk(&mut self, mobile: &str, open_id: &str) -> Vec<i64> {
        let mut seen = Vec::new();
        loop {
            let state = self.state(open_id);
            if seen.last() != Some(&state) {
                seen.push(state);
            }
            match state {
                1 | 42 | 43 => return seen,
                21 | 23 | 24 | 31 | 33 => self.obey(mobile, open_id, state),
                _ => self.jump(),
            }
        }
    }

    fn obey(&mut self, mobile: &str, open_id: &str, state: i64) {
        let expected = self.sandbox.expected_answer(mobile).expect("asked for");
        let reply = match expected.kind {
            AnswerKind::Sms if expected.is_stale && state == 23 => self.resend(open_id),
            AnswerKind::Sms if expected.is_stale => return self.jump(),
            AnswerKind::Sms => self.captcha(open_id, &expected.answer),
            AnswerKind::QueryPassword => self.query_password(open_id, &expected.answer),
            AnswerKind::ServicePassword
            | AnswerKind::DegreeLogin
            | AnswerKind::BankLogin
            | AnswerKind::DynamicPassword
            | AnswerKind::Picture => panic!("not within a telecom session"),
        };
        self.refusals += u32::from(reply["code"] != 0);
    }

    /// The printed body of an audit's application, its dossier sealed.
    fn application(&self, mobile: &str, dossier: &str) -> Value {
        let key = RsaPublicKey::from_public_key_pem(&self.sandbox.public_key_pem()).unwrap();
        let mut rng = chance::key_stream(1);
        json!({
            "token": self.token, "name": "姚测试", "id_card": "513301199123123123",
            "phone": mobile.parse::<u64>().unwrap(),
            "data": seal::encrypt_blocks(&key, dossier.as_bytes(), &mut rng).unwrap(),
        })
    }

    fn breaches(&self) -> Vec<String> {
        let breaches = self.sandbox.ledger().breaches();
        breaches.map(|breach| breach.text.clone()).collect()
    }
}
