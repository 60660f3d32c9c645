//! What may happen to a degree collection, besides what the scripts do.

use super::{Run, by, run};
use crate::coverage::stage::{HOUR, Manner};
use docket::machine::collection::CollectionKind::Degree;
use docket::machine::event::Event;
use docket::machine::graph::application::State;
use docket::sandbox::{Endpoint, Fault, Script, System};

const DEGREE: &str = "degree";

pub(super) const RUNS: &[Run] = &[
    run("the account never comes", |stage| {
        let who = stage.apply(Script::DegreeHappy, DEGREE);
        stage.manner(Manner::Silent);
        assert_eq!(stage.rests(who), State::Expired);
    }),
    run("a degree open-id is refused, the answer to the next is lost", |stage| {
        let who = stage.apply(Script::DegreeHappy, DEGREE);
        stage.plan(who, Endpoint::DegreeOpenId, Fault::Refused, 1);
        stage.plan(who, Endpoint::DegreeOpenId, Fault::Cut, 1);
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("every account is refused, in every session", |stage| {
        let who = stage.apply(Script::DegreeHappy, DEGREE);
        stage.plan(who, Endpoint::DegreeLogin, Fault::Refused, 15);
        assert_eq!(stage.rests(who), State::Expired);
    }),
    run("the answer to a degree login is lost", |stage| {
        let who = stage.apply(Script::DegreeHappy, DEGREE);
        stage.plan(who, Endpoint::DegreeLogin, Fault::Cut, 1);
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("a degree login is lost on its way, and submitted again", |stage| {
        let who = stage.apply(Script::DegreeHappy, DEGREE);
        stage.plan(who, Endpoint::DegreeLogin, Fault::RequestCut, 1);
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("a degree session is not known any more", |stage| {
        let who = stage.apply(Script::DegreeHappy, DEGREE);
        stage.plan(who, Endpoint::DegreeState, Fault::Refused, 1);
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("a degree state is not understood: it goes on once an operator says so", |stage| {
        let who = stage.apply(Script::DegreeHappy, DEGREE);
        stage.plan(who, Endpoint::DegreeState, Fault::BadRequest, 1);
        assert_eq!(stage.rests(who), State::Suspended);
        stage.tell(who, Event::ResumeRequested { by: by() });
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("all degree sessions fail, and are begun anew", |stage| {
        let who = stage.apply(Script::DegreeFailsAlways, DEGREE);
        assert_eq!(stage.rests(who), State::Suspended);
        stage.tell(who, Event::ResumeRequested { by: by() });
        stage.until(who, Degree, "CREDENTIALS_REQUIRED");
        assert_eq!(stage.rests(who), State::Suspended);
    }),
    run("an operator begins the degree collection anew", |stage| {
        let who = stage.apply(Script::DegreeHappy, DEGREE);
        stage.until(who, Degree, "PWD_SUBMITTED");
        stage.tell(who, Event::RestartRequested { collection: Degree, by: by() });
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("degrees are down while the data should be fetched", |stage| {
        let who = stage.apply(Script::DegreeHappy, DEGREE);
        stage.until(who, Degree, "COLLECT_FINISHED");
        stage.down(System::Degree, HOUR);
        assert_eq!(stage.rests(who), State::Approved);
    }),
];
