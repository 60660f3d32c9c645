//! Every error of the contract: its code, its permanent reason, its facts.

use super::{DOMAIN, name};
use crate::api::reason::Reason;
use crate::callback::CallbackError;
use crate::engine::bank::Flaw;
use crate::engine::core::Declined;
use crate::engine::entrance::EntranceError;
use crate::engine::exhibit::LoginError;
use crate::engine::read::{ListError, SORT_LIMIT};
use crate::engine::watch::WatchError;
use crate::engine::{EngineError, chain};
use crate::machine::id::ApplicationId;
use crate::machine::step::Refusal;
use crate::store::StoreError;
use crate::vault::Random;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

/// When to try again what a server that starts or stops could not answer.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// When to try again what somebody else was faster with.
const CONTENDED_RETRY: Duration = Duration::from_millis(50);

/// What is wrong with a field.
pub(super) struct Violation {
    /// Its path in the request.
    pub(super) field: String,
    /// What it must be.
    pub(super) description: String,
}

/// An error on its way.
struct Told {
    code: Code,
    text: String,
    details: ErrorDetails,
}

impl Told {
    fn new(code: Code, reason: Reason, text: impl Into<String>, facts: &[(&str, &str)]) -> Self {
        let facts: std::collections::HashMap<_, _> =
            facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let details = ErrorDetails::with_error_info(reason.name(), DOMAIN, facts);
        Self { code, text: text.into(), details }
    }

    fn field(mut self, field: &str, description: impl Into<String>) -> Self {
        self.details.add_bad_request_violation(field, description);
        self
    }

    /// The state of the subject is in the way.
    fn precondition(mut self, kind: &str, subject: &str) -> Self {
        let violation = PreconditionViolation::new(kind, subject, self.text.clone());
        self.details.set_precondition_failure(vec![violation]);
        self
    }

    fn retry(mut self, after: Duration) -> Self {
        self.details.set_retry_info(Some(after));
        self
    }

    fn status(self) -> Status {
        Status::with_error_details(self.code, self.text, self.details)
    }
}

/// A request that is wrong, with all that is wrong with it.
pub(super) fn invalid(violations: Vec<Violation>) -> Status {
    let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
    let facts = [("fields", fields.join(","))];
    let facts = facts.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut told =
        Told::new(Code::InvalidArgument, Reason::InvalidFields, "fields of the request are wrong", &facts);
    let violations = violations.into_iter().map(|each| FieldViolation::new(each.field, each.description));
    told.details.set_bad_request(violations.collect::<Vec<_>>());
    told.status()
}

/// What was asked for, if it is there.
pub(in super::super) fn found<T>(
    found: Result<Option<T>, EngineError>,
    id: ApplicationId,
) -> Result<T, Status> {
    let subject = name::application_name(id);
    match found {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(unknown_application(&subject)),
        Err(error) => Err(refused(&error, &subject)),
    }
}

/// What the engine did not do for `subject`.
pub(in super::super) fn refused(error: &EngineError, subject: &str) -> Status {
    match error {
        EngineError::Declined(declined) => match declined {
            Declined::NotFound => unknown_application(subject),
            Declined::Refused(refusal) => told(refusal, subject),
            Declined::Exists { application, .. } => {
                let application = name::application_name(*application);
                let text = "the order has an application already, with other content";
                let facts = [("application", application.as_str())];
                Told::new(Code::AlreadyExists, Reason::ApplicationExists, text, &facts).status()
            }
            Declined::Changed { expected, found } => {
                let (expected, found) = (expected.to_string(), found.to_string());
                let facts = [("subject", subject), ("expected", &expected), ("found", &found)];
                let text = "the application has changed since its etag was read";
                Told::new(Code::Aborted, Reason::EtagMismatch, text, &facts).status()
            }
            Declined::RequestReused => reused(),
            Declined::NoRoom => {
                let text =
                    "the disk of the server is almost full: nothing new is taken in until there is room";
                Told::new(Code::Unavailable, Reason::DiskFull, text, &[]).retry(RETRY_AFTER).status()
            }
            Declined::Unreadable(source) => internal(source.as_ref()),
        },
        EngineError::Entrance(entrance) => match entrance {
            EntranceError::UnknownProduct(_) => {
                let text = "no product of this server has this name";
                Told::new(Code::InvalidArgument, Reason::UnknownProduct, text, &[("field", "product")])
                    .field("product", "must be a product of this server")
                    .status()
            }
            EntranceError::Load(source) => internal(source),
            EntranceError::Archive(source) => internal(source),
        },
        EngineError::Contended => {
            let text = "somebody else brings the same order at the same time";
            Told::new(Code::Aborted, Reason::Contended, text, &[]).retry(CONTENDED_RETRY).status()
        }
        EngineError::Stopped(why) => {
            tracing::warn!(%why, "a request met a stopped engine");
            let text = "the server has stopped taking requests";
            Told::new(Code::Unavailable, Reason::EngineStopped, text, &[]).retry(RETRY_AFTER).status()
        }
        EngineError::Open(source) => internal(source),
        EngineError::Load(source) => internal(source),
        EngineError::Store(source) => internal(source),
        EngineError::Archive(source) => internal(source),
        EngineError::BankList(source) => internal(source),
    }
}

