//! From requests to what the engine is asked.

use super::check::Check;
use super::token;
use crate::api::proto::v1::answer_challenge_request::Answer;
use crate::api::proto::v1::{
    AnswerChallengeRequest, ApplicationSelector, CancelApplicationRequest, ListApplicationsRequest,
    ListTransitionsRequest, WaitApplicationRequest, WatchChangesRequest,
};
use crate::engine::archive::Archive;
use crate::engine::read::Filter;
use crate::machine::application::Application;
use crate::machine::challenge::ChallengeKind;
use crate::machine::graph::application::State;
use crate::machine::id::ApplicationId;
use crate::store::Store;
use crate::vault::Secret;
use std::time::Duration;
use tonic::Status;

/// The most applications that a selector may name.
pub(super) const NAMES_LIMIT: usize = 100;

/// A page of a list that is asked for.
pub(in super::super) struct List {
    pub(in super::super) filter: Filter,
    pub(in super::super) after: Option<ApplicationId>,
    pub(in super::super) size: usize,
}

/// A page of a journal that is asked for.
pub(in super::super) struct History {
    pub(in super::super) application: ApplicationId,
    pub(in super::super) after: u64,
    pub(in super::super) size: usize,
}

/// An answer to a challenge.
pub(in super::super) struct Given {
    pub(in super::super) application: ApplicationId,
    pub(in super::super) challenge: u32,
    pub(in super::super) kind: ChallengeKind,
    pub(in super::super) answer: Secret,
}

/// What is waited for.
pub(in super::super) struct Wanted {
    pub(in super::super) application: ApplicationId,
    pub(in super::super) patience: Duration,
    states: Vec<State>,
}

impl Wanted {
    /// Says whether an application is as wanted.
    pub(in super::super) fn is_met(&self, application: &Application) -> bool {
        let state = application.state();
        if self.states.is_empty() { state.is_terminal() } else { self.states.contains(&state) }
    }
}

/// Reads `name` as an application.
pub(in super::super) fn application_id(name: &str) -> Result<ApplicationId, Status> {
    let mut check = Check::default();
    let id = check.application("name", name);
    check.finish(id)
}

/// Reads `name` as a challenge.
pub(in super::super) fn challenge_id(name: &str) -> Result<(ApplicationId, u32), Status> {
    let mut check = Check::default();
    let id = check.challenge("name", name);
    check.finish(id)
}

/// Checks a cancellation.
pub(in super::super) fn cancellation(
    request: CancelApplicationRequest,
) -> Result<(ApplicationId, String), Status> {
    let mut check = Check::default();
    let id = check.application("name", &request.name);
    let reason = check.reason("reason", request.reason);
    check.finish(id.zip(reason))
}

/// Checks an answer.
pub(in super::super) fn answer(request: AnswerChallengeRequest) -> Result<Given, Status> {
    let AnswerChallengeRequest { name, answer, .. } = request;
    let mut check = Check::default();
    let id = check.challenge("name", &name);
    let answer = check.present("answer", answer).and_then(|answer| match answer {
        Answer::SmsCode(text) => kept(&mut check, ChallengeKind::SmsCode, text),
        Answer::QueryPassword(text) => kept(&mut check, ChallengeKind::QueryPassword, text),
        Answer::ServicePassword(text) => kept(&mut check, ChallengeKind::ServicePassword, text),
        Answer::PictureCaptcha(_) => never_asked(&mut check, "picture_captcha"),
        Answer::DynamicPassword(_) => never_asked(&mut check, "dynamic_password"),
        Answer::DegreeAccount(_) => never_asked(&mut check, "degree_account"),
        Answer::BankChoice(_) => never_asked(&mut check, "bank_choice"),
        Answer::BankLogin(_) => never_asked(&mut check, "bank_login"),
        Answer::Consent(_) => never_asked(&mut check, "consent"),
    });
    let given = id.zip(answer).map(|((application, challenge), (kind, answer))| Given {
        application,
        challenge,
        kind,
        answer,
    });
    check.finish(given)
}

