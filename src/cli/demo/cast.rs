//! Who plays: an applicant for each script, and how each application must end.

use crate::api::proto::v1::{Application, application::State};
use crate::config::products;
use crate::sandbox::Script;
use crate::sandbox::people::Person;

/// A part in the demo.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) order: String,
    pub(super) person: Person,
    /// The partner that pushes, and with it the product.
    pub(super) partner: &'static str,
    /// How the application must end.
    pub(super) ending: State,
}

/// The dozen.
const SCRIPTS: [Script; 12] = [
    Script::Happy,
    Script::CaptchaWrongOnce,
    Script::CaptchaTimedOut,
    Script::QueryPassword,
    Script::Restart,
    Script::FailedOnce,
    Script::DataLate,
    Script::Blacklisted,
    Script::AuditRejected,
    Script::ServerError,
    Script::AnswerLost,
    Script::Slow,
];

pub(super) fn cast() -> Vec<Part> {
    (1..).zip(SCRIPTS).map(|(number, script)| part(number, script)).collect()
}

fn part(number: u32, script: Script) -> Part {
    let is_rejected = matches!(script, Script::Blacklisted | Script::AuditRejected);
    let (partner, ending) = if is_rejected {
        (products::PUSHED, State::Rejected)
    } else {
        (products::COLLECTED, State::Approved)
    };
    Part { order: format!("demo-{number:02}"), person: Person::new(script, number), partner, ending }
}

/// Says whether an application moves no more.
pub(super) fn has_ended(application: &Application) -> bool {
    match application.state() {
        State::Approved | State::Rejected | State::Cancelled | State::Expired => true,
        State::Unspecified
        | State::Init
        | State::Collecting
        | State::CaptchaRequired
        | State::DataReady
        | State::AuditPending
        | State::Suspended => false,
    }
}
