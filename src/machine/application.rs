//! A loan application: its evidence, its collections, and where it stands.

pub mod step;

use super::call::{Cause, Pending, Slot, System};
use super::certification;
use super::challenge::{Challenge, SealedAnswer};
use super::collection::{self, Collection, CollectionKind, Standing};
use super::event::By;
use super::evidence::{Document, DocumentKind, Evidence, EvidenceKind, Supplier};
use super::graph::application::{State, Timer};
use super::id::ApplicationId;
use super::time::Time;
use std::time::Duration;

/// A loan application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// How many moves it has made: the number of its last journal entry; 0 before the first.
    pub version: u64,
    /// When it was created.
    pub created: Time,
    /// Since when it is in its state.
    pub since: Time,
    /// Who brought it, and what they call it.
    pub source: Source,
    /// What its product wants.
    pub plan: Plan,
    /// The number under which it is audited (spec 002 §7.1 `order_id`): ours, never theirs.
    pub order_id: u64,
    /// The slot of its data key.
    pub key: u32,
    /// A keyed digest of the applicant's mobile number.
    pub phone: Option<[u8; 16]>,
    /// A keyed digest of the applicant's identity number.
    pub identity: Option<[u8; 16]>,
    /// Its sealed documents.
    pub documents: Vec<Document>,
    /// What is there, one line a kind.
    pub evidence: Vec<Evidence>,
    /// Credentials that came with the evidence, for the first telecom session.
    pub credentials: Option<SealedAnswer>,
    /// Where it stands.
    pub phase: Phase,
    /// Since when outages of the provider count for its own deadline: since it was set, or put off by those
    /// before.
    pub counted: Option<Time>,
    /// Its collections, once started, in the order of their kinds.
    pub collections: Vec<Collection>,
    /// Questions asked so far.
    pub challenges: u32,
    /// Calls that wait or are under way; at most one a slot.
    pub outbox: Vec<Pending>,
    /// That nothing is to be done about it; none once it is ended.
    pub held: Option<Hold>,
}

/// An operator's word that nothing is to be done about an application: no call is made, no deadline
/// of ours acts. What others bring is still taken in, and the provider's deadlines run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Since when.
    pub since: Time,
    /// Whose word it is, and why.
    pub by: By,
    /// When to say so again.
    pub reminder: Time,
}

/// Who brought an application, and what they call it: unique together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// The partner's name.
    pub partner: String,
    /// The partner's order number.
    pub order: String,
}

/// What a product wants, as it was when the application was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The product's name.
    pub product: String,
    /// The version of its configuration.
    pub version: u32,
    /// Evidence that no collection brings.
    pub evidence: Vec<EvidenceKind>,
    /// What is collected, each kind at most once, in the order of the kinds.
    pub collections: Vec<Wish>,
    /// The loan's term in days (spec 002 §7.1 `loan_term`).
    pub term_days: u32,
    /// Whether the provider's blacklist is asked about the person.
    pub blacklist: bool,
    /// Whose word decides.
    pub decider: Decider,
    /// How long evidence of a kind is fresh; of other kinds, for ever.
    pub fresh: Vec<(EvidenceKind, Duration)>,
}

/// Whose word decides about an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decider {
    /// The provider's risk audit.
    Provider,
    /// A person, who reviews what is there.
    Person,
}

/// A collection that a product wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wish {
    /// What is collected.
    pub kind: CollectionKind,
    /// Whether there is no audit without it.
    pub required: bool,
}

impl Plan {
    /// Says until when evidence of a kind that came at `at` is fresh; none if it never gets old.
    pub fn fresh_until(&self, kind: EvidenceKind, at: Time) -> Option<Time> {
        self.fresh.iter().find(|(of, _)| *of == kind).map(|(_, age)| at + *age)
    }

    /// Says whether a kind is collected.
    pub fn wants(&self, kind: CollectionKind) -> bool {
        self.collections.iter().any(|wish| wish.kind == kind)
    }
}

/// Where an application stands, with what is known there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Evidence is missing, or the blacklist is being asked.
    Init {
        /// Until when the evidence must be complete.
        deadline: Time,
    },
    /// A collection runs and needs nobody.
    Collecting {
        /// Until when all collections must have ended.
        deadline: Time,
    },
    /// A collection waits for the applicant.
    CaptchaRequired {
        /// Until when all collections must have ended.
        deadline: Time,
    },
    /// The audit is being applied for.
    DataReady,
    /// The provider audits.
    AuditPending {
        /// The audit's id at the provider.
        open_id: String,
        /// Until when it must decide.
        deadline: Time,
    },
    /// A person decides.
    ReviewPending {
        /// When to say again that somebody must.
        reminder: Time,
        /// Who decides, and nobody else for a while; none while anybody may take it.
        lease: Option<Lease>,
    },
    /// The audit suggests approval, or a person approved.
    Approved,
    /// The blacklist, the audit or a person says no.
    Rejected {
        /// Why.
        reason: Rejection,
    },
    /// Nothing can move without an operator.
    Suspended {
        /// Where it stood.
        origin: Box<Self>,
        /// Why.
        cause: Cause,
        /// When to say so again.
        reminder: Time,
    },
    /// Somebody called it off.
    Cancelled {
        /// Why, in their words.
        reason: String,
    },
    /// Evidence or the applicant did not come in time.
    Expired {
        /// What did not come.
        want: Want,
    },
}