fn kept(check: &mut Check, kind: ChallengeKind, text: String) -> Option<(ChallengeKind, Secret)> {
    Some((kind, check.secret(kind.name(), text)?))
}

fn never_asked<T>(check: &mut Check, field: &'static str) -> Option<T> {
    check.wrong(field, "must not be set: no collection of this server asks for it")
}

/// Checks which page of the list is asked for.
pub(in super::super) fn list<S: Store>(
    request: ListApplicationsRequest,
    archive: &Archive<S>,
) -> Result<List, Status> {
    let ListApplicationsRequest { page_size, page_token, selector } = request;
    let mut check = Check::default();
    let size = check.page_size("page_size", page_size);
    let filter = filter(&mut check, selector);
    let after = if page_token.is_empty() {
        None
    } else {
        let position = token::read(archive, &list_scope(&filter), &page_token);
        if position.is_none() {
            wrong_page_token(&mut check);
        }
        position.map(ApplicationId::from_bytes)
    };
    check.finish(size.map(|size| List { filter, after, size }))
}

/// What the token of a page of this list is good for.
pub(super) fn list_scope(filter: &Filter) -> String {
    format!("applications {filter:?}")
}

/// Checks which page of a journal is asked for.
pub(in super::super) fn history<S: Store>(
    request: &ListTransitionsRequest,
    archive: &Archive<S>,
) -> Result<History, Status> {
    let mut check = Check::default();
    let application = check.application("parent", &request.parent);
    let size = check.page_size("page_size", request.page_size);
    let after = application.and_then(|application| {
        if request.page_token.is_empty() {
            return Some(0);
        }
        let position = token::read(archive, &history_scope(application), &request.page_token);
        if position.is_none() {
            wrong_page_token(&mut check);
        }
        position.map(u64::from_be_bytes)
    });
    let asked = || Some(History { application: application?, after: after?, size: size? });
    let asked = asked();
    check.finish(asked)
}

/// What the token of a page of this journal is good for.
pub(super) fn history_scope(application: ApplicationId) -> String {
    format!("transitions {application}")
}

fn wrong_page_token(check: &mut Check) {
    check.wrong::<()>("page_token", "must be the next_page_token of a page of the same list");
}

/// Checks what is to be watched, and from where.
pub(in super::super) fn watch(request: WatchChangesRequest) -> Result<(Filter, Option<String>), Status> {
    let WatchChangesRequest { selector, resume_token } = request;
    let mut check = Check::default();
    let filter = filter(&mut check, selector);
    let token = Some(resume_token).filter(|token| !token.is_empty());
    check.finish(Some((filter, token)))
}

/// Checks what is waited for.
pub(in super::super) fn wait(request: WaitApplicationRequest) -> Result<Wanted, Status> {
    let mut check = Check::default();
    let application = check.application("name", &request.name);
    let patience = check.patience("timeout", request.timeout);
    let states = check.states("states", &request.states);
    let wanted = application.zip(patience);
    check.finish(wanted.map(|(application, patience)| Wanted { application, patience, states }))
}

fn filter(check: &mut Check, selector: Option<ApplicationSelector>) -> Filter {
    let Some(selector) = selector else { return Filter::default() };
    let ApplicationSelector { states, partner, order_number, product, names } = selector;
    let mut applications = Vec::new();
    if names.len() > NAMES_LIMIT {
        check.wrong::<()>("selector.names", format_args!("must be at most {NAMES_LIMIT} names"));
    } else {
        for (at, name) in names.iter().enumerate() {
            applications.extend(check.application(format_args!("selector.names[{at}]"), name));
        }
    }
    Filter {
        states: check.states("selector.states", &states),
        partner: check.optional_label("selector.partner", partner),
        order: check.optional_label("selector.order_number", order_number),
        product: check.optional_label("selector.product", product),
        applications,
    }
}
