//! The risk audit's two calls (spec 002 §7).
//!
//! Owns the opening of sealed dossiers and the checks of what is in them. It must never keep a
//! dossier.

use super::audits::MAX_AUDITS;
use super::params::Params;
use super::reply::{Reply, Setback};
use super::{Mobile, Sandbox, Script, Subject, dossier};
use crate::provider::wire::audit::{ApplyReply, ApplyRequest, ResultReply, ResultRequest, Suggestion};
use crate::provider::wire::seal;

/// The reason printed for a rejection (spec 002 §7.2).
const REASON: &str = "命中多头借贷";

impl Sandbox {
    /// Opens an audit, or finds the one the order has already (spec 002 §7.1).
    pub(super) fn apply_for_audit(
        &mut self,
        params: Params,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        let request: ApplyRequest = params.read(&["token", "name", "id_card", "data"], &["phone"])?;
        let mobile = Mobile::from_number(request.phone)
            .ok_or_else(|| Setback::field("phone", "must have 11 digits"))?;
        subject.mobile = Some(mobile);
        self.check_token(&request.token)?;
        let plain = seal::decrypt_blocks(self.key(), &request.data)
            .map_err(|error| Setback::field("data", format_args!("does not open: {error}")))?;
        let order_id = dossier::checked_order(&plain).map_err(|problem| Setback::field("data", problem))?;
        subject.order_id = Some(order_id);
        let script = Script::of(mobile);
        if let Some(open_id) = self.audits.open_id_of(order_id) {
            subject.open_id = Some(open_id.clone());
            self.ledger.audit_repeated(script);
            return Ok(Reply::data(ApplyReply { open_id }));
        }
        let Some(open_id) = self.audits.open(self.now, order_id, script) else {
            let msg = format!("系统错误: {MAX_AUDITS} audits are open, start the sandbox anew");
            return Err(Setback::system(msg));
        };
        subject.open_id = Some(open_id.clone());
        self.ledger.audit_processed(self.now, script, subject);
        Ok(Reply::data(ApplyReply { open_id }))
    }

    /// Tells how an audit stands (spec 002 §7.2).
    pub(super) fn audit_result(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let request: ResultRequest = params.read(&["open_id"], &[])?;
        let Some((order_id, state)) = self.audits.ask(self.now, &request.open_id) else {
            return Err(Setback::input("参数错误错误: open_id is unknown"));
        };
        subject.order_id = Some(order_id);
        subject.open_id = Some(request.open_id);
        let reason = match state {
            Suggestion::Reject => REASON,
            Suggestion::Approve | Suggestion::Pending | Suggestion::Unknown(_) => "",
        };
        Ok(Reply::data(ResultReply { state, reason: reason.to_owned() }))
    }
}
