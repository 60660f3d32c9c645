//! Why a request is not done: the closed list of reasons that errors carry.
//!
//! Reasons are permanent: clients branch on them. Each has a page in `docs/errors/`.

/// Why a request is not done, as `google.rpc.ErrorInfo` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Fields of the request are wrong.
    InvalidFields,
    /// No product of the server has the name that was given.
    UnknownProduct,
    /// The challenge asks for something else than what was answered.
    WrongAnswerKind,
    /// The resume token is none of this server's, or belongs to another filter.
    BadResumeToken,
    /// The bytes of the message cannot be decoded.
    MalformedMessage,
    /// No application has this name.
    ApplicationNotFound,
    /// No challenge of this number was ever asked.
    ChallengeNotFound,
    /// The application has no such collection, or has not begun it.
    CollectionNotFound,
    /// No machine has this name.
    MachineNotFound,
    /// No delivery has this name, or it is no longer kept.
    DeliveryNotFound,
    /// The partner's order has an application already, with other content.
    ApplicationExists,
    /// The `request_id` was used for another request within the last seven days.
    RequestIdReused,
    /// The machine does not allow the event in the state that it is in.
    TransitionNotAllowed,
    /// The challenge was answered before, or asks no more.
    ChallengeClosed,
    /// What was brought contradicts what the application holds.
    EvidenceDisagrees,
    /// The application is not held, so that it cannot be released.
    NotHeld,
    /// Somebody else reviews the application, and nobody besides for a while.
    ReviewTaken,
    /// Whoever decides about an application must claim its review first.
    ReviewNotClaimed,
    /// Evidence is too old to approve on: newer must be brought first.
    EvidenceStale,
    /// The application is held: nothing is decided about it.
    ApplicationHeld,
    /// The delivery's partner has no callback in the settings.
    NoCallback,
    /// No call of the application waits to be made.
    NothingToRetry,
    /// The store cannot do what was asked for as it was asked for.
    StoreDeclined,
    /// Another backup or rebuild of the store is under way.
    StoreBusy,
    /// More applications match than are put in another order than that of their creation.
    TooManyToSort,
    /// The application, or the delivery, has changed since its etag was read.
    EtagMismatch,
    /// Somebody else brings the same order at the same time.
    Contended,
    /// The application holds as many documents as it may: 200.
    TooManyDocuments,
    /// The changes after the resume token are no longer kept: they are for seven days.
    ResumeTokenTooOld,
    /// The message is larger than 4 MiB.
    MessageTooLarge,
    /// The server has no such service.
    UnknownService,
    /// The service has no such method, or the message was compressed in a way that the server does not know.
    UnknownMethod,
    /// The request took longer than 30 s. What it asked for may have been done.
    RequestTimeout,
    /// The server has stopped taking requests: it leaves, or its store failed.
    EngineStopped,
    /// The server leaves; streams and waits are ended.
    ShuttingDown,
    /// As many requests and streams are under way as the server takes at once: 8,192.
    Overloaded,
    /// The disk of the server is almost full.
    DiskFull,
    /// The request was not served for a reason that none of the others tells, such as a call that was cancelled.
    NotServed,
    /// A backup, a rebuild or another look after the store failed; the message says how.
    UpkeepFailed,
    /// The server failed.
    Internal,
}

impl Reason {
    /// Every one.
    pub const ALL: [Self; 40] = [
        Self::InvalidFields,
        Self::UnknownProduct,
        Self::WrongAnswerKind,
        Self::BadResumeToken,
        Self::MalformedMessage,
        Self::ApplicationNotFound,
        Self::ChallengeNotFound,
        Self::CollectionNotFound,
        Self::MachineNotFound,
        Self::DeliveryNotFound,
        Self::ApplicationExists,
        Self::RequestIdReused,
        Self::TransitionNotAllowed,
        Self::ChallengeClosed,
        Self::EvidenceDisagrees,
        Self::NotHeld,
        Self::ReviewTaken,
        Self::ReviewNotClaimed,
        Self::EvidenceStale,
        Self::ApplicationHeld,
        Self::NoCallback,
        Self::NothingToRetry,
        Self::StoreDeclined,
        Self::StoreBusy,
        Self::TooManyToSort,
        Self::EtagMismatch,
        Self::Contended,
        Self::TooManyDocuments,
        Self::ResumeTokenTooOld,
        Self::MessageTooLarge,
        Self::UnknownService,
        Self::UnknownMethod,
        Self::RequestTimeout,
        Self::EngineStopped,
        Self::ShuttingDown,
        Self::Overloaded,
        Self::DiskFull,
        Self::NotServed,
        Self::UpkeepFailed,
        Self::Internal,
    ];

    /// Gives the word that is told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidFields => "INVALID_FIELDS",
            Self::UnknownProduct => "UNKNOWN_PRODUCT",
            Self::WrongAnswerKind => "WRONG_ANSWER_KIND",
            Self::BadResumeToken => "BAD_RESUME_TOKEN",
            Self::MalformedMessage => "MALFORMED_MESSAGE",
            Self::ApplicationNotFound => "APPLICATION_NOT_FOUND",
            Self::ChallengeNotFound => "CHALLENGE_NOT_FOUND",
            Self::CollectionNotFound => "COLLECTION_NOT_FOUND",
            Self::MachineNotFound => "MACHINE_NOT_FOUND",
            Self::DeliveryNotFound => "DELIVERY_NOT_FOUND",
            Self::ApplicationExists => "APPLICATION_EXISTS",
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::TransitionNotAllowed => "TRANSITION_NOT_ALLOWED",
            Self::ChallengeClosed => "CHALLENGE_CLOSED",
            Self::EvidenceDisagrees => "EVIDENCE_DISAGREES",
            Self::NotHeld => "NOT_HELD",
            Self::ReviewTaken => "REVIEW_TAKEN",
            Self::ReviewNotClaimed => "REVIEW_NOT_CLAIMED",
            Self::EvidenceStale => "EVIDENCE_STALE",
            Self::ApplicationHeld => "APPLICATION_HELD",
            Self::NoCallback => "NO_CALLBACK",
            Self::NothingToRetry => "NOTHING_TO_RETRY",
            Self::StoreDeclined => "STORE_DECLINED",
            Self::StoreBusy => "STORE_BUSY",
            Self::TooManyToSort => "TOO_MANY_TO_SORT",
            Self::EtagMismatch => "ETAG_MISMATCH",
            Self::Contended => "CONTENDED",
            Self::TooManyDocuments => "TOO_MANY_DOCUMENTS",
            Self::ResumeTokenTooOld => "RESUME_TOKEN_TOO_OLD",
            Self::MessageTooLarge => "MESSAGE_TOO_LARGE",
            Self::UnknownService => "UNKNOWN_SERVICE",
            Self::UnknownMethod => "UNKNOWN_METHOD",
            Self::RequestTimeout => "REQUEST_TIMEOUT",
            Self::EngineStopped => "ENGINE_STOPPED",
            Self::ShuttingDown => "SHUTTING_DOWN",
            Self::Overloaded => "OVERLOADED",
            Self::DiskFull => "DISK_FULL",
            Self::NotServed => "NOT_SERVED",
            Self::UpkeepFailed => "UPKEEP_FAILED",
            Self::Internal => "INTERNAL",
        }
    }
}
