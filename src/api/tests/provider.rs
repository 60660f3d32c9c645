//! A provider by script: what happens is chosen by the order number.

use crate::clock;
use crate::engine::archive::Archive;
use crate::engine::bank::{Bank, BankList, CardKind, Input, LoginType};
use crate::engine::provider::{Ended, Failure, Order, Provider};
use crate::machine::call::{Call, Reply, System, Told};
use crate::machine::challenge::{Agreement, SealedAnswer};
use crate::machine::evidence::{Document, DocumentKind};
use crate::machine::id::ApplicationId;
use crate::store;
use crate::store::memory::MemoryStore;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// The picture that it shows.
pub(super) const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\npicture";

/// What applicants answered, by the system that it was submitted to, in order.
pub(super) type Taken = Arc<Mutex<HashMap<(ApplicationId, System), Vec<String>>>>;

/// Asks each applicant for one SMS code in telecom, the account in the degrees, a picture and a dynamic
/// password after a bank's login, then delivers; `blacklisted…`, `rejected…` and `refused…` end otherwise,
/// `away…` never reaches anybody.
pub(super) struct Scripted {
    archive: Archive<MemoryStore>,
    taken: Taken,
}

impl Scripted {
    pub(super) fn new(archive: Archive<MemoryStore>, taken: Taken) -> Self {
        Self { archive, taken }
    }

    fn sealed(&self, order: &Order, kind: DocumentKind, plain: &[u8]) -> (Document, store::Document) {
        let (id, key) = (order.application.id, order.application.key);
        self.archive.seal(id, key, kind, clock::now(), plain).unwrap()
    }

    fn document(&self, order: &Order, kind: DocumentKind, plain: &[u8]) -> Ended {
        let (document, body) = self.sealed(order, kind, plain);
        Ended::Told { reply: Reply::Stored { document }, document: Some(body) }
    }

    /// Takes an answer down.
    fn take(&self, order: &Order, answer: &SealedAnswer) -> Reply {
        let opened = self.archive.answer(&order.application, answer).unwrap().unwrap();
        let text = String::from_utf8(opened.expose().to_vec()).unwrap();
        let of = (order.application.id, order.pending.call.system());
        self.taken.lock().unwrap().entry(of).or_default().push(text);
        Reply::Accepted { told: None }
    }

    /// How many answers a system has taken.
    fn answers(&self, order: &Order) -> usize {
        let of = (order.application.id, order.pending.call.system());
        self.taken.lock().unwrap().get(&of).map_or(0, Vec::len)
    }

    /// Where a session with a bank is once it has this many answers, its login among them: a picture, a
    /// dynamic password, the end.
    fn bank(&self, order: &Order, login: usize) -> Ended {
        let told = match self.answers(order) - login {
            0 => {
                let (picture, body) = self.sealed(order, DocumentKind::Picture, PICTURE);
                let told =
                    Told { picture: Some(picture), ..Told::plain(4, "请输入图片验证码".to_owned()) };
                return Ended::Told { reply: Reply::State(told), document: Some(body) };
            }
            1 => Told::plain(2, "请输入动态密码".to_owned()),
            _ => Told::plain(10, String::new()),
        };
        Ended::Told { reply: Reply::State(told), document: None }
    }
}

/// Its banks: one with two ways and one that is closed, one that is closed altogether.
fn banks() -> BankList {
    let input = |name: &str, pattern: &str| Input {
        name: name.to_owned(),
        label: format!("the {name}"),
        description: format!("as at the counter: {name}"),
        pattern: pattern.to_owned(),
    };
    let login = |entry_id: &str, inputs| LoginType {
        title: "身份证登录".to_owned(),
        entry_id: entry_id.to_owned(),
        kind: CardKind::Credit,
        disabled: None,
        inputs,
    };
    let both = || vec![input("login_name", r"^\d{6}$"), input("password", r"^[a-z]{4,8}$")];
    let mut shut = login("103", both());
    shut.disabled = Some("维护中".to_owned());
    let logins = vec![login("101", both()), login("102", vec![input("card", "")]), shut];
    let bank = |name: &str, code: &str, disabled: Option<&str>, logins| Bank {
        name: name.to_owned(),
        code: code.to_owned(),
        disabled: disabled.map(str::to_owned),
        logins,
    };
    let closed = bank("光大银行", "CEB", Some("below"), vec![login("201", both())]);
    BankList::new(vec![bank("招商银行", "CMB", None, logins), closed]).unwrap()
}

impl Provider for Scripted {
    async fn call(&self, order: Order) -> Ended {
        let script = order.application.source.order.as_str();
        let session = || "session".to_owned();
        let reply = match &order.pending.call {
            Call::Blacklist if script.starts_with("blacklisted") => Reply::BlacklistHit,
            Call::Blacklist if script.starts_with("away") => {
                return Ended::Failed(Failure::NotSent { detail: "connection refused".to_owned() });
            }
            Call::Blacklist => Reply::BlacklistClear,
            Call::TelecomOpen { .. } | Call::DegreeOpen => {
                Reply::Opened { open_id: session(), agreement: None }
            }
            Call::TelecomState { .. } if self.answers(&order) > 0 => {
                Reply::State(Told::plain(43, String::new()))
            }
            Call::TelecomState { .. } => Reply::State(Told::plain(21, "请输入短信验证码".to_owned())),
            Call::DegreeState { .. } if self.answers(&order) > 0 => {
                Reply::State(Told::plain(21, String::new()))
            }
            Call::DegreeState { .. } => Reply::State(Told::plain(0, String::new())),
            Call::TelecomCaptcha { answer, .. }
            | Call::TelecomQueryPassword { answer, .. }
            | Call::DegreeLogin { account: answer, .. }
            | Call::EbankCaptcha { answer, .. }
            | Call::EbankV2Login { login: answer, .. }
            | Call::EbankV2Captcha { answer, .. } => self.take(&order, answer),
            Call::EbankOpen { login } => {
                self.take(&order, login);
                Reply::Opened { open_id: session(), agreement: None }
            }
            Call::EbankV2Open => Reply::Opened { open_id: session(), agreement: Some(Agreement::Kaniu) },
            Call::TelecomResend { .. } | Call::EbankLicense { .. } | Call::EbankV2License { .. } => {
                Reply::Accepted { told: None }
            }
            Call::EbankBanks | Call::EbankV2Banks { .. } => {
                return self.document(&order, DocumentKind::BankList, banks().to_json().as_bytes());
            }
            Call::EbankState { .. } | Call::EbankV2State { .. } => return self.bank(&order, 1),
            Call::TelecomRawData { .. } => {
                return self.document(&order, DocumentKind::TelecomRawData, b"{}");
            }
            Call::TelecomReport { .. } => return self.document(&order, DocumentKind::TelecomReport, b"{}"),
            Call::DegreeRawData { .. } => return self.document(&order, DocumentKind::DegreeRawData, b"{}"),
            Call::EbankRawData { .. } => return self.document(&order, DocumentKind::EbankRawData, b"{}"),
            Call::EbankV2RawData { .. } => {
                return self.document(&order, DocumentKind::EbankV2RawData, b"{}");
            }
            Call::AuditApply if script.starts_with("refused") => {
                Reply::Refused { message: "参数错误错误".to_owned() }
            }
            Call::AuditApply => Reply::AuditAccepted { open_id: "audit".to_owned() },
            Call::AuditResult { .. } if script.starts_with("rejected") => {
                Reply::AuditRejected { reason: "综合评分不足".to_owned() }
            }
            Call::AuditResult { .. } => Reply::AuditApproved,
        };
        Ended::Told { reply, document: None }
    }
}
