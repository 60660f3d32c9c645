//! The blacklist (spec 002 §2).
//!
//! Owns who is on it: applicants of one script. It must never remember who was asked about, but
//! for the one failure that a script wants.

use super::params::Params;
use super::reply::{Reply, Setback};
use super::{Mobile, Sandbox, Script, Subject};
use crate::provider::wire::blacklist::{SearchReply, SearchRequest};

impl Sandbox {
    /// Says whether the person is on the blacklist (spec 002 §2).
    pub(super) fn search_blacklist(
        &mut self,
        params: Params,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        let request: SearchRequest = params.read(&["token", "name", "id_card", "mobile"], &[])?;
        let mobile =
            Mobile::parse(&request.mobile).ok_or_else(|| Setback::field("mobile", "must be 11 digits"))?;
        subject.mobile = Some(mobile);
        self.check_token(&request.token)?;
        let script = Script::of(mobile);
        if script == Script::ServerError && self.blacklist_failed.insert(mobile) {
            return Err(Setback::ServerError);
        }
        let is_in = script == Script::Blacklisted;
        Ok(Reply::data(SearchReply { is_in }))
    }
}