/// Why a bank's login is not handed in for `subject`.
pub(in super::super) fn unfit(error: &LoginError, subject: &str) -> Status {
    match error {
        LoginError::Flawed(flaws) => invalid(flaws.iter().map(violation).collect()),
        LoginError::Engine(error) => refused(error, subject),
    }
}

fn violation(flaw: &Flaw) -> Violation {
    Violation { field: format!("bank_login.{}", flaw.place), description: flaw.problem.clone() }
}

/// The machine's no.
fn told(refusal: &Refusal, subject: &str) -> Status {
    match refusal {
        Refusal::NotAllowed { machine, state, event } => {
            let text = format!("the {machine} machine does not allow {event} in {state}");
            let facts = [("subject", subject), ("machine", *machine), ("state", *state), ("event", *event)];
            Told::new(Code::FailedPrecondition, Reason::TransitionNotAllowed, text, &facts)
                .precondition("TRANSITION", subject)
                .status()
        }
        Refusal::UnknownChallenge { .. } => {
            let facts = [("challenge", subject)];
            Told::new(Code::NotFound, Reason::ChallengeNotFound, "no such challenge was ever asked", &facts)
                .status()
        }
        Refusal::ClosedChallenge { .. } => {
            let text = "the challenge was answered before, or asks no more";
            Told::new(Code::FailedPrecondition, Reason::ChallengeClosed, text, &[("challenge", subject)])
                .precondition("CHALLENGE", subject)
                .status()
        }
        Refusal::WrongKind { asked, answered } => {
            let (asked, answered) = (asked.name(), answered.name());
            let facts = [("challenge", subject), ("asked", asked), ("answered", answered)];
            let text = format!("the challenge asks for {asked}");
            Told::new(Code::InvalidArgument, Reason::WrongAnswerKind, text, &facts)
                .field(answered, format!("must not be set: the challenge asks for {asked}"))
                .status()
        }
        Refusal::Disagrees { field } => {
            let text = format!("the {field} contradicts what the application holds");
            Told::new(Code::FailedPrecondition, Reason::EvidenceDisagrees, text, &[("field", *field)])
                .precondition("EVIDENCE", subject)
                .status()
        }
        // Numbers are drawn at random: the next try draws others.
        Refusal::DocumentTaken { .. } => {
            let text = "a number drawn for a document is taken";
            Told::new(Code::Aborted, Reason::Contended, text, &[]).retry(CONTENDED_RETRY).status()
        }
        Refusal::NotHeld => Told::new(
            Code::FailedPrecondition,
            Reason::NotHeld,
            "the application is not held",
            &[("subject", subject)],
        )
        .precondition("HOLD", subject)
        .status(),
        Refusal::Leased { reviewer, until } => {
            let until = super::moment(*until);
            let facts = [("subject", subject), ("reviewer", reviewer.as_str()), ("until", &until)];
            let text = "somebody else reviews the application";
            Told::new(Code::FailedPrecondition, Reason::ReviewTaken, text, &facts)
                .precondition("REVIEW", subject)
                .status()
        }
        Refusal::NotLeased => {
            let text = "whoever decides about the application must claim the review first";
            Told::new(Code::FailedPrecondition, Reason::ReviewNotClaimed, text, &[("subject", subject)])
                .precondition("REVIEW", subject)
                .status()
        }
        Refusal::Stale { kind } => {
            let text = format!("{}: what is there is too old to approve on", kind.name());
            let facts = [("subject", subject), ("evidence", kind.name())];
            Told::new(Code::FailedPrecondition, Reason::EvidenceStale, text, &facts)
                .precondition("EVIDENCE", subject)
                .status()
        }
        Refusal::IsHeld => {
            let text = "the application is held: nothing is decided about it";
            Told::new(Code::FailedPrecondition, Reason::ApplicationHeld, text, &[("subject", subject)])
                .precondition("HOLD", subject)
                .status()
        }
        Refusal::NoCollection { collection } => {
            let text = format!("the application has not begun to collect from {}", collection.name());
            Told::new(Code::NotFound, Reason::CollectionNotFound, text, &[("subject", subject)]).status()
        }
        Refusal::NothingToRetry => {
            let text = "no call of the application waits to be made";
            Told::new(Code::FailedPrecondition, Reason::NothingToRetry, text, &[("subject", subject)])
                .precondition("CALL", subject)
                .status()
        }
        Refusal::TooManyDocuments => {
            let text = "the application holds as many documents as it may";
            Told::new(Code::ResourceExhausted, Reason::TooManyDocuments, text, &[("subject", subject)])
                .status()
        }
    }
}