/// That one person reviews an application, and nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Who, by the name under which the lender knows them.
    pub reviewer: String,
    /// Until when.
    pub until: Time,
}

/// Why an application was rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// The person is on the blacklist.
    Blacklisted,
    /// The audit suggests rejection.
    Audit {
        /// The provider's reason.
        reason: String,
    },
    /// A person rejected it.
    Review {
        /// Why, in their words.
        reason: String,
    },
}

/// What an application expired for want of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Want {
    /// The evidence did not become complete.
    Evidence,
    /// The collections did not come to an end.
    Collections,
    /// A required collection cannot be had from this applicant.
    Applicant,
}

/// A moment that an application waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// One of the application machine.
    Application(Timer),
    /// One of a collection.
    Collection(CollectionKind, collection::Timer),
}

impl Application {
    /// Names the drawn state.
    pub const fn state(&self) -> State {
        self.phase.state()
    }

    /// Lists the evidence that the product wants and that is not there.
    pub fn missing(&self) -> Vec<EvidenceKind> {
        let there = |kind: &EvidenceKind| self.evidence.iter().any(|evidence| evidence.kind == *kind);
        self.plan.evidence.iter().copied().filter(|kind| !there(kind)).collect()
    }

    /// Says who can bring evidence of a kind by the way that the application came: the applicant what the app
    /// asks, the partner what its pushes tell, a service the rest.
    pub fn supplier_of(&self, kind: EvidenceKind) -> Supplier {
        let has = |kinds: &[DocumentKind]| self.documents.iter().any(|held| kinds.contains(&held.kind));
        let is_pushed = has(&[DocumentKind::BasePush, DocumentKind::AdditionalPush])
            || has(&[DocumentKind::SignedPush]) && kind.is_in_signed_push();
        if self.plan.is_certified() && certification::asks_for(kind) {
            Supplier::Applicant
        } else if is_pushed {
            Supplier::Partner
        } else {
            Supplier::Service
        }
    }

    /// Lists the evidence that is too old by now, and since when.
    pub fn stale(&self, now: Time) -> impl Iterator<Item = (EvidenceKind, Time)> {
        let until = |held: &Evidence| Some((held.kind, self.plan.fresh_until(held.kind, held.at)?));
        self.evidence.iter().filter_map(until).filter(move |(_, until)| *until <= now)
    }

    /// Says whether evidence of a kind is too old by now.
    pub(crate) fn is_stale(&self, kind: EvidenceKind, now: Time) -> bool {
        self.stale(now).any(|(stale, _)| stale == kind)
    }

    /// Says whether the provider's audit may be about the evidence as it stands, so that nothing of it may
    /// change: it is applied for, or what became of that is not known. Where the provider has said no, or was
    /// never asked, it is not.
    pub(crate) fn may_be_audited(&self) -> bool {
        let Phase::Suspended { origin, cause, .. } = &self.phase else {
            return matches!(self.phase, Phase::DataReady | Phase::AuditPending { .. });
        };
        let was_declined =
            matches!(cause, Cause::Missing { .. } | Cause::Refused { .. } | Cause::Denied { .. });
        match &**origin {
            Phase::AuditPending { .. } => true,
            Phase::DataReady => !was_declined,
            Phase::Init { .. }
            | Phase::Collecting { .. }
            | Phase::CaptchaRequired { .. }
            | Phase::ReviewPending { .. }
            | Phase::Suspended { .. }
            | Phase::Approved
            | Phase::Rejected { .. }
            | Phase::Cancelled { .. }
            | Phase::Expired { .. } => false,
        }
    }

    /// Gives the open questions to the applicant.
    pub fn open_challenges(&self) -> impl Iterator<Item = &Challenge> {
        let live = !self.state().is_terminal();
        self.collections.iter().filter(move |_| live).filter_map(Collection::challenge)
    }

    /// Finds a collection.
    pub fn collection(&self, kind: CollectionKind) -> Option<&Collection> {
        self.collections.iter().find(|collection| collection.kind == kind)
    }

    /// Puts a collection in the place of the one of its kind.
    pub(crate) fn put(&mut self, collection: Collection) {
        match self.collections.iter_mut().find(|held| held.kind == collection.kind) {
            Some(held) => *held = collection,
            None => self.collections.push(collection),
        }
    }

    /// Gives the call that waits in a slot.
    pub fn pending(&self, slot: Slot) -> Option<&Pending> {
        self.outbox.iter().find(|pending| pending.id.slot == slot)
    }

