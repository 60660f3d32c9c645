//! An application in every state of both machines, for tests.
//!
//! The builders match on the drawn states without a wildcard: a new state stops the build here.

use super::application::{Application, Hold, Phase, Plan, Rejection, Source, Want, Wanted};
use super::call::{Call, Cause, EffectId, Pending, Slot};
use super::challenge::{Challenge, ChallengeKind, SealedAnswer};
use super::event::By;
use super::evidence::{Document, DocumentKind, Evidence, EvidenceKind};
use super::graph::application::State;
use super::graph::telecom::State as TelecomState;
use super::id::ApplicationId;
use super::policy::Policy;
use super::telecom::{Blame, Session, Situation, Standing, Telecom};
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
    Evidence { kind, document, at: NOW }
}

pub(crate) fn plan(telecom: Wanted) -> Plan {
    Plan {
        product: "cash".to_owned(),
        version: 3,
        evidence: vec![EvidenceKind::Identity, EvidenceKind::Loan],
        telecom,
        term_days: 90,
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
        telecom: None,
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
                for telecom in in_collection_state(TelecomState::Parked) {
                    let phase = suspended(origin.clone(), Cause::CollectionsParked);
                    let mut application = application(phase, Wanted::Required);
                    application.telecom = Some(telecom);
                    all.push(application);
                }
            }
            all
        }
        State::Cancelled => {
            vec![application(Phase::Cancelled { reason: "changed my mind".to_owned() }, Wanted::No)]
        }
        State::Expired => [Want::Evidence, Want::Collections, Want::Applicant]
            .map(|want| application(Phase::Expired { want }, Wanted::No))
            .into(),
    }
}

const fn every_want() -> [Wanted; 3] {
    [Wanted::No, Wanted::Optional, Wanted::Required]
}

fn with_every_standing(phase: Phase) -> Vec<Application> {
    let states = [
        TelecomState::CaptchaRequired,
        TelecomState::Checking,
        TelecomState::Delivered,
        TelecomState::Parked,
        TelecomState::Exhausted,
    ];
    let telecoms = states.into_iter().flat_map(|state| in_collection_state(state).into_iter().take(1));
    let mut all = Vec::new();
    for telecom in telecoms {
        for required in [true, false] {
            let mut with = with_telecom(Telecom { required, ..telecom.clone() });
            with.phase = phase.clone();
            all.push(with);
        }
    }
    all
}

pub(crate) fn missing() -> Cause {
    Cause::Missing { detail: "photo of the face".to_owned() }
}

pub(crate) fn unavailable() -> Cause {
    Cause::Unavailable { detail: "connection refused".to_owned() }
}

pub(crate) fn session() -> Session {
    Session { open_id: OPEN_ID.to_owned(), deadline: later(300), answers: 1, odd: None }
}

pub(crate) fn challenge(kind: ChallengeKind) -> Challenge {
    let message = "enter it".to_owned();
    Challenge { number: 5, kind, asked: SINCE, deadline: later(300), answers_left: 4, message }
}

/// Collections in a state: one for each difference in the data that can matter there.
pub(crate) fn in_collection_state(state: TelecomState) -> Vec<Telecom> {
    let situations = match state {
        TelecomState::CredentialsRequired => {
            vec![Situation::Needing { challenge: challenge(ChallengeKind::ServicePassword) }]
        }
        TelecomState::Opening => vec![Situation::Opening],
        TelecomState::Init
        | TelecomState::ServicePwdSubmitted
        | TelecomState::CaptchaSubmitted
        | TelecomState::QueryPwdSubmitted => {
            sessions().into_iter().map(|session| Situation::Working { session, state }).collect()
        }
        TelecomState::CaptchaRequired | TelecomState::CaptchaError | TelecomState::CaptchaResend => {
            asks(state, ChallengeKind::SmsCode)
        }
        TelecomState::QueryPwdRequired | TelecomState::QueryPwdError => {
            asks(state, ChallengeKind::QueryPassword)
        }
        TelecomState::Submitting => asking_states()
            .into_iter()
            .flat_map(|asked| {
                [1, 2].map(|submits| Situation::Submitting { session: session(), asked, submits })
            })
            .collect(),
        TelecomState::Resending => {
            let challenge = challenge(ChallengeKind::SmsCode);
            let asked = TelecomState::CaptchaError;
            vec![Situation::Resending { session: session(), asked, challenge }]
        }
        TelecomState::Checking => {
            let mut all = Vec::new();
            for asked in asking_states() {
                for (answer, seen) in [(Some(answer(1)), 0), (Some(answer(1)), 1), (None, 0), (None, 1)] {
                    all.push(Situation::Checking { session: session(), asked, answer, seen });
                }
            }
            all
        }
        TelecomState::CollectFinished => sessions()
            .into_iter()
            .map(|session| Situation::Building { session, deadline: later(1800) })
            .collect(),
        TelecomState::DataReady => vec![Situation::Fetching { session: session(), deadline: later(1800) }],
        TelecomState::ReportPending => {
            vec![Situation::Reporting { session: session(), deadline: later(1800), raw: 8 }]
        }
        TelecomState::Restart
        | TelecomState::CollectFailed
        | TelecomState::SessionExpired
        | TelecomState::SessionLost => [Blame::Applicant, Blame::Provider]
            .map(|blame| Situation::Dead { state, blame, restart: NOW, message: "over".to_owned() })
            .into(),
        TelecomState::Parked => parked(),
        TelecomState::Delivered => vec![Situation::Delivered { raw: 8, report: 9 }],
        TelecomState::Exhausted => vec![Situation::Exhausted],
    };
    let attempts = [1, Policy::default().sessions];
    let both = situations.into_iter().flat_map(|situation| {
        attempts.map(|attempt| Telecom {
            required: true,
            attempt,
            since: SINCE,
            situation: situation.clone(),
        })
    });
    both.collect()
}

