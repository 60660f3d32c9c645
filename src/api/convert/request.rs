//! From requests to what the engine is asked.

use super::check::{Check, LABEL_LIMIT};
use super::terms::terms;
use super::token;
use crate::api::proto::v1::answer_challenge_request::Answer;
use crate::api::proto::v1::{
    self, AnswerChallengeRequest, CancelApplicationRequest, ListApplicationsRequest, ListTransitionsRequest,
    ResendChallengeRequest, WaitApplicationRequest, WatchChangesRequest,
};
use crate::engine::answer::{self as typed_in, BankLogin, DegreeAccount, PART_LIMIT};
use crate::engine::archive::Archive;
use crate::engine::bank::{INPUTS_LIMIT, TEXT_LIMIT};
use crate::engine::core::Terms;
use crate::engine::filter::Filter;
use crate::engine::read::{Place, Sorting};
use crate::machine::application::Application;
use crate::machine::challenge::ChallengeKind;
use crate::machine::graph::application::State;
use crate::machine::id::ApplicationId;
use crate::store::Store;
use crate::vault::Secret;
use std::time::Duration;
use tonic::Status;

/// A page of a list that is asked for.
pub(in super::super) struct List {
    pub(in super::super) filter: Filter,
    pub(in super::super) order: Sorting,
    pub(in super::super) after: Option<Place>,
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
    pub(in super::super) answer: Typed,
}

