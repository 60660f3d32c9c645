//! An application in every state of every machine, for tests.
//!
//! A state without a sample is found by the tests against the table: they count.

use super::application::{Application, Decider, Hold, Lease, Phase, Plan, Rejection, Source, Want, Wish};
use super::call::{Call, Cause, EffectId, Pending, Slot};
use super::challenge::{Agreement, Challenge, ChallengeKind, Exhibit, SealedAnswer};
use super::collection::{
    Bearing, Blame, Collection, CollectionKind, Question, Session, Situation, Standing, StateNumber, What,
};
use super::event::By;
use super::evidence::{Document, DocumentKind, Evidence, EvidenceKind, Supplier};
use super::graph::application::State;
use super::id::ApplicationId;
use super::policy::Policy;
use super::time::Time;
use std::time::Duration;

/// The time at which all samples are looked at.
pub(crate) const NOW: Time = Time::from_millis(1_760_000_000_000);

/// Since when they are in their state.
const SINCE: Time = Time::from_millis(1_759_999_990_000);

pub(crate) const VERSION: u64 = 7;

pub(crate) const ID: ApplicationId =
    ApplicationId::from_bytes(*b"\x01\x9a\xff\x00\x10\x20\x7f\xee\x80\x01\x02\x03\x04\x05\x06\x07");

pub(crate) const OPEN_ID: &str = "session-1";

pub(crate) fn answer(slot: u32) -> SealedAnswer {
    SealedAnswer { slot, generation: u64::from(slot) << 32, bytes: vec![0xa0, slot as u8] }
}

pub(crate) fn document(number: u32, kind: DocumentKind) -> Document {
    Document { number, kind, at: NOW, fingerprint: [number as u8; 16] }
}

pub(crate) fn evidence(kind: EvidenceKind, document: u32) -> Evidence {
    Evidence { kind, document, at: NOW, supplier: Supplier::Untold }
}

/// Whether a product wants telecom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    No,
    Optional,
    Required,
}

impl Wanted {
    pub(crate) fn wishes(self) -> Vec<Wish> {
        let wish = |required| vec![Wish { kind: CollectionKind::Telecom, required }];
        match self {
            Self::No => Vec::new(),
            Self::Optional => wish(false),
            Self::Required => wish(true),
        }
    }
}

pub(crate) fn plan(wanted: Wanted) -> Plan {
    plan_of(wanted.wishes())
}

pub(crate) fn plan_of(collections: Vec<Wish>) -> Plan {
    Plan {
        product: "cash".to_owned(),
        version: 3,
        evidence: vec![EvidenceKind::Identity, EvidenceKind::Loan],
        collections,
        term_days: 90,
        blacklist: true,
        decider: Decider::Provider,
        fresh: Vec::new(),
    }
}

/// An application that has all its evidence, and nothing under way.
pub(crate) fn application(phase: Phase, wanted: Wanted) -> Application {
    Application {
        id: ID,
        version: VERSION,
        created: SINCE,
        since: SINCE,
        source: Source { partner: "partner".to_owned(), order: "order-1".to_owned() },
        plan: plan(wanted),
        order_id: 0x1234_5678_9abc_def0,
        key: 4,
        phone: Some([1; 16]),
        identity: Some([2; 16]),
        documents: vec![document(1, DocumentKind::BasePush), document(2, DocumentKind::Dossier)],
        evidence: vec![evidence(EvidenceKind::Identity, 2), evidence(EvidenceKind::Loan, 2)],
        credentials: None,
        phase,
        counted: None,
        collections: Vec::new(),
        challenges: 5,
        outbox: Vec::new(),
        held: None,
    }
}

pub(crate) fn by() -> By {
    By { actor: "ada".to_owned(), reason: "asked by phone".to_owned() }
}

/// The same application, held since a while.
pub(crate) fn held(application: Application) -> Application {
    let hold = Hold { since: SINCE, by: by(), reminder: later(3600) };
    Application { held: Some(hold), ..application }
}

pub(crate) fn pending(slot: Slot, call: Call) -> Pending {
    let until = NOW + Policy::default().call_budget;
    Pending { id: EffectId { version: VERSION, slot }, call, due: NOW, until }
}

fn asking(mut application: Application, call: Call) -> Application {
    application.outbox.push(pending(Slot::Application, call));
    application
}

fn later(wait: u64) -> Time {
    NOW + Duration::from_secs(wait)
}

pub(crate) fn init() -> Phase {
    Phase::Init { deadline: later(3600) }
}

pub(crate) fn collecting() -> Phase {
    Phase::Collecting { deadline: later(7200) }
}

