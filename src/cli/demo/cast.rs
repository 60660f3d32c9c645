//! Who plays: an applicant for each script, and how each application must end.

use crate::api::proto::v1::{Application, application::State};
use crate::config::products;
use crate::contract;
use crate::sandbox::people::Person;
use crate::sandbox::{Ending, Script, System};
use anyhow::Context;
use serde_json::Value;
use std::collections::BTreeMap;

/// A part in the demo.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// What it is called when its changes are told.
    pub(super) name: String,
    /// What it is about: its script, or its way in.
    pub(super) about: &'static str,
    /// The order number; none where Docket makes it, and then the partner has this part only.
    pub(super) order: Option<String>,
    pub(super) person: Person,
    /// The partner that pushes, and with it the product.
    pub(super) partner: &'static str,
    /// How the application must end.
    pub(super) ending: State,
}

/// A half of an order (spec 000, 001).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Base,
    Additional,
}

impl Half {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Base => Self::Additional,
            Self::Additional => Self::Base,
        }
    }

    /// Where a partner pushes it.
    pub(super) fn path(self, partner: &str) -> String {
        let of = match self {
            Self::Base => contract::BASE_PUSH,
            Self::Additional => contract::ADDITIONAL_PUSH,
        };
        of.path.replace("{name}", partner)
    }

    /// The half of a part.
    pub(super) fn of(self, part: &Part) -> anyhow::Result<Value> {
        let order = part.order.as_deref().context("push halves of an order without a number")?;
        Ok(match self {
            Self::Base => part.person.base_push(order),
            Self::Additional => part.person.additional_push(order),
        })
    }
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

/// An applicant for each of a dozen scripts.
pub(super) fn dozen() -> Vec<Part> {
    (1..).zip(SCRIPTS).map(|(number, script)| part(number, script)).collect()
}

/// An applicant for every test number of the sandbox, and one of whom everything is collected.
pub(super) fn everybody() -> Vec<Part> {
    let mut parts: Vec<_> = (1..).zip(Script::ALL).map(|(number, script)| part(number, script)).collect();
    let number = u32::try_from(parts.len()).unwrap_or_default() + 1;
    let everything = part(number, Script::Happy);
    parts.push(Part { partner: products::EVERYTHING, ..everything });
    parts
}

/// The application of a script: of a product that must have the system that the script is about.
fn part(number: u32, script: Script) -> Part {
    let partner = match script.system() {
        System::Degree => "degree",
        System::Ebank => "ebank",
        System::EbankV2 => "ebank_v2",
        System::Account | System::Blacklist | System::Telecom | System::Audit => products::COLLECTED,
    };
    let ending = match script.row().ends {
        Ending::Approved => State::Approved,
        Ending::Rejected => State::Rejected,
        Ending::Expired => State::Expired,
        Ending::Suspended => State::Suspended,
    };
    let (name, person) = (format!("demo-{number:02}"), Person::new(script, number));
    Part { name: name.clone(), about: script.name(), order: Some(name), person, partner, ending }
}

impl Part {
    /// Says whether an application is this part's.
    pub(super) fn is_of(&self, application: &Application) -> bool {
        let is_order = self.order.as_ref().is_none_or(|order| *order == application.order_number);
        application.partner == self.partner && is_order
    }

    /// Finds this part's among applications.
    pub(super) fn find<'a>(&self, all: &'a BTreeMap<String, Application>) -> Option<&'a Application> {
        all.values().find(|application| self.is_of(application))
    }

    /// Says whether an application moves no more, as far as its script goes.
    pub(super) fn has_ended(&self, application: &Application) -> bool {
        match application.state() {
            State::Approved | State::Rejected | State::Cancelled | State::Expired => true,
            State::Suspended => self.ending == State::Suspended,
            State::Unspecified
            | State::Init
            | State::Collecting
            | State::CaptchaRequired
            | State::DataReady
            | State::AuditPending
            | State::ReviewPending => false,
        }
    }
}