/// What an applicant typed.
pub(in super::super) enum Typed {
    /// An answer as it is sealed.
    Whole(Secret),
    /// A bank's login and the name of the agreement consented to, to be checked against the list.
    Login(BankLogin, String),
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

/// Checks which challenge's code is to be sent again.
pub(in super::super) fn another<S: Store>(
    mut request: ResendChallengeRequest,
    archive: &Archive<S>,
) -> Result<((ApplicationId, u32), Terms), Status> {
    let mut check = Check::default();
    let terms = terms(&mut check, &mut request, archive);
    let id = check.challenge("name", &request.name);
    check.finish(id.zip(terms))
}

/// Reads `name` as a challenge.
pub(in super::super) fn challenge_id(name: &str) -> Result<(ApplicationId, u32), Status> {
    let mut check = Check::default();
    let id = check.challenge("name", name);
    check.finish(id)
}

/// Checks a cancellation.
pub(in super::super) fn cancellation<S: Store>(
    mut request: CancelApplicationRequest,
    archive: &Archive<S>,
) -> Result<(ApplicationId, String, Terms), Status> {
    let mut check = Check::default();
    let terms = terms(&mut check, &mut request, archive);
    let id = check.application("name", &request.name);
    let reason = check.reason("reason", request.reason);
    let made = || Some((id?, reason?, terms?));
    let made = made();
    check.finish(made)
}

/// Checks an answer.
pub(in super::super) fn answer<S: Store>(
    mut request: AnswerChallengeRequest,
    archive: &Archive<S>,
) -> Result<(Given, Terms), Status> {
    let mut check = Check::default();
    let terms = terms(&mut check, &mut request, archive);
    let AnswerChallengeRequest { name, answer, .. } = request;
    let id = check.challenge("name", &name);
    let answer = check.present("answer", answer).and_then(|answer| match answer {
        Answer::SmsCode(text) => kept(&mut check, ChallengeKind::SmsCode, text),
        Answer::QueryPassword(text) => kept(&mut check, ChallengeKind::QueryPassword, text),
        Answer::ServicePassword(text) => kept(&mut check, ChallengeKind::ServicePassword, text),
        Answer::PictureCaptcha(text) => kept(&mut check, ChallengeKind::PictureCaptcha, text),
        Answer::DynamicPassword(text) => kept(&mut check, ChallengeKind::DynamicPassword, text),
        Answer::DegreeAccount(account) => degree_account(&mut check, account),
        Answer::BankLogin(login) => bank_login(&mut check, login),
    });
    let given = id.zip(answer).map(|((application, challenge), (kind, answer))| Given {
        application,
        challenge,
        kind,
        answer,
    });
    check.finish(given.zip(terms))
}

fn kept(check: &mut Check, kind: ChallengeKind, text: String) -> Option<(ChallengeKind, Typed)> {
    Some((kind, Typed::Whole(check.secret(kind.name(), text)?)))
}

fn degree_account(check: &mut Check, typed: v1::DegreeAccount) -> Option<(ChallengeKind, Typed)> {
    // From here on the texts are wiped when they are dropped.
    let account = DegreeAccount { account: typed.account, password: typed.password };
    let is_account = check.answer("degree_account.account", &account.account);
    let is_password = check.answer("degree_account.password", &account.password);
    let is_whole = is_account && is_password;
    is_whole.then(|| (ChallengeKind::DegreeAccount, Typed::Whole(account.to_secret())))
}

/// Checks what can be checked without the list of banks: that it is no larger than any login.
fn bank_login(check: &mut Check, typed: v1::BankLogin) -> Option<(ChallengeKind, Typed)> {
    let v1::BankLogin { entry_id, inputs, agreement } = typed;
    let inputs = inputs.into_iter().map(|(name, value)| typed_in::Typed { name, value });
    let login = BankLogin { entry_id, inputs: inputs.collect() };
    let sizes = [
        ("bank_login.entry_id", login.entry_id.len(), TEXT_LIMIT),
        ("bank_login.agreement", agreement.len(), LABEL_LIMIT),
    ];
    let mut is_right = true;
    for (field, size, limit) in sizes {
        if !(1..=limit).contains(&size) {
            check.wrong::<()>(field, format_args!("must be 1 to {limit} bytes"));
            is_right = false;
        }
    }
    let is_small = |it: &typed_in::Typed| it.name.len() <= TEXT_LIMIT && it.value.len() <= PART_LIMIT;
    if login.inputs.len() > INPUTS_LIMIT || !login.inputs.iter().all(is_small) {
        let must = format_args!("must be at most {INPUTS_LIMIT}, each at most {PART_LIMIT} bytes");
        check.wrong::<()>("bank_login.inputs", must);
        is_right = false;
    }
    is_right.then(|| (ChallengeKind::BankLogin, Typed::Login(login, agreement)))
}

/// Checks which page of the list is asked for.
pub(in super::super) fn list<S: Store>(
    request: ListApplicationsRequest,
    archive: &Archive<S>,
) -> Result<List, Status> {
    let ListApplicationsRequest { page_size, page_token, filter, order_by } = request;
    let mut check = Check::default();
    let size = check.page_size("page_size", page_size);
    let filter = check.filter("filter", &filter, archive);
    let order = check.order("order_by", &order_by);
    let scope = filter.as_ref().zip(order).map(|(filter, order)| list_scope(filter, order));
    let mut after = None;
    if let Some(scope) = scope.filter(|_| !page_token.is_empty()) {
        after = token::read(archive, &scope, &page_token).map(place);
        if after.is_none() {
            wrong_page_token(&mut check);
        }
    }
    let made = || Some(List { filter: filter?, order: order?, after, size: size? });
    let made = made();
    check.finish(made)
}

/// What the token of a page of this list is good for.
pub(super) fn list_scope(filter: &Filter, order: Sorting) -> String {
    format!("applications {filter:?} {order:?}")
}

/// A place in a list as its token has it.
pub(super) fn position(place: &Place) -> Vec<u8> {
    [&place.key.to_be_bytes()[..], place.application.as_bytes()].concat()
}

fn place(position: [u8; 24]) -> Place {
    let (key, id) = position.split_first_chunk().expect("24 bytes are 8 and 16");
    let id = id.first_chunk().expect("24 bytes are 8 and 16");
    Place { key: u64::from_be_bytes(*key), application: ApplicationId::from_bytes(*id) }
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
pub(in super::super) fn watch<S: Store>(
    request: WatchChangesRequest,
    archive: &Archive<S>,
) -> Result<(Filter, Option<String>), Status> {
    let WatchChangesRequest { filter, resume_token } = request;
    let mut check = Check::default();
    let filter = check.filter("filter", &filter, archive);
    if let Some(field) = filter.as_ref().and_then(Filter::timed_field) {
        let text = format!("must not ask for `{field}` in a watch: time alone changes what is meant");
        check.wrong::<()>("filter", text);
    }
    let token = Some(resume_token).filter(|token| !token.is_empty());
    check.finish(filter.map(|filter| (filter, token)))
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