/// Why a list is not told.
pub(in super::super) fn unlisted(error: &ListError) -> Status {
    match error {
        ListError::TooManyToSort => {
            let limit = SORT_LIMIT.to_string();
            let text = "too many applications match to be put in this order: narrow the filter";
            Told::new(Code::FailedPrecondition, Reason::TooManyToSort, text, &[("limit", limit.as_str())])
                .precondition("LIST", "applications")
                .status()
        }
        ListError::Engine(error) => refused(error, "applications"),
    }
}

/// Why watching does not begin, or ends.
pub(in super::super) fn unwatched(error: &WatchError) -> Status {
    match error {
        WatchError::BadToken => {
            let text = "the resume token is none of this server's for this filter";
            Told::new(Code::InvalidArgument, Reason::BadResumeToken, text, &[("field", "resume_token")])
                .field("resume_token", "must be one of this server's for the same filter")
                .status()
        }
        WatchError::TooOld { oldest } => {
            let oldest = oldest.to_string();
            let text = "the changes after the resume token are no longer kept: watch without it";
            let facts = [("oldest_sequence", oldest.as_str())];
            Told::new(Code::OutOfRange, Reason::ResumeTokenTooOld, text, &facts).status()
        }
        WatchError::Engine(error) => refused(error, "changes"),
    }
}

/// What the callbacks did not do for `subject`.
pub(in super::super) fn undelivered(error: &CallbackError, subject: &str) -> Status {
    match error {
        CallbackError::NotFound => {
            let facts = [("delivery", subject)];
            Told::new(Code::NotFound, Reason::DeliveryNotFound, error.to_string(), &facts).status()
        }
        CallbackError::NoCallback { partner } => {
            let facts = [("delivery", subject), ("partner", partner)];
            Told::new(Code::FailedPrecondition, Reason::NoCallback, error.to_string(), &facts)
                .precondition("CALLBACK", subject)
                .status()
        }
        CallbackError::Changed { expected, found } => {
            let facts = [("subject", subject), ("expected", expected), ("found", found)];
            Told::new(Code::Aborted, Reason::EtagMismatch, error.to_string(), &facts).status()
        }
        CallbackError::RequestReused => reused(),
        CallbackError::Client { .. } => internal(error),
        CallbackError::Load(source) => internal(source),
        CallbackError::Store(source) => internal(source),
    }
}

