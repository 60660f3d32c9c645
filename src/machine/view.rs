//! What anybody may see of an application: no secret, nothing about the person.

use super::application::{Application, Hold, Lease, Phase, Rejection, Source, Want};
use super::call::Cause;
use super::certification;
use super::challenge::Challenge;
use super::collection::{CollectionKind, Standing};
use super::evidence::EvidenceKind;
use super::graph::application::State;
use super::id::ApplicationId;
use super::table::{Owner, StateDefinition};
use super::time::Time;

/// What anybody may see of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its id.
    pub id: ApplicationId,
    /// How many moves it has made.
    pub version: u64,
    /// Who brought it, and what they call it.
    pub source: Source,
    /// Its product.
    pub product: String,
    /// The version of the product's configuration.
    pub product_version: u32,
    /// When it was created.
    pub created: Time,
    /// Since when it is in its state.
    pub since: Time,
    /// Where it stands.
    pub state: State,
    /// How it ended, or why it is suspended.
    pub word: Word,
    /// When Docket itself looks at it next; none once it is ended.
    pub wake: Option<Time>,
    /// Evidence that the product wants and that is not there.
    pub missing: Vec<EvidenceKind>,
    /// The open questions to the applicant.
    pub challenges: Vec<Challenge>,
    /// Its collections.
    pub collections: Vec<CollectionView>,
    /// The step of the certification that is owed; none where there is no certification.
    pub certification: Option<certification::State>,
    /// The names of the calls to the provider that wait or are under way.
    pub calls: Vec<String>,
    /// That nothing is to be done about it.
    pub held: Option<Hold>,
    /// Who reviews it; nobody while anybody may.
    pub lease: Option<Lease>,
    /// A keyed digest of the applicant's mobile number, which finds and tells nothing.
    pub phone: Option<[u8; 16]>,
    /// A keyed digest of the applicant's identity number.
    pub identity: Option<[u8; 16]>,
}

/// The part of a [`View`] that changes and that is asked about: kept with each change, so that a
/// watcher knows whether an application matched before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// Where it stands.
    pub state: State,
    /// Who owes the next move; nobody once it is ended.
    pub owner: Option<Owner>,
    /// Whether it is held.
    pub held: bool,
    /// Why it, or a collection that it cannot do without, waits for an operator, by name.
    pub cause: Option<String>,
    /// What it waits for: kinds of evidence, kinds of challenges, calls, by their names.
    pub waits_for: Vec<String>,
}

/// How an application ended, or why it is suspended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// Nothing to say: it is under way, or approved.
    None,
    /// Why it was rejected.
    Rejected(Rejection),
    /// Why it is suspended.
    Suspended(Cause),
    /// Why it was called off, in the caller's words.
    Cancelled(String),
    /// What it expired for want of.
    Expired(Want),
}

/// What anybody may see of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionView {
    /// What is collected.
    pub kind: CollectionKind,
    /// Where it stands.
    pub state: &'static StateDefinition,
    /// What that amounts to.
    pub standing: Standing,
    /// Whether the product cannot do without it.
    pub required: bool,
    /// Sessions opened or tried so far.
    pub attempt: u8,
    /// Since when it is in its state.
    pub since: Time,
    /// Why it is parked.
    pub cause: Option<Cause>,
}

impl View {
    /// Shows an application.
    pub fn of(application: &Application) -> Self {
        let collections = application.collections.iter().map(|collection| CollectionView {
            kind: collection.kind,
            state: collection.state(),
            standing: collection.standing(),
            required: collection.required,
            attempt: collection.attempt,
            since: collection.since,
            cause: collection.parked().cloned(),
        });
        Self {
            id: application.id,
            version: application.version,
            source: application.source.clone(),
            product: application.plan.product.clone(),
            product_version: application.plan.version,
            created: application.created,
            since: application.since,
            state: application.state(),
            word: word(&application.phase),
            wake: application.wake(),
            missing: if application.state() == State::Init { application.missing() } else { Vec::new() },
            challenges: application.open_challenges().cloned().collect(),
            collections: collections.collect(),
            certification: application.certification(),
            calls: application.outbox.iter().map(|pending| pending.call.name().to_owned()).collect(),
            held: application.held.clone(),
            lease: application.lease().cloned(),
            phone: application.phone,
            identity: application.identity,
        }
    }

    /// Gives the part that changes and that is asked about.
    pub fn brief(&self) -> Brief {
        let missing = self.missing.iter().map(|kind| kind.name());
        let asked = self.challenges.iter().map(|challenge| challenge.kind.name());
        let calls = self.calls.iter().map(String::as_str);
        Brief {
            state: self.state,
            owner: self.owner(),
            held: self.held.is_some(),
            cause: self.cause().map(|cause| cause.name().to_owned()),
            waits_for: missing.chain(asked).chain(calls).map(str::to_owned).collect(),
        }
    }

    /// Says why it waits for an operator: because it is suspended, or because a collection that it cannot do
    /// without is parked while others go on.
    pub fn cause(&self) -> Option<&Cause> {
        match &self.word {
            Word::Suspended(cause) => Some(cause),
            Word::None if matches!(self.state, State::Collecting | State::CaptchaRequired) => {
                self.collections.iter().filter(|it| it.required).find_map(|it| it.cause.as_ref())
            }
            Word::None | Word::Rejected(_) | Word::Cancelled(_) | Word::Expired(_) => None,
        }
    }

    /// Says who owes the next move; nobody once it is ended.
    ///
    /// While evidence is missing the partner owes it, or the applicant as long as the certification goes
    /// on; once all is there, the provider's blacklist is being asked.
    pub fn owner(&self) -> Option<Owner> {
        let drawn = self.state.owner()?;
        if self.held.is_some() {
            return Some(Owner::Operator);
        }
        Some(match drawn {
            Owner::Evidence if self.missing.is_empty() => Owner::Provider,
            Owner::Evidence if self.certification.is_some_and(|step| !step.is_terminal()) => Owner::Applicant,
            Owner::Evidence => Owner::Partner,
            Owner::Applicant | Owner::Provider | Owner::Partner | Owner::Operator | Owner::Docket => drawn,
        })
    }
}

fn word(phase: &Phase) -> Word {
    match phase {
        Phase::Rejected { reason } => Word::Rejected(reason.clone()),
        Phase::Suspended { cause, .. } => Word::Suspended(cause.clone()),
        Phase::Cancelled { reason } => Word::Cancelled(reason.clone()),
        Phase::Expired { want } => Word::Expired(*want),
        Phase::Init { .. }
        | Phase::Collecting { .. }
        | Phase::CaptchaRequired { .. }
        | Phase::DataReady
        | Phase::AuditPending { .. }
        | Phase::ReviewPending { .. }
        | Phase::Approved => Word::None,
    }
}