pub(crate) fn captcha_required() -> Phase {
    Phase::CaptchaRequired { deadline: later(7200) }
}

pub(crate) fn audit_pending() -> Phase {
    Phase::AuditPending { open_id: "audit-1".to_owned(), deadline: later(9000) }
}

pub(crate) fn suspended(origin: Phase, cause: Cause) -> Phase {
    Phase::Suspended { origin: Box::new(origin), cause, reminder: later(600) }
}

/// Applications in a state: one for each difference in the data that can matter there.
pub(crate) fn in_state(state: State) -> Vec<Application> {
    match state {
        State::Init => every_want()
            .into_iter()
            .flat_map(|wanted| {
                let mut incomplete = application(init(), wanted);
                incomplete.evidence.truncate(1);
                incomplete.credentials = Some(answer(1));
                [incomplete, asking(application(init(), wanted), Call::Blacklist)]
            })
            .collect(),
        State::Collecting => with_every_standing(collecting()),
        State::CaptchaRequired => with_every_standing(captcha_required()),
        State::DataReady => vec![asking(application(Phase::DataReady, Wanted::No), Call::AuditApply)],
        State::AuditPending => {
            let call = Call::AuditResult { open_id: "audit-1".to_owned() };
            vec![asking(application(audit_pending(), Wanted::No), call)]
        }
        State::Approved => vec![application(Phase::Approved, Wanted::No)],
        State::Rejected => {
            let audit = Rejection::Audit { reason: "too young".to_owned() };
            let reasons = [Rejection::Blacklisted, audit];
            reasons.map(|reason| application(Phase::Rejected { reason }, Wanted::No)).into()
        }
        State::Suspended => {
            let mut incomplete = application(suspended(init(), missing()), Wanted::No);
            incomplete.evidence.clear();
            let mut all = vec![incomplete];
            for (origin, cause) in [
                (init(), unavailable()),
                (Phase::DataReady, Cause::Denied { detail: "account".to_owned() }),
                (audit_pending(), Cause::AuditOverdue),
            ] {
                all.push(application(suspended(origin, cause), Wanted::No));
            }
            for origin in [collecting(), captcha_required()] {
                for parked in in_collection_state(CollectionKind::Telecom, PARKED) {
                    let phase = suspended(origin.clone(), Cause::CollectionsParked);
                    let mut application = application(phase, Wanted::Required);
                    application.collections = vec![parked];
                    all.push(application);
                }
            }
            all
        }
        State::ReviewPending => reviewed().into_iter().filter(|it| it.state() == state).collect(),
        State::Cancelled => {
            vec![application(Phase::Cancelled { reason: "changed my mind".to_owned() }, Wanted::No)]
        }
        State::Expired => [Want::Evidence, Want::Collections, Want::Applicant]
            .map(|want| application(Phase::Expired { want }, Wanted::No))
            .into(),
    }
}

/// Applications of products that ask no blacklist, or of which a person decides.
pub(crate) fn reviewed() -> Vec<Application> {
    let lease = Lease { reviewer: by().actor, until: later(300) };
    let phases = [
        init(),
        Phase::ReviewPending { reminder: later(600), lease: None },
        Phase::ReviewPending { reminder: later(600), lease: Some(lease.clone()) },
        Phase::ReviewPending { reminder: later(200), lease: Some(lease) },
        Phase::Rejected { reason: Rejection::Review { reason: "the photo".to_owned() } },
    ];
    let of_a_person = |phase| {
        let mut application = application(phase, Wanted::No);
        application.plan.decider = Decider::Person;
        application.plan.blacklist = false;
        application.plan.fresh = vec![(EvidenceKind::Loan, Duration::from_secs(86_400))];
        let suppliers = [Supplier::Applicant, Supplier::Service];
        for (held, supplier) in application.evidence.iter_mut().zip(suppliers) {
            held.supplier = supplier;
        }
        application
    };
    let mut all: Vec<_> = phases.into_iter().map(of_a_person).collect();
    for wanted in every_want() {
        let mut unscreened = application(init(), wanted);
        unscreened.plan.blacklist = false;
        unscreened.evidence[0].supplier = Supplier::Partner;
        unscreened.evidence.truncate(1);
        all.push(unscreened);
    }
    all
}

const fn every_want() -> [Wanted; 3] {
    [Wanted::No, Wanted::Optional, Wanted::Required]
}

fn with_every_standing(phase: Phase) -> Vec<Application> {
    let mut all = Vec::new();
    for state in [TELECOM_ASKS, CHECKING, DELIVERED, PARKED, EXHAUSTED] {
        let telecom = in_collection_state(CollectionKind::Telecom, state).remove(0);
        for required in [true, false] {
            let mut with = with_collection(Collection { required, ..telecom.clone() });
            with.phase = phase.clone();
            all.push(with);
        }
    }
    all
}