/// What could not be done with the store.
pub(in super::super) fn unkept(error: &EngineError) -> Status {
    let EngineError::Store(source) = error else { return refused(error, "the store") };
    let told = match source {
        StoreError::Declined { why } => Told::new(Code::FailedPrecondition, Reason::StoreDeclined, why, &[])
            .precondition("STORE", "store"),
        StoreError::Busy => Told::new(Code::FailedPrecondition, Reason::StoreBusy, source.to_string(), &[])
            .precondition("STORE", "store"),
        // Nobody hears it but who is sent away.
        StoreError::CalledOff => return leaving(),
        StoreError::Full { .. } => {
            let text = format!("{source}: the store needs what is left of it");
            Told::new(Code::Unavailable, Reason::DiskFull, text, &[]).retry(RETRY_AFTER)
        }
        StoreError::TooLarge { .. }
        | StoreError::BlobTooLarge { .. }
        | StoreError::NoBlob { .. }
        | StoreError::TooOld { .. }
        | StoreError::Damaged { .. }
        | StoreError::Inconsistent { .. }
        | StoreError::BlobDamaged { .. }
        | StoreError::FileDamaged { .. }
        | StoreError::Locked { .. }
        | StoreError::NewerFolder { .. }
        | StoreError::Lost { .. }
        | StoreError::Io { .. }
        | StoreError::BeforeSync { .. }
        | StoreError::Keys { .. }
        | StoreError::Sled { .. }
        | StoreError::SledPanic { .. }
        | StoreError::Stopped { .. } => Told::new(Code::Internal, Reason::UpkeepFailed, chain(source), &[]),
    };
    told.status()
}

/// The id of the request was used before.
fn reused() -> Status {
    let text = "the request_id was used for another request";
    Told::new(Code::AlreadyExists, Reason::RequestIdReused, text, &[("field", "request_id")])
        .field("request_id", "must be new, or that of the same request")
        .status()
}

fn unknown_application(subject: &str) -> Status {
    let text = "no such application exists";
    Told::new(Code::NotFound, Reason::ApplicationNotFound, text, &[("subject", subject)]).status()
}

/// There is no such machine.
pub(super) fn unknown_machine() -> Status {
    Told::new(Code::NotFound, Reason::MachineNotFound, "no machine has this name", &[]).status()
}

/// The server is shutting down.
pub(in super::super) fn leaving() -> Status {
    let text = "the server is shutting down";
    Told::new(Code::Unavailable, Reason::ShuttingDown, text, &[]).retry(RETRY_AFTER).status()
}

/// No room is left for another request.
pub(in super::super) fn overloaded() -> Status {
    let text = "the server has as many requests under way as it takes at once";
    Told::new(Code::Unavailable, Reason::Overloaded, text, &[]).retry(RETRY_AFTER).status()
}

/// A request took longer than any should.
pub(in super::super) fn too_slow() -> Status {
    let text = "the request took too long; what it asked for may have been done";
    Told::new(Code::DeadlineExceeded, Reason::RequestTimeout, text, &[]).status()
}

/// No service has this name.
pub(in super::super) fn unknown_service() -> Status {
    let text = "this server has no such service";
    Told::new(Code::Unimplemented, Reason::UnknownService, text, &[]).status()
}

/// Gives a reason to an error that the libraries below made without one; none if it has its own.
pub(in super::super) fn bare(status: &Status) -> Option<Status> {
    if !status.details().is_empty() {
        return None;
    }
    let (code, reason, text) = match status.code() {
        Code::Ok => return None,
        // The libraries' word for a message that cannot be decoded.
        Code::Internal => (Code::InvalidArgument, Reason::MalformedMessage, "the message cannot be decoded"),
        Code::OutOfRange => (Code::OutOfRange, Reason::MessageTooLarge, "the message is over the limit"),
        Code::Unimplemented => {
            (Code::Unimplemented, Reason::UnknownMethod, "the service has no such method or encoding")
        }
        code @ (Code::Cancelled
        | Code::Unknown
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated) => (code, Reason::NotServed, status.message()),
    };
    Some(Told::new(code, reason, text, &[]).status())
}

/// The world failed: the log says how, the caller gets the number under which it does.
fn internal(error: &(dyn std::error::Error + 'static)) -> Status {
    let mut number = [0; 8];
    Random::system().fill(&mut number);
    let incident = hex::encode(number);
    tracing::error!(%incident, error = %chain(error), "a request failed");
    let text = "the server failed; its log tells more under the incident's number";
    Told::new(Code::Internal, Reason::Internal, text, &[("incident", incident.as_str())]).status()
}
