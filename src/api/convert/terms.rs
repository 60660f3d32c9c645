//! On which terms a request wants something done: recognised when repeated, only if nothing has
//! changed, only tried.

use super::check::Check;
use crate::api::proto::v1::{
    AnswerChallengeRequest, ApproveApplicationRequest, CancelApplicationRequest, ClaimReviewRequest,
    CreateApplicationRequest, HoldApplicationRequest, RejectApplicationRequest, ReleaseApplicationRequest,
    ResendChallengeRequest, RestartCollectionRequest, ResumeApplicationRequest, RetryNowRequest,
    ReturnReviewRequest, SubmitEvidenceRequest,
};
use crate::engine::archive::Archive;
use crate::engine::core::Terms;
use crate::store::{Request, RequestKey, Store};
use prost::Message;
use zeroize::Zeroizing;

/// A request that wants something done.
pub(in super::super) trait Mutation: Message {
    /// Its name: two methods with the same content are two requests.
    const NAME: &'static str;

    /// Takes what names it and whether it is a trial out of it, so that the rest is its content.
    fn take_request(&mut self) -> (String, bool);

    /// The etag that it expects; empty for any.
    fn etag(&self) -> &str;
}

macro_rules! mutation {
    ($request:ident, $etag:expr) => {
        impl Mutation for $request {
            const NAME: &'static str = stringify!($request);

            fn take_request(&mut self) -> (String, bool) {
                (std::mem::take(&mut self.request_id), std::mem::take(&mut self.validate_only))
            }

            fn etag(&self) -> &str {
                let etag: fn(&Self) -> &str = $etag;
                etag(self)
            }
        }
    };
}

mutation!(CreateApplicationRequest, |_| "");
mutation!(AnswerChallengeRequest, |request| &request.etag);
mutation!(ResendChallengeRequest, |request| &request.etag);
mutation!(CancelApplicationRequest, |request| &request.etag);
mutation!(ResumeApplicationRequest, |request| &request.etag);
mutation!(RetryNowRequest, |request| &request.etag);
mutation!(RestartCollectionRequest, |request| &request.etag);
mutation!(HoldApplicationRequest, |request| &request.etag);
mutation!(ReleaseApplicationRequest, |request| &request.etag);
mutation!(SubmitEvidenceRequest, |request| &request.etag);
mutation!(ClaimReviewRequest, |request| &request.etag);
mutation!(ReturnReviewRequest, |request| &request.etag);
mutation!(ApproveApplicationRequest, |request| &request.etag);
mutation!(RejectApplicationRequest, |request| &request.etag);

/// Reads the terms of a request. Its content is digested, never kept.
pub(super) fn terms<S: Store, R: Mutation>(
    check: &mut Check,
    request: &mut R,
    archive: &Archive<S>,
) -> Option<Terms> {
    let (id, is_trial) = request.take_request();
    let id = if id.is_empty() { Some(None) } else { check.label("request_id", id).map(Some) };
    let expected = match request.etag() {
        "" => Some(None),
        etag => {
            etag.parse().ok().map(Some).or_else(|| check.wrong("etag", "must be the etag of an application"))
        }
    };
    let request = id?.filter(|_| !is_trial).map(|id| Request {
        key: RequestKey(archive.digest("request id", id)),
        fingerprint: archive.digest(R::NAME, Zeroizing::new(request.encode_to_vec())),
    });
    Some(Terms { request, expected: expected?, is_kept: false, is_trial })
}