/// Applications with two collections, of every pair of standings.
pub(crate) fn with_two_collections(phase: &Phase) -> Vec<Application> {
    let states = |asks| [asks, CHECKING, DELIVERED, PARKED, EXHAUSTED];
    let mut all = Vec::new();
    for of_telecom in states(TELECOM_ASKS) {
        for of_bank in states(StateNumber(106)) {
            for required in [true, false] {
                let telecom = in_collection_state(CollectionKind::Telecom, of_telecom).remove(0);
                let bank = in_collection_state(CollectionKind::Ebank, of_bank).remove(0);
                let mut application = with_collection(telecom);
                let mut of_bank = with_collection(Collection { required, ..bank });
                application.collections.append(&mut of_bank.collections);
                application.outbox.append(&mut of_bank.outbox);
                application.outbox.retain(|pending| pending.id.slot != Slot::Application);
                application.phase = phase.clone();
                all.push(application);
            }
        }
    }
    all
}

pub(crate) const CHECKING: StateNumber = StateNumber(5);
pub(crate) const DELIVERED: StateNumber = StateNumber(7);
pub(crate) const PARKED: StateNumber = StateNumber(10);
pub(crate) const EXHAUSTED: StateNumber = StateNumber(11);
pub(crate) const TELECOM_ASKS: StateNumber = StateNumber(121);

pub(crate) fn missing() -> Cause {
    Cause::Missing { detail: "photo of the face".to_owned() }
}

pub(crate) fn unavailable() -> Cause {
    Cause::Unavailable { detail: "connection refused".to_owned() }
}

pub(crate) fn session() -> Session {
    Session { open_id: OPEN_ID.to_owned(), deadline: later(300), answers: 1, odd: None, asked: None }
}

pub(crate) fn challenge(collection: CollectionKind, kind: ChallengeKind) -> Challenge {
    Challenge {
        number: 5,
        collection,
        kind,
        asked: SINCE,
        deadline: later(300),
        answers_left: 4,
        message: "enter it".to_owned(),
        exhibit: exhibit(kind),
    }
}

/// What goes with a question of this kind.
pub(crate) fn exhibit(kind: ChallengeKind) -> Option<Exhibit> {
    match kind {
        ChallengeKind::PictureCaptcha => Some(Exhibit::Picture { document: 6, fingerprint: [6; 16] }),
        ChallengeKind::BankLogin => Some(Exhibit::Banks { document: 7, agreement: Agreement::Kaniu }),
        ChallengeKind::ServicePassword
        | ChallengeKind::SmsCode
        | ChallengeKind::QueryPassword
        | ChallengeKind::DynamicPassword
        | ChallengeKind::DegreeAccount => None,
    }
}

/// Collections in a state: one for each difference in the data that can matter there.
pub(crate) fn in_collection_state(kind: CollectionKind, state: StateNumber) -> Vec<Collection> {
    let both = situations(kind, state).into_iter().flat_map(|situation| {
        [1, Policy::default().sessions].map(|attempt| Collection {
            kind,
            required: true,
            attempt,
            since: SINCE,
            counted: None,
            situation: situation.clone(),
        })
    });
    both.collect()
}

fn situations(kind: CollectionKind, state: StateNumber) -> Vec<Situation> {
    use CollectionKind as K;
    match state.0 {
        1 => {
            let credentials = match kind {
                K::Telecom => ChallengeKind::ServicePassword,
                K::Degree => ChallengeKind::DegreeAccount,
                K::Ebank | K::EbankV2 => ChallengeKind::BankLogin,
            };
            vec![Situation::Needing { challenge: challenge(kind, credentials) }]
        }
        2 => vec![Situation::Opening { account: (kind == K::Degree).then(|| answer(1)) }],
        3 => asking_states(kind)
            .into_iter()
            .flat_map(|asked| {
                [1, 2].map(|submits| Situation::Submitting { session: session(), asked, submits })
            })
            .chain([Situation::Submitting {
                session: Session { answers: Policy::default().answers, ..session() },
                asked: asking_states(kind)[0],
                submits: 1,
            }])
            .collect(),
        4 => {
            let challenge = challenge(kind, ChallengeKind::SmsCode);
            vec![Situation::Resending { session: session(), asked: StateNumber(123), challenge }]
        }
        5 => {
            let mut all = Vec::new();
            for asked in asking_states(kind) {
                for (answer, seen) in [(Some(answer(1)), 0), (Some(answer(1)), 1), (None, 0), (None, 1)] {
                    all.push(Situation::Checking { session: session(), asked, answer, seen });
                }
            }
            all
        }
        6 => vec![Situation::Reporting { session: session(), deadline: later(1800), raw: 8 }],
        7 => vec![Situation::Delivered { raw: 8, report: (kind == K::Telecom).then_some(9) }],
        8 | 9 => dead(state),
        10 => parked(kind),
        11 => vec![Situation::Exhausted],
        12 => vec![Situation::Listing { session: within(kind), agreement: Agreement::Kaniu }],
        13 => vec![Situation::Licensing { session: within(kind), login: Some(answer(1)) }],
        _ => told(kind, state),
    }
}