const fn asking_states() -> [TelecomState; 5] {
    [
        TelecomState::CaptchaRequired,
        TelecomState::CaptchaError,
        TelecomState::CaptchaResend,
        TelecomState::QueryPwdRequired,
        TelecomState::QueryPwdError,
    ]
}

/// A session that has seen little, one whose answers are used up, one that told an odd code.
fn sessions() -> Vec<Session> {
    let used_up = Session { answers: Policy::default().answers, ..session() };
    vec![session(), used_up, Session { odd: Some(77), ..session() }]
}

fn asks(state: TelecomState, kind: ChallengeKind) -> Vec<Situation> {
    let ask = |session| Situation::Asking { session, state, challenge: challenge(kind) };
    sessions().into_iter().map(ask).collect()
}

/// Parked from everywhere: with a session that is alive, with one that is over, with none.
fn parked() -> Vec<Situation> {
    let over = Session { deadline: SINCE, ..session() };
    let working = |session| Situation::Working { session, state: TelecomState::ServicePwdSubmitted };
    let asked = TelecomState::QueryPwdRequired;
    let mut origins = vec![None, Some(working(session())), Some(working(over.clone()))];
    let deadline = SINCE;
    origins.extend(
        [
            asks(TelecomState::CaptchaRequired, ChallengeKind::SmsCode).remove(0),
            Situation::Submitting { session: session(), asked, submits: 1 },
            Situation::Resending {
                session: session(),
                asked: TelecomState::CaptchaResend,
                challenge: challenge(ChallengeKind::SmsCode),
            },
            Situation::Checking { session: session(), asked, answer: None, seen: 1 },
            Situation::Building { session: over.clone(), deadline },
            Situation::Fetching { session: over.clone(), deadline },
            Situation::Reporting { session: over, deadline, raw: 8 },
        ]
        .map(Some),
    );
    let park = |origin: Option<Situation>| Situation::Parked {
        origin: origin.map(Box::new),
        cause: Cause::DataOverdue,
        reminder: later(600),
    };
    origins.into_iter().map(park).collect()
}

/// The application of a collection, in the state that follows from it, with the call that waits.
pub(crate) fn with_telecom(telecom: Telecom) -> Application {
    let phase = match telecom.standing() {
        Standing::InputNeeded => captcha_required(),
        Standing::Running => collecting(),
        Standing::Delivered => Phase::DataReady,
        Standing::Parked => suspended(collecting(), Cause::CollectionsParked),
        Standing::Exhausted => Phase::Expired { want: Want::Applicant },
    };
    let call = match &telecom.situation {
        Situation::Opening => Some(Call::TelecomOpen { password: answer(1) }),
        Situation::Submitting { session, asked, .. } => {
            let (open_id, answer) = (session.open_id.clone(), answer(1));
            let is_password = matches!(asked, TelecomState::QueryPwdRequired | TelecomState::QueryPwdError);
            Some(if is_password {
                Call::TelecomQueryPassword { open_id, answer }
            } else {
                Call::TelecomCaptcha { open_id, answer }
            })
        }
        Situation::Resending { session, .. } => {
            Some(Call::TelecomResend { open_id: session.open_id.clone() })
        }
        Situation::Working { session, .. }
        | Situation::Asking { session, .. }
        | Situation::Checking { session, .. }
        | Situation::Building { session, .. } => {
            Some(Call::TelecomState { open_id: session.open_id.clone() })
        }
        Situation::Fetching { session, .. } => {
            Some(Call::TelecomRawData { open_id: session.open_id.clone() })
        }
        Situation::Reporting { session, .. } => {
            Some(Call::TelecomReport { open_id: session.open_id.clone() })
        }
        Situation::Needing { .. }
        | Situation::Dead { .. }
        | Situation::Parked { .. }
        | Situation::Delivered { .. }
        | Situation::Exhausted => None,
    };
    let mut application = application(phase, Wanted::Required);
    application.outbox.extend(call.map(|call| pending(Slot::Telecom, call)));
    if matches!(application.phase, Phase::DataReady) {
        application = asking(application, Call::AuditApply);
    }
    application.telecom = Some(telecom);
    application
}
