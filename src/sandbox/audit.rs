//! The risk audit's two calls (spec 002 §7).
//!
//! Owns the opening of sealed dossiers and the checks of what is in them. It must never keep a
//! dossier.

use serde_json::Value;

use super::answers::fingerprint;
use super::audits::{MAX_AUDITS, Told};
use super::params::Params;
use super::reply::{Reply, Setback};
use super::{Endpoint, Mobile, Sandbox, Script, Subject, Violation, dossier};
use crate::provider::wire::audit::{ApplyReply, ApplyRequest, ResultReply, ResultRequest, Suggestion};
use crate::provider::wire::seal;

/// The members of an application (spec 002 §7.1).
const PRINTED: [&str; 5] = ["token", "name", "phone", "id_card", "data"];
/// The reason printed for a rejection (spec 002 §7.2).
const REASON: &str = "命中多头借贷";

impl Sandbox {
    /// Opens an audit, or finds the one the order has already (spec 002 §7.1).
    pub(super) fn apply_for_audit(
        &mut self,
        params: Params,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        let unknown_members: Vec<String> = params.names_besides(&PRINTED);
        if params.is_json && params.value("phone").is_some_and(Value::is_string) {
            let text = "phone is a string, not an integer";
            self.ledger.breach(self.now, Violation::AuditData, subject, text);
        }
        let request: ApplyRequest = params.read(&["token", "name", "id_card", "data"], &["phone"])?;
        let mobile = Mobile::from_number(request.phone)
            .ok_or_else(|| Setback::field("phone", "must have 11 digits"))?;
        subject.mobile = Some(mobile);
        self.check_token(&request.token)?;
        let script = Script::of(mobile);
        let is_down =
            script == Script::AuditSystemError && self.quirks.is_among_first(Endpoint::AuditApply, mobile, 2);
        if is_down {
            return Err(Setback::system("系统错误"));
        }
        if script == Script::AuditRefused {
            return Err(Setback::field("data", "is not accepted"));
        }
        let plain = seal::decrypt_blocks(self.key(), &request.data)
            .map_err(|error| self.wrong_data(format!("does not open: {error}"), subject))?;
        let order = dossier::checked(&plain).map_err(|problem| self.wrong_data(problem, subject))?;
        let order_id = order.id;
        subject.order_id = Some(order_id);
        let unknown = unknown_members.into_iter().chain(order.unknown);
        for name in unknown {
            let text = format!("member {name} is not printed");
            self.ledger.breach(self.now, Violation::AuditData, subject, text);
        }
        let content = content_of(&request, &plain);
        if let Some(open_id) = self.audits.open_id_of(order_id) {
            subject.open_id = Some(open_id.clone());
            if self.audits.is_changed(order_id, content) {
                let text = "the order was audited with other content";
                self.ledger.breach(self.now, Violation::AuditChanged, subject, text);
            }
            self.ledger.audit_repeated(script);
            return Ok(Reply::data(ApplyReply { open_id }));
        }
        let Some(open_id) = self.audits.open(self.now, order_id, mobile, content) else {
            let msg = format!("系统错误: {MAX_AUDITS} audits are open, start the sandbox anew");
            return Err(Setback::system(msg));
        };
        subject.open_id = Some(open_id.clone());
        self.ledger.audit_processed(self.now, script, subject);
        let reply = Reply::data(ApplyReply { open_id });
        Ok(match script == Script::AuditAnswerLost {
            true => reply.cut(),
            false => reply,
        })
    }

    /// Refuses an application whose data is not as printed, and notes it.
    fn wrong_data(&mut self, problem: String, subject: &Subject) -> Setback {
        self.ledger.breach(self.now, Violation::AuditData, subject, problem.clone());
        Setback::field("data", problem)
    }

    /// Tells how an audit stands (spec 002 §7.2).
    pub(super) fn audit_result(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let request: ResultRequest = params.read(&["open_id"], &[])?;
        let Some((order_id, mobile, told)) = self.audits.ask(self.now, &request.open_id) else {
            return Err(Setback::input("参数错误错误: open_id is unknown"));
        };
        subject.order_id = Some(order_id);
        subject.mobile = Some(mobile);
        subject.open_id = Some(request.open_id);
        let state = match told {
            Told::Suggestion(state) => state,
            Told::SystemError => return Err(Setback::system("系统错误")),
        };
        let is_silent = Script::of(mobile) == Script::AuditSilent;
        let reason = match state {
            Suggestion::Reject if !is_silent => REASON,
            Suggestion::Reject | Suggestion::Approve | Suggestion::Pending | Suggestion::Unknown(_) => "",
        };
        let reply = ResultReply { state, reason: reason.to_owned() };
        Ok(if is_silent { Reply::data([reply]) } else { Reply::data(reply) })
    }
}

/// Tells two applications of one order apart, however they were sealed.
fn content_of(request: &ApplyRequest, plain: &[u8]) -> u64 {
    let plain = String::from_utf8_lossy(plain);
    fingerprint(&[&request.name, &request.phone.to_string(), &request.id_card, &plain])
}
