//! What may happen to a telecom collection, besides what the scripts do.

use super::{Run, by, run};
use crate::coverage::stage::{HOUR, Manner};
use docket::config::products::COLLECTED;
use docket::machine::collection::CollectionKind::Telecom;
use docket::machine::event::Event;
use docket::machine::graph::application::State;
use docket::sandbox::{Endpoint, Fault, Script, System};

pub(super) const RUNS: &[Run] = &[
    run("the service password never comes", |stage| {
        let who = stage.apply(Script::Happy, COLLECTED);
        stage.manner(Manner::Silent);
        assert_eq!(stage.rests(who), State::Expired);
    }),
    run("the answer to a telecom open-id is lost", |stage| {
        let who = stage.apply(Script::Happy, COLLECTED);
        stage.plan(who, Endpoint::TelecomOpenId, Fault::Cut, 1);
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("another code is refused, then its order is lost, then it comes", |stage| {
        let who = stage.apply(Script::Happy, COLLECTED);
        stage.until(who, Telecom, "CAPTCHA_REQUIRED");
        stage.plan(who, Endpoint::TelecomResend, Fault::Refused, 1);
        stage.order(who);
        stage.manner(Manner::Silent);
        stage.until(who, Telecom, "CAPTCHA_REQUIRED");
        stage.plan(who, Endpoint::TelecomResend, Fault::Cut, 1);
        stage.order(who);
        stage.until(who, Telecom, "CHECKING");
        stage.manner(Manner::Right);
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("as many codes are refused as a session has answers", |stage| {
        let who = stage.apply(Script::Happy, COLLECTED);
        stage.plan(who, Endpoint::TelecomCaptcha, Fault::Refused, 5);
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("a query password is lost on its way, and submitted again", |stage| {
        let who = stage.apply(Script::QueryPassword, COLLECTED);
        stage.until(who, Telecom, "QUERY_PWD_REQUIRED");
        stage.plan(who, Endpoint::TelecomQueryPassword, Fault::RequestCut, 1);
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("a report is not understood: it is fetched again once an operator says so", |stage| {
        let who = stage.apply(Script::Happy, COLLECTED);
        stage.plan(who, Endpoint::TelecomReport, Fault::BadRequest, 1);
        assert_eq!(stage.rests(who), State::Suspended);
        stage.pass(25 * HOUR);
        stage.tell(who, Event::ResumeRequested { by: by() });
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("all telecom sessions fail, are begun anew, and fail again", |stage| {
        let who = stage.apply(Script::FailsAlways, COLLECTED);
        assert_eq!(stage.rests(who), State::Suspended);
        stage.tell(who, Event::ResumeRequested { by: by() });
        stage.until(who, Telecom, "CREDENTIALS_REQUIRED");
        assert_eq!(stage.rests(who), State::Suspended);
    }),
    run("telecom is down while the data should be fetched", |stage| {
        let who = stage.apply(Script::Happy, COLLECTED);
        stage.until(who, Telecom, "DATA_READY");
        stage.down(System::Telecom, HOUR);
        assert_eq!(stage.rests(who), State::Approved);
    }),
];
