//! The blacklist (spec 002 §2).
//!
//! Owns who is on it: applicants of one script. It must never remember who was asked about, but
//! for the failures that scripts want.

use super::faults::Fault;
use super::params::Params;
use super::reply::{Reply, Setback};
use super::{Endpoint, Mobile, Sandbox, Script, Subject};
use crate::provider::wire::blacklist::{SearchReply, SearchRequest};

impl Sandbox {
    /// Says whether the person is on the blacklist (spec 002 §2).
    pub(super) fn search_blacklist(
        &mut self,
        params: Params,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        let request: SearchRequest = params.read(&["token", "name", "id_card", "mobile"], &[])?;
        let mobile = Mobile::of_field(&request.mobile)?;
        subject.mobile = Some(mobile);
        self.check_token(&request.token)?;
        let script = Script::of(mobile);
        let mut is_among_first = |times| self.quirks.is_among_first(Endpoint::Blacklist, mobile, times);
        if script == Script::ServerError && is_among_first(1) {
            return Err(Setback::Fault(Fault::ServerError));
        }
        if script == Script::BlacklistDown && is_among_first(3) {
            return Err(Setback::system("服务不可用"));
        }
        if script == Script::TokenRejected && is_among_first(1) {
            return Err(Setback::token());
        }
        if script == Script::BlacklistRefuses {
            return Err(Setback::field("id_card", "is not accepted"));
        }
        let is_in = script == Script::Blacklisted;
        Ok(Reply::data(SearchReply { is_in }))
    }
}
