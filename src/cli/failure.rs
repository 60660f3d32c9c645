//! What a command could not do: told on the standard error output, and by the exit code.
//!
//! Owns the exit codes and the form of errors. It must never repeat a secret.

use super::out::Form;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::process::ExitCode;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The codes with which a command ends that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Whoever read the output has gone: nobody is told anything, and nothing is wrong.
    Unheard = 0,
    /// Anything else.
    Other = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// What was named does not exist.
    NotFound = 3,
    /// What was brought is wrong.
    Invalid = 4,
    /// The state of things is in the way.
    Conflict = 5,
    /// It is not permitted.
    NotPermitted = 6,
    /// The server cannot be reached, or cannot answer now.
    Unavailable = 7,
    /// The awaited application ended without approval, or is parked.
    EndedOtherwise = 8,
    /// Applications are stored with which this Docket cannot go on.
    Impossible = 9,
    /// Something on disk is not as it was written, and another copy of it is there.
    Damaged = 10,
    /// Something that was acknowledged is in no copy.
    Lost = 11,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What a command could not do, and why.
#[derive(Debug)]
pub(super) struct Failure {
    exit: Exit,
    what: String,
    reason: Option<Box<str>>,
    facts: BTreeMap<String, String>,
    fields: Vec<(String, String)>,
    hint: Option<Box<str>>,
}

/// What a command ends with.
pub(super) type Ended = Result<ExitCode, Failure>;

impl Failure {
    pub(super) fn new(exit: Exit, what: impl Into<String>) -> Self {
        let (reason, facts, fields) = (None, BTreeMap::new(), Vec::new());
        Self { exit, what: what.into(), reason, facts, fields, hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into().into_boxed_str());
        self
    }

    pub(super) fn field(mut self, field: impl Into<String>, problem: impl Into<String>) -> Self {
        self.fields.push((field.into(), problem.into()));
        self
    }

    /// What a server said, or what kept it from being asked.
    pub(super) fn from_status(status: &Status, server: &str) -> Self {
        let details = status.get_error_details();
        let mut failure = Self::new(exit(status), cause(status));
        if let Some(info) = details.error_info() {
            failure.reason = Some(info.reason.as_str().into());
            failure.facts = info.metadata.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        }
        if let Some(request) = details.bad_request() {
            let violations = request.field_violations.iter();
            failure.fields.extend(violations.map(|it| (it.field.clone(), it.description.clone())));
        }
        failure.hint = failure.advice(server).map(String::into_boxed_str);
        failure
    }

    /// What may be done about it.
    fn advice(&self, server: &str) -> Option<String> {
        let fact = |name: &str| self.facts.get(name).map_or("", String::as_str);
        let advice = match self.reason.as_deref() {
            Some("APPLICATION_NOT_FOUND") => {
                "`docket apps list` shows the applications of a server".to_owned()
            }
            Some("MACHINE_NOT_FOUND") => "`docket machine list` shows the machines".to_owned(),
            Some("APPLICATION_EXISTS") => format!("`docket apps get {}` shows it", fact("application")),
            Some("CHALLENGE_CLOSED" | "CHALLENGE_NOT_FOUND") => {
                "`docket apps get NAME` shows what is asked now".to_owned()
            }
            Some("TRANSITION_NOT_ALLOWED") => "`docket apps explain NAME` tells what may be done".to_owned(),
            Some("WRONG_ANSWER_KIND") => {
                "`docket apps answer NAME` without flags asks for what is asked".to_owned()
            }
            Some("ETAG_MISMATCH") => "`docket apps get NAME` shows it as it is by now".to_owned(),
            Some("REQUEST_ID_REUSED") => "leave --request-id away, or use one of its own".to_owned(),
            Some("NOT_HELD" | "NOTHING_TO_RETRY") => {
                "`docket apps explain NAME` tells what it waits for".to_owned()
            }
            Some("UNKNOWN_PRODUCT") => "the products are in the server's settings".to_owned(),
            Some("BAD_RESUME_TOKEN") => {
                "use a token with the filter and the server that it came from".to_owned()
            }
            Some("RESUME_TOKEN_TOO_OLD") => "begin anew without the token: there is a gap".to_owned(),
            Some("INTERNAL") => format!("the server's log tells more under {}", fact("incident")),
            Some("STORE_BUSY") => "try again when it has ended".to_owned(),
            Some("CONTENDED" | "ENGINE_STOPPED" | "OVERLOADED" | "SHUTTING_DOWN") => {
                "try again in a moment".to_owned()
            }
            _other if self.exit == Exit::Unavailable => {
                format!("is there a server at {server}? choose another with --server or DOCKET_SERVER")
            }
            _other => return None,
        };
        Some(advice)
    }

