//! The calls of the provider on one table: where each goes, what it proves, where it is printed.
//!
//! Owns methods, paths and credentials, and the page of the book that is made from them. It must never
//! know what a request holds.

use std::fmt::Write as _;

use http::Method;

use super::wire::audit::{ApplyRequest, ResultRequest};
use super::wire::authorize::TokenRequest;
use super::wire::blacklist::SearchRequest;
use super::wire::{degree, ebank, ebank_v2, telecom};
use crate::machine::call::{Call, CallClass};
use crate::machine::challenge::SealedAnswer;

/// What a call proves to the provider (spec 002 §0, "Who needs what").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    /// A token.
    Token,
    /// The name of the merchant account.
    Username,
    /// Nothing but the id of the session or audit, if there is one.
    Neither,
}

/// Where a call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// `POST`, but for one (spec 002 §0).
    pub(super) method: Method,
    /// Its path as printed.
    pub(super) path: &'static str,
    /// Its section in spec 002.
    pub(super) section: &'static str,
    /// What it proves.
    pub(super) credential: Credential,
}

impl Endpoint {
    /// Says where a call goes.
    pub(super) const fn of(call: &Call) -> Self {
        use Credential::{Neither, Token, Username};
        match call {
            Call::Blacklist => post("2", SearchRequest::PATH, Token),
            Call::TelecomOpen { .. } => post("3.1.1", telecom::OpenIdRequest::PATH, Token),
            Call::TelecomQueryPassword { .. } => post("3.1.2", telecom::QueryPasswordRequest::PATH, Username),
            Call::TelecomCaptcha { .. } => post("3.1.3", telecom::CaptchaRequest::PATH, Username),
            Call::TelecomResend { .. } => post("3.1.4", telecom::ResendCaptchaRequest::PATH, Username),
            Call::TelecomState { .. } => post("3.1.5", telecom::StateRequest::PATH, Username),
            Call::TelecomRawData { .. } => post("3.2.1", telecom::RawDataRequest::PATH, Username),
            Call::TelecomReport { .. } => post("3.2.2", telecom::ReportRequest::PATH, Username),
            Call::DegreeOpen => post("4.1.1", degree::OpenIdRequest::PATH, Token),
            Call::DegreeLogin { .. } => post("4.1.2", degree::LoginRequest::PATH, Username),
            Call::DegreeState { .. } => post("4.1.3", degree::StateRequest::PATH, Neither),
            Call::DegreeRawData { .. } => post("4.2.1", degree::RawDataRequest::PATH, Username),
            Call::EbankBanks => post("5.1.1", ebank::BankInfoRequest::PATH, Neither),
            Call::EbankLicense { .. } => post("5.1.2", ebank::LicenseUploadRequest::PATH, Token),
            Call::EbankOpen { .. } => post("5.1.3", ebank::OpenIdRequest::PATH, Token),
            Call::EbankState { .. } => post("5.1.4", ebank::StateRequest::PATH, Username),
            Call::EbankCaptcha { .. } => post("5.1.5", ebank::CaptchaRequest::PATH, Username),
            Call::EbankRawData { .. } => post("5.2.1", ebank::RawDataRequest::PATH, Username),
            Call::EbankV2Open => post("6.1.1", ebank_v2::OpenIdRequest::PATH, Token),
            Call::EbankV2Banks { .. } => post("6.1.2", ebank_v2::BankListRequest::PATH, Username),
            Call::EbankV2License { .. } => post("6.1.3", ebank_v2::LicenseUploadRequest::PATH, Username),
            Call::EbankV2Login { .. } => post("6.1.4", ebank_v2::LoginRequest::PATH, Username),
            Call::EbankV2State { .. } => post("6.1.5", ebank_v2::StateRequest::PATH, Username),
            Call::EbankV2Captcha { .. } => post("6.1.6", ebank_v2::CaptchaRequest::PATH, Username),
            Call::EbankV2RawData { .. } => post("6.2.1", ebank_v2::RawDataRequest::PATH, Username),
            Call::AuditApply => post("7.1", ApplyRequest::PATH, Token),
            Call::AuditResult { .. } => {
                Self { method: Method::GET, section: "7.2", path: ResultRequest::PATH, credential: Neither }
            }
        }
    }
}

const fn post(section: &'static str, path: &'static str, credential: Credential) -> Endpoint {
    Endpoint { method: Method::POST, path, section, credential }
}

/// Every call, in the order of the print, for one session or audit and one answer.
pub(super) fn every(open_id: &str, answer: &SealedAnswer) -> [Call; Call::NAMES.len()] {
    let open_id = || open_id.to_owned();
    let answer = || answer.clone();
    [
        Call::Blacklist,
        Call::TelecomOpen { password: answer() },
        Call::TelecomQueryPassword { open_id: open_id(), answer: answer() },
        Call::TelecomCaptcha { open_id: open_id(), answer: answer() },
        Call::TelecomResend { open_id: open_id() },
        Call::TelecomState { open_id: open_id() },
        Call::TelecomRawData { open_id: open_id() },
        Call::TelecomReport { open_id: open_id() },
        Call::DegreeOpen,
        Call::DegreeLogin { open_id: open_id(), account: answer() },
        Call::DegreeState { open_id: open_id() },
        Call::DegreeRawData { open_id: open_id() },
        Call::EbankBanks,
        Call::EbankLicense { login: answer() },
        Call::EbankOpen { login: answer() },
        Call::EbankState { open_id: open_id() },
        Call::EbankCaptcha { open_id: open_id(), answer: answer() },
        Call::EbankRawData { open_id: open_id() },
        Call::EbankV2Open,
        Call::EbankV2Banks { open_id: open_id() },
        Call::EbankV2License { open_id: open_id(), login: answer() },
        Call::EbankV2Login { open_id: open_id(), login: answer() },
        Call::EbankV2State { open_id: open_id() },
        Call::EbankV2Captcha { open_id: open_id(), answer: answer() },
        Call::EbankV2RawData { open_id: open_id() },
        Call::AuditApply,
        Call::AuditResult { open_id: open_id() },
    ]
}

