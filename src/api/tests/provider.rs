//! A provider by script: what happens is chosen by the order number.

use crate::clock;
use crate::engine::archive::Archive;
use crate::engine::provider::{Ended, Failure, Order, Provider};
use crate::machine::call::{Call, Reply, Told};
use crate::machine::evidence::DocumentKind;
use crate::machine::id::ApplicationId;
use crate::store::memory::MemoryStore;
use std::collections::HashSet;
use std::sync::Mutex;

/// Asks each applicant for one SMS code, then delivers; `blacklisted…`, `rejected…` and
/// `refused…` end otherwise, `away…` never reaches anybody.
pub(super) struct Scripted {
    archive: Archive<MemoryStore>,
    answered: Mutex<HashSet<ApplicationId>>,
}

impl Scripted {
    pub(super) fn new(archive: Archive<MemoryStore>) -> Self {
        Self { archive, answered: Mutex::default() }
    }

    fn document(&self, order: &Order, kind: DocumentKind) -> Ended {
        let (id, key) = (order.application.id, order.application.key);
        let (document, body) = self.archive.seal(id, key, kind, clock::now(), b"{}").unwrap();
        Ended::Told { reply: Reply::Stored { document }, document: Some(body) }
    }
}

impl Provider for Scripted {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the products collect from telecom only")]
    async fn call(&self, order: Order) -> Ended {
        let id = order.application.id;
        let script = order.application.source.order.as_str();
        let reply = match &order.pending.call {
            Call::Blacklist if script.starts_with("blacklisted") => Reply::BlacklistHit,
            Call::Blacklist if script.starts_with("away") => {
                return Ended::Failed(Failure::NotSent { detail: "connection refused".to_owned() });
            }
            Call::Blacklist => Reply::BlacklistClear,
            Call::TelecomOpen { .. } => Reply::Opened { open_id: "session".to_owned(), agreement: None },
            Call::TelecomState { .. } if self.answered.lock().unwrap().contains(&id) => {
                Reply::State(Told::plain(43, String::new()))
            }
            Call::TelecomState { .. } => Reply::State(Told::plain(21, "请输入短信验证码".to_owned())),
            Call::TelecomCaptcha { answer, .. } | Call::TelecomQueryPassword { answer, .. } => {
                let answer = self.archive.answer(&order.application, answer).unwrap();
                assert_eq!(answer.unwrap().expose(), b"2468");
                self.answered.lock().unwrap().insert(id);
                Reply::Accepted { told: None }
            }
            Call::TelecomResend { .. } => Reply::Accepted { told: None },
            Call::TelecomRawData { .. } => return self.document(&order, DocumentKind::TelecomRawData),
            Call::TelecomReport { .. } => return self.document(&order, DocumentKind::TelecomReport),
            Call::AuditApply if script.starts_with("refused") => {
                Reply::Refused { message: "参数错误错误".to_owned() }
            }
            Call::AuditApply => Reply::AuditAccepted { open_id: "audit".to_owned() },
            Call::AuditResult { .. } if script.starts_with("rejected") => {
                Reply::AuditRejected { reason: "综合评分不足".to_owned() }
            }
            Call::AuditResult { .. } => Reply::AuditApproved,
            other => unreachable!("the products collect from telecom only, and {} was called", other.name()),
        };
        Ended::Told { reply, document: None }
    }
}