/// The session of what happens in one in the second version only.
fn within(kind: CollectionKind) -> Option<Session> {
    (kind == CollectionKind::EbankV2).then(session)
}

fn told(kind: CollectionKind, state: StateNumber) -> Vec<Situation> {
    match kind.bearing(state) {
        Bearing::Works => {
            sessions().into_iter().map(|session| Situation::Working { session, state }).collect()
        }
        Bearing::Asks { what: What::Kind(asked), .. } => asks(kind, state, asked),
        Bearing::Asks { what: What::Choice, .. } => asks(kind, state, ChallengeKind::BankLogin),
        Bearing::Asks { what: What::SameAgain, .. } => {
            let kinds =
                [ChallengeKind::SmsCode, ChallengeKind::PictureCaptcha, ChallengeKind::DynamicPassword];
            kinds.into_iter().flat_map(|asked| asks(kind, state, asked)).collect()
        }
        Bearing::Builds => sessions()
            .into_iter()
            .map(|session| Situation::Building { session, state, deadline: later(1800) })
            .collect(),
        Bearing::Delivers => {
            vec![Situation::Fetching { session: session(), state, deadline: later(1800) }]
        }
        Bearing::Ends => dead(state),
    }
}

fn dead(state: StateNumber) -> Vec<Situation> {
    [Blame::Applicant, Blame::Provider]
        .map(|blame| Situation::Dead { state, blame, restart: NOW, message: "over".to_owned() })
        .into()
}

/// The states in which the provider asks, in the order of their numbers.
pub(crate) fn asking_states(kind: CollectionKind) -> Vec<StateNumber> {
    let numbers = kind.definition().states.iter().map(|state| StateNumber(state.number));
    let told = numbers.filter(|number| number.0 >= 100);
    told.filter(|number| matches!(kind.bearing(*number), Bearing::Asks { .. })).collect()
}

/// A session that has seen little, one whose answers are used up, one that told an odd code.
fn sessions() -> Vec<Session> {
    let used_up = Session { answers: Policy::default().answers, ..session() };
    vec![session(), used_up, Session { odd: Some(77), ..session() }]
}

fn asks(of: CollectionKind, state: StateNumber, kind: ChallengeKind) -> Vec<Situation> {
    let asked = Some(Question { kind, exhibit: exhibit(kind) });
    let ask = |session| Situation::Asking {
        session: Session { asked, ..session },
        state,
        challenge: challenge(of, kind),
    };
    sessions().into_iter().map(ask).collect()
}

/// Parked from everywhere: with a session that is alive, with one that is over, with none.
fn parked(kind: CollectionKind) -> Vec<Situation> {
    let (over, deadline) = (Session { deadline: SINCE, ..session() }, SINCE);
    let mut origins = vec![None];
    let told = kind.definition().states.iter().map(|state| StateNumber(state.number));
    let told: Vec<_> = told.filter(|number| number.0 >= 100).collect();
    let works = told.iter().copied().rfind(|state| kind.bearing(*state) == Bearing::Works);
    let works = if kind == CollectionKind::Telecom { Some(StateNumber(111)) } else { works };
    for session in [session(), over.clone()] {
        origins.extend(works.map(|state| Some(Situation::Working { session, state })));
    }
    let asking = asking_states(kind);
    origins.push(told_first(kind, asking[0]));
    let asked = if kind == CollectionKind::Telecom { StateNumber(131) } else { asking[0] };
    origins.push(Some(Situation::Submitting { session: session(), asked, submits: 1 }));
    if kind == CollectionKind::Telecom {
        let challenge = challenge(kind, ChallengeKind::SmsCode);
        origins.push(Some(Situation::Resending { session: session(), asked: StateNumber(124), challenge }));
    }
    origins.push(Some(Situation::Checking { session: session(), asked, answer: None, seen: 1 }));
    let delivers = told.iter().copied().find(|state| kind.bearing(*state) == Bearing::Delivers);
    let state = delivers.expect("every kind delivers");
    if kind == CollectionKind::Telecom {
        let (session, state) = (over.clone(), StateNumber(141));
        origins.push(Some(Situation::Building { session, state, deadline }));
    }
    origins.push(Some(Situation::Fetching { session: over.clone(), state, deadline }));
    if kind == CollectionKind::Telecom {
        origins.push(Some(Situation::Reporting { session: over, deadline, raw: 8 }));
    }
    if kind == CollectionKind::EbankV2 {
        let session = Some(session());
        origins.push(Some(Situation::Listing { session: session.clone(), agreement: Agreement::Xinyan }));
        origins.push(Some(Situation::Licensing { session, login: None }));
    }
    let park = |origin: Option<Situation>| Situation::Parked {
        origin: origin.map(Box::new),
        cause: Cause::DataOverdue,
        reminder: later(600),
    };
    origins.into_iter().map(park).collect()
}