    /// Says whether it is about the one thing that was named: others may still be done.
    pub(super) const fn is_of_one(&self) -> bool {
        matches!(self.exit, Exit::NotFound | Exit::Conflict)
    }

    /// Tells it in passing.
    pub(super) fn mention(&self, name: &str) {
        eprintln!("docket: {name}: {}", self.what);
    }

    /// Tells it and gives the code to end with.
    pub(super) fn tell(&self, form: Form) -> ExitCode {
        if self.exit != Exit::Unheard {
            eprintln!("docket: {}", self.what);
            if let Some(reason) = &self.reason {
                eprintln!("  reason: {reason}");
            }
            for (field, problem) in &self.fields {
                eprintln!("  {field}: {problem}");
            }
            if let Some(hint) = &self.hint {
                eprintln!("  hint: {hint}");
            }
            if matches!(form, Form::Json | Form::Jsonl) {
                eprintln!("{}", self.json());
            }
        }
        self.exit.into()
    }

    fn json(&self) -> Value {
        let field = |(field, problem): &(String, String)| json!({ "field": field, "description": problem });
        json!({ "error": {
            "message": self.what,
            "exit_code": self.exit as u8,
            "reason": self.reason,
            "metadata": self.facts,
            "field_violations": self.fields.iter().map(field).collect::<Vec<_>>(),
            "hint": self.hint,
        }})
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let exit = if error.kind() == io::ErrorKind::BrokenPipe { Exit::Unheard } else { Exit::Other };
        Self::new(exit, format!("failed to read or write: {error}"))
    }
}

/// Says whether a server is away rather than unwilling: what it says itself has a reason.
pub(super) fn is_away(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable => true,
        Code::Unknown | Code::Internal | Code::Cancelled | Code::DeadlineExceeded => {
            status.get_details_error_info().is_none()
        }
        Code::Ok
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::DataLoss
        | Code::Unauthenticated => false,
    }
}

fn exit(status: &Status) -> Exit {
    if is_away(status) {
        return Exit::Unavailable;
    }
    match status.code() {
        Code::InvalidArgument | Code::OutOfRange => Exit::Invalid,
        Code::NotFound => Exit::NotFound,
        Code::AlreadyExists | Code::Aborted | Code::FailedPrecondition => Exit::Conflict,
        Code::PermissionDenied | Code::Unauthenticated => Exit::NotPermitted,
        Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted => Exit::Unavailable,
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::Internal
        | Code::DataLoss
        | Code::Unimplemented => Exit::Other,
    }
}

/// What a status says; when the way to the server failed, how.
fn cause(status: &Status) -> String {
    if !is_away(status) || status.get_details_error_info().is_some() {
        return status.message().to_owned();
    }
    let mut text = String::from("the server cannot be reached");
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        if error.source().is_none() {
            text = format!("{text}: {error}");
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_exit() {
        let exits = |codes: &[Code], wanted: Exit| {
            for code in codes {
                let status = Status::with_error_details(
                    *code,
                    "no",
                    tonic_types::ErrorDetails::with_error_info(
                        "WHY",
                        "docket",
                        std::collections::HashMap::new(),
                    ),
                );
                assert_eq!(exit(&status), wanted, "{code:?}");
            }
        };
        exits(&[Code::Internal, Code::Unknown, Code::Unimplemented, Code::DataLoss], Exit::Other);
        exits(&[Code::NotFound], Exit::NotFound);
        exits(&[Code::InvalidArgument, Code::OutOfRange], Exit::Invalid);
        exits(&[Code::AlreadyExists, Code::Aborted, Code::FailedPrecondition], Exit::Conflict);
        exits(&[Code::PermissionDenied, Code::Unauthenticated], Exit::NotPermitted);
        exits(&[Code::Unavailable, Code::DeadlineExceeded, Code::ResourceExhausted], Exit::Unavailable);
        // What no server said is the way to it.
        assert_eq!(exit(&Status::unknown("transport error")), Exit::Unavailable);
        let numbers =
            [Exit::Unheard, Exit::Other, Exit::Usage, Exit::NotFound, Exit::Invalid, Exit::Conflict];
        let more = [Exit::NotPermitted, Exit::Unavailable, Exit::EndedOtherwise, Exit::Impossible];
        let more = more.into_iter().chain([Exit::Damaged, Exit::Lost]);
        let numbers = numbers.into_iter().chain(more);
        assert_eq!(numbers.map(|exit| exit as u8).collect::<Vec<_>>(), (0..=11).collect::<Vec<_>>());
    }
}