/// Says what is done when the answer to a call was lost.
const fn when_lost(call: &Call) -> &'static str {
    match call {
        Call::EbankLicense { .. } | Call::EbankV2License { .. } => {
            "recorded again: it is the same consent, for the same entry and login name"
        }
        Call::AuditApply => "applied for again under the same `order_id`, which the provider recognises",
        Call::TelecomOpen { .. } | Call::DegreeOpen | Call::EbankOpen { .. } | Call::EbankV2Open => {
            "what may have been opened is abandoned; another session is opened as a new attempt"
        }
        Call::TelecomResend { .. } => "the session's state is asked: it tells whether another code was sent",
        Call::TelecomQueryPassword { .. }
        | Call::TelecomCaptcha { .. }
        | Call::DegreeLogin { .. }
        | Call::EbankCaptcha { .. }
        | Call::EbankV2Login { .. }
        | Call::EbankV2Captcha { .. } => {
            "the session's state is asked: once it moved on the answer was processed; \
             it is submitted once more only where the state proves that it was not"
        }
        Call::Blacklist
        | Call::AuditResult { .. }
        | Call::TelecomState { .. }
        | Call::TelecomRawData { .. }
        | Call::TelecomReport { .. }
        | Call::DegreeState { .. }
        | Call::DegreeRawData { .. }
        | Call::EbankBanks
        | Call::EbankState { .. }
        | Call::EbankRawData { .. }
        | Call::EbankV2Banks { .. }
        | Call::EbankV2State { .. }
        | Call::EbankV2RawData { .. } => "asked again: asking changes nothing",
    }
}

const OPENING: &str =
    "<!-- generated from src/provider/calls.rs: edit it, then run UPDATE=1 cargo test --test it references -->

# Calls to the provider

Every call that Docket makes, in the order of spec 002. A call is made only once its intent is durable. What
it proves: a `token`, got by the first call and kept until half an hour before its end; the `username` of
our merchant account; or nothing but the id that it asks about. Each belongs to a system that fails and
recovers by itself.

An answer is lost when the connection was cut or the time was over, when the answer was an HTTP error of the
provider's side, or could not be read. Then the class of the call decides. A call that cannot have reached
the provider is made again whatever its class, until its budget is gone; so is one that it refused because it
is busy (code 1000, HTTP 429 or 503), but for those of class *poll first*: they are asked about first.

What then follows in a whole application is told on [Lost answers](lost-answers.md), each row of which is
played by `cargo test --test it lost_answers`.

| call | request | spec 002 | proves | class | when the answer is lost | system |
|---|---|---|---|---|---|---|
";

/// Writes the reference of all calls, as Markdown.
pub fn reference() -> String {
    let mut page = OPENING.to_owned();
    let again = "asked for again by the next call that needs one";
    let mut row = |name, method: Method, path, section, proves, class: CallClass, lost, system| {
        let class = class.name();
        let _infallible = writeln!(
            page,
            "| `{name}` | `{method} {path}` | §{section} | {proves} | {class} | {lost} | {system} |"
        );
    };
    row("token", Method::POST, TokenRequest::PATH, "1", "password", CallClass::Repeat, again, "all");
    for call in every("", &SealedAnswer { slot: 0, generation: 0, bytes: Vec::new() }) {
        let Endpoint { method, path, section, credential } = Endpoint::of(&call);
        let proves = match credential {
            Credential::Token => "token",
            Credential::Username => "username",
            Credential::Neither => "nothing",
        };
        row(call.name(), method, path, section, proves, call.class(), when_lost(&call), call.system().name());
    }
    page.push_str(
        "\n`degree_login` is printed with the path of telecom; `provider.degree_login_path` says where it goes. \
         `degree_state` proves the username if `provider.degree_state_username` says so.\n\n\
         There is no call for a service password apart from `telecom_open`: none is printed, and Docket makes none.\n",
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_call_is_there_once() {
        let calls = every("", &SealedAnswer { slot: 0, generation: 0, bytes: Vec::new() });
        let names: BTreeSet<_> = calls.iter().map(Call::name).collect();
        assert_eq!(names, BTreeSet::from(Call::NAMES));
        let paths: BTreeSet<_> = calls.iter().map(|call| Endpoint::of(call).path).collect();
        let sections: BTreeSet<_> = calls.iter().map(|call| Endpoint::of(call).section).collect();
        assert_eq!((paths.len(), sections.len()), (Call::NAMES.len(), Call::NAMES.len()));
    }
}
