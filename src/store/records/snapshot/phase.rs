//! Where an application stands, and why it cannot go on, as stored.

use super::unknown;
use crate::machine::application::{Lease, Phase, Rejection, Want};
use crate::machine::call::Cause;
use crate::machine::time::Time;
use crate::store::records::RecordError;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) enum PhaseV1 {
    Init {
        deadline: u64,
    },
    Collecting {
        deadline: u64,
    },
    CaptchaRequired {
        deadline: u64,
    },
    DataReady,
    AuditPending {
        open_id: String,
        deadline: u64,
    },
    Approved,
    RejectedByBlacklist,
    RejectedByAudit {
        reason: String,
    },
    Suspended {
        origin: Box<Self>,
        cause: CauseV1,
        reminder: u64,
    },
    Cancelled {
        reason: String,
    },
    Expired {
        want: u8,
    },
    /// Since the fourth version of the snapshot, as what follows.
    ReviewPending {
        reminder: u64,
        lease: Option<LeaseV4>,
    },
    RejectedByReview {
        reason: String,
    },
}

/// Who reviews an application, and until when nobody else does.
#[derive(Serialize, Deserialize)]
pub(in crate::store::records) struct LeaseV4 {
    reviewer: String,
    until: u64,
}

impl From<&Lease> for LeaseV4 {
    fn from(lease: &Lease) -> Self {
        Self { reviewer: lease.reviewer.clone(), until: lease.until.as_millis() }
    }
}

impl LeaseV4 {
    pub(in crate::store::records) fn into_core(self) -> Lease {
        Lease { reviewer: self.reviewer, until: Time::from_millis(self.until) }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::store::records) enum CauseV1 {
    Unavailable { detail: String },
    Unintelligible { detail: String },
    Refused { detail: String },
    Denied { detail: String },
    Missing { detail: String },
    DataOverdue,
    SessionsUsedUp,
    AuditOverdue,
    CollectionsParked,
}

impl From<&Phase> for PhaseV1 {
    fn from(phase: &Phase) -> Self {
        match phase {
            Phase::Init { deadline } => Self::Init { deadline: deadline.as_millis() },
            Phase::Collecting { deadline } => Self::Collecting { deadline: deadline.as_millis() },
            Phase::CaptchaRequired { deadline } => Self::CaptchaRequired { deadline: deadline.as_millis() },
            Phase::DataReady => Self::DataReady,
            Phase::AuditPending { open_id, deadline } => {
                Self::AuditPending { open_id: open_id.clone(), deadline: deadline.as_millis() }
            }
            Phase::Approved => Self::Approved,
            Phase::Rejected { reason: Rejection::Blacklisted } => Self::RejectedByBlacklist,
            Phase::Rejected { reason: Rejection::Audit { reason } } => {
                Self::RejectedByAudit { reason: reason.clone() }
            }
            Phase::Rejected { reason: Rejection::Review { reason } } => {
                Self::RejectedByReview { reason: reason.clone() }
            }
            Phase::ReviewPending { reminder, lease } => Self::ReviewPending {
                reminder: reminder.as_millis(),
                lease: lease.as_ref().map(LeaseV4::from),
            },
            Phase::Suspended { origin, cause, reminder } => Self::Suspended {
                origin: Box::new(Self::from(&**origin)),
                cause: CauseV1::from(cause),
                reminder: reminder.as_millis(),
            },
            Phase::Cancelled { reason } => Self::Cancelled { reason: reason.clone() },
            Phase::Expired { want } => Self::Expired {
                want: match want {
                    Want::Evidence => 1,
                    Want::Collections => 2,
                    Want::Applicant => 3,
                },
            },
        }
    }
}

impl PhaseV1 {
    /// The permanent number of the state that it was when it was written.
    pub(super) const fn number(&self) -> u16 {
        match self {
            Self::Init { .. } => 1,
            Self::Collecting { .. } => 2,
            Self::CaptchaRequired { .. } => 3,
            Self::DataReady => 4,
            Self::AuditPending { .. } => 5,
            Self::Approved => 6,
            Self::RejectedByBlacklist | Self::RejectedByAudit { .. } | Self::RejectedByReview { .. } => 7,
            Self::ReviewPending { .. } => 8,
            Self::Suspended { .. } => 9,
            Self::Cancelled { .. } => 10,
            Self::Expired { .. } => 11,
        }
    }

    pub(super) fn into_core(self) -> Result<Phase, RecordError> {
        Ok(match self {
            Self::Init { deadline } => Phase::Init { deadline: Time::from_millis(deadline) },
            Self::Collecting { deadline } => Phase::Collecting { deadline: Time::from_millis(deadline) },
            Self::CaptchaRequired { deadline } => {
                Phase::CaptchaRequired { deadline: Time::from_millis(deadline) }
            }
            Self::DataReady => Phase::DataReady,
            Self::AuditPending { open_id, deadline } => {
                Phase::AuditPending { open_id, deadline: Time::from_millis(deadline) }
            }
            Self::Approved => Phase::Approved,
            Self::RejectedByBlacklist => Phase::Rejected { reason: Rejection::Blacklisted },
            Self::RejectedByAudit { reason } => Phase::Rejected { reason: Rejection::Audit { reason } },
            Self::Suspended { origin, cause, reminder } => Phase::Suspended {
                origin: Box::new(origin.into_core()?),
                cause: cause.into_core(),
                reminder: Time::from_millis(reminder),
            },
            Self::RejectedByReview { reason } => Phase::Rejected { reason: Rejection::Review { reason } },
            Self::ReviewPending { reminder, lease } => Phase::ReviewPending {
                reminder: Time::from_millis(reminder),
                lease: lease.map(LeaseV4::into_core),
            },
            Self::Cancelled { reason } => Phase::Cancelled { reason },
            Self::Expired { want } => Phase::Expired {
                want: match want {
                    1 => Want::Evidence,
                    2 => Want::Collections,
                    3 => Want::Applicant,
                    other => return Err(unknown("want", other.into())),
                },
            },
        })
    }
}

impl From<&Cause> for CauseV1 {
    fn from(cause: &Cause) -> Self {
        match cause {
            Cause::Unavailable { detail } => Self::Unavailable { detail: detail.clone() },
            Cause::Unintelligible { detail } => Self::Unintelligible { detail: detail.clone() },
            Cause::Refused { detail } => Self::Refused { detail: detail.clone() },
            Cause::Denied { detail } => Self::Denied { detail: detail.clone() },
            Cause::Missing { detail } => Self::Missing { detail: detail.clone() },
            Cause::DataOverdue => Self::DataOverdue,
            Cause::SessionsUsedUp => Self::SessionsUsedUp,
            Cause::AuditOverdue => Self::AuditOverdue,
            Cause::CollectionsParked => Self::CollectionsParked,
        }
    }
}

impl CauseV1 {
    pub(in crate::store::records) fn into_core(self) -> Cause {
        match self {
            Self::Unavailable { detail } => Cause::Unavailable { detail },
            Self::Unintelligible { detail } => Cause::Unintelligible { detail },
            Self::Refused { detail } => Cause::Refused { detail },
            Self::Denied { detail } => Cause::Denied { detail },
            Self::Missing { detail } => Cause::Missing { detail },
            Self::DataOverdue => Cause::DataOverdue,
            Self::SessionsUsedUp => Cause::SessionsUsedUp,
            Self::AuditOverdue => Cause::AuditOverdue,
            Self::CollectionsParked => Cause::CollectionsParked,
        }
    }
}