    /// Gives the earliest moment that it waits for, with its meaning; none once it is ended. While it
    /// is held that is the next reminder, whatever else would come due.
    pub fn deadline(&self) -> Option<(Time, Deadline)> {
        if self.state().is_terminal() {
            return None;
        }
        if let Some(hold) = &self.held {
            return Some((hold.reminder, Deadline::Application(Timer::Reminder)));
        }
        let own = self.phase.deadline().map(|(at, timer)| (at, Deadline::Application(timer)));
        let collections = self.collections.iter().filter_map(|it| {
            let (at, timer) = it.deadline()?;
            Some((at, Deadline::Collection(it.kind, timer)))
        });
        own.into_iter().chain(collections).min_by_key(|(at, _)| *at)
    }

    /// Says when Docket itself must look at it next; `None` exactly when it is ended.
    pub fn wake(&self) -> Option<Time> {
        let deadline = self.deadline().map(|(at, _)| at);
        let calls = self.outbox.iter().filter(|_| self.held.is_none());
        let call = calls.map(|pending| pending.due).min();
        deadline.into_iter().chain(call).min()
    }

    /// Lists the sealed answers that it still holds.
    pub fn answers(&self) -> impl Iterator<Item = &SealedAnswer> {
        let waiting = self.outbox.iter().filter_map(|pending| pending.call.answer());
        let kept = self.collections.iter().filter_map(Collection::answer_kept);
        self.credentials.iter().chain(waiting).chain(kept)
    }

    /// Says which outages would excuse that a deadline was missed: of which systems, and since when.
    /// None where the deadline is not ours, or hangs on nobody but the applicant.
    pub fn excuses(&self, deadline: Deadline) -> Option<(Vec<System>, Time)> {
        let since = self.counted.unwrap_or(self.since);
        match deadline {
            Deadline::Collection(kind, _) => {
                let since = self.collection(kind)?.excused_since()?;
                Some((vec![System::Collection(kind)], since))
            }
            Deadline::Application(Timer::IntakeDeadline) => {
                self.pending(Slot::Application).map(|_| (vec![System::Blacklist], since))
            }
            Deadline::Application(Timer::CollectionDeadline) => {
                let running = self.collections.iter().filter(|it| it.standing() == Standing::Running);
                let running: Vec<_> = running.map(|it| System::Collection(it.kind)).collect();
                (!running.is_empty()).then_some((running, since))
            }
            Deadline::Application(Timer::AuditDeadline) => Some((vec![System::Audit], since)),
            Deadline::Application(Timer::Reminder | Timer::LeaseDeadline) => None,
        }
    }

    /// Says why it waits for an operator: because it is suspended, or because a collection that it cannot do
    /// without is parked while others go on.
    pub fn cause(&self) -> Option<&Cause> {
        match &self.phase {
            Phase::Suspended { cause, .. } => Some(cause),
            Phase::Collecting { .. } | Phase::CaptchaRequired { .. } => {
                self.collections.iter().filter(|it| it.required).find_map(Collection::parked)
            }
            Phase::Init { .. }
            | Phase::DataReady
            | Phase::AuditPending { .. }
            | Phase::ReviewPending { .. }
            | Phase::Approved
            | Phase::Rejected { .. }
            | Phase::Cancelled { .. }
            | Phase::Expired { .. } => None,
        }
    }

    /// Says who reviews it; nobody while anybody may.
    pub const fn lease(&self) -> Option<&Lease> {
        if let Phase::ReviewPending { lease, .. } = &self.phase { lease.as_ref() } else { None }
    }

    /// Says whether every required collection has delivered and no optional one is under way.
    fn all_delivered(&self) -> bool {
        self.collections.iter().all(|it| match it.standing() {
            Standing::Delivered => true,
            Standing::Parked | Standing::Exhausted => !it.required,
            Standing::InputNeeded | Standing::Running => false,
        })
    }
}

impl Phase {
    /// Names the drawn state.
    pub const fn state(&self) -> State {
        match self {
            Self::Init { .. } => State::Init,
            Self::Collecting { .. } => State::Collecting,
            Self::CaptchaRequired { .. } => State::CaptchaRequired,
            Self::DataReady => State::DataReady,
            Self::AuditPending { .. } => State::AuditPending,
            Self::ReviewPending { .. } => State::ReviewPending,
            Self::Approved => State::Approved,
            Self::Rejected { .. } => State::Rejected,
            Self::Suspended { .. } => State::Suspended,
            Self::Cancelled { .. } => State::Cancelled,
            Self::Expired { .. } => State::Expired,
        }
    }

    fn deadline(&self) -> Option<(Time, Timer)> {
        match self {
            Self::Init { deadline } => Some((*deadline, Timer::IntakeDeadline)),
            Self::Collecting { deadline } | Self::CaptchaRequired { deadline } => {
                Some((*deadline, Timer::CollectionDeadline))
            }
            Self::AuditPending { deadline, .. } => Some((*deadline, Timer::AuditDeadline)),
            Self::ReviewPending { reminder, lease } => match lease {
                Some(lease) if lease.until <= *reminder => Some((lease.until, Timer::LeaseDeadline)),
                Some(_) | None => Some((*reminder, Timer::Reminder)),
            },
            Self::Suspended { reminder, .. } => Some((*reminder, Timer::Reminder)),
            Self::DataReady
            | Self::Approved
            | Self::Rejected { .. }
            | Self::Cancelled { .. }
            | Self::Expired { .. } => None,
        }
    }
}