fn told_first(kind: CollectionKind, state: StateNumber) -> Option<Situation> {
    told(kind, state).into_iter().next()
}

/// The application of a collection, in the state that follows from it, with the call that waits.
pub(crate) fn with_collection(collection: Collection) -> Application {
    let phase = match collection.standing() {
        Standing::InputNeeded => captcha_required(),
        Standing::Running => collecting(),
        Standing::Delivered => Phase::DataReady,
        Standing::Parked => suspended(collecting(), Cause::CollectionsParked),
        Standing::Exhausted => Phase::Expired { want: Want::Applicant },
    };
    let kind = collection.kind;
    let mut application = application(phase, Wanted::No);
    application.plan = plan_of(vec![Wish { kind, required: true }]);
    application.outbox.extend(waiting(&collection).map(|call| pending(Slot::Collection(kind), call)));
    if matches!(application.phase, Phase::DataReady) {
        application = asking(application, Call::AuditApply);
    }
    application.collections = vec![collection];
    application
}

/// The call that waits in a situation.
fn waiting(collection: &Collection) -> Option<Call> {
    use CollectionKind as K;
    let (kind, open_id) = (collection.kind, OPEN_ID.to_owned());
    match &collection.situation {
        Situation::Opening { .. } => Some(match kind {
            K::Telecom => Call::TelecomOpen { password: answer(1) },
            K::Degree => Call::DegreeOpen,
            K::Ebank => Call::EbankOpen { login: answer(1) },
            K::EbankV2 => Call::EbankV2Open,
        }),
        Situation::Listing { .. } if kind == K::Ebank => Some(Call::EbankBanks),
        Situation::Listing { .. } => Some(Call::EbankV2Banks { open_id }),
        Situation::Licensing { .. } if kind == K::Ebank => Some(Call::EbankLicense { login: answer(1) }),
        Situation::Licensing { .. } => Some(Call::EbankV2License { open_id, login: answer(1) }),
        Situation::Submitting { asked, .. } => {
            let answer = answer(1);
            Some(match kind {
                K::Telecom if asked.0 > 130 => Call::TelecomQueryPassword { open_id, answer },
                K::Telecom => Call::TelecomCaptcha { open_id, answer },
                K::Degree => Call::DegreeLogin { open_id, account: answer },
                K::Ebank => Call::EbankCaptcha { open_id, answer },
                K::EbankV2 if asked.0 == 100 => Call::EbankV2Login { open_id, login: answer },
                K::EbankV2 => Call::EbankV2Captcha { open_id, answer },
            })
        }
        Situation::Resending { .. } => Some(Call::TelecomResend { open_id }),
        Situation::Asking { state, .. } if kind.bearing(*state).is_unhurried() => None,
        Situation::Working { .. }
        | Situation::Asking { .. }
        | Situation::Checking { .. }
        | Situation::Building { .. } => Some(match kind {
            K::Telecom => Call::TelecomState { open_id },
            K::Degree => Call::DegreeState { open_id },
            K::Ebank => Call::EbankState { open_id },
            K::EbankV2 => Call::EbankV2State { open_id },
        }),
        Situation::Fetching { .. } => Some(match kind {
            K::Telecom => Call::TelecomRawData { open_id },
            K::Degree => Call::DegreeRawData { open_id },
            K::Ebank => Call::EbankRawData { open_id },
            K::EbankV2 => Call::EbankV2RawData { open_id },
        }),
        Situation::Reporting { .. } => Some(Call::TelecomReport { open_id }),
        Situation::Needing { .. }
        | Situation::Dead { .. }
        | Situation::Parked { .. }
        | Situation::Delivered { .. }
        | Situation::Exhausted => None,
    }
}
