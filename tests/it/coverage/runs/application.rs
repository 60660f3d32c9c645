//! What may happen to an application whatever it collects, and with several collections at once.

use super::{Run, by, run, stubborn};
use crate::coverage::stage::{HOUR, MINUTE, Manner};
use docket::config::products::{COLLECTED, EVERYTHING, MANUAL, PUSHED};
use docket::machine::collection::CollectionKind::{self, Degree, Ebank, EbankV2, Telecom};
use docket::machine::event::Event;
use docket::machine::graph::application::State;
use docket::sandbox::{Endpoint, Fault, Script, System};

pub(super) const RUNS: &[Run] = &[
    run("the second half never comes", |stage| {
        let who = stage.cast(Script::Happy, PUSHED);
        stage.bring_base(who);
        assert_eq!(stage.rests(who), State::Expired);
    }),
    run("all that is needed is pushed, and the applicant changes the employer and gives up", |stage| {
        let who = stage.apply(Script::Happy, PUSHED);
        assert_eq!(stage.rests(who), State::Approved);
        let who = stage.apply(Script::Happy, COLLECTED);
        stage.manner(Manner::Silent);
        stage.until(who, Telecom, "CREDENTIALS_REQUIRED");
        stage.bring_newer(who);
        stage.tell(who, Event::CancelRequested { reason: "changed their mind".to_owned() });
        assert_eq!(stage.rests(who), State::Cancelled);
    }),
    run("an operator holds it for two days, releases it, and has the calls made now", |stage| {
        let who = stage.apply(Script::Happy, COLLECTED);
        stage.tell(who, Event::HoldRequested { by: by() });
        stage.pass(48 * HOUR);
        stage.tell(who, Event::ReleaseRequested { by: by() });
        stage.tell(who, Event::RetryRequested { by: by() });
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("an operator begins the collection anew until its fortnight is over", |stage| {
        let who = stage.apply(Script::Happy, COLLECTED);
        stage.manner(Manner::Silent);
        stage.until(who, Telecom, "CREDENTIALS_REQUIRED");
        for _ in 0..4 {
            stage.pass(70 * HOUR);
            stage.tell(who, Event::RestartRequested { collection: Telecom, by: by() });
        }
        assert_eq!(stage.rests(who), State::Expired);
    }),
    run("the blacklist cannot be asked; an operator is reminded, and resumes it", |stage| {
        let who = stage.cast(Script::Happy, PUSHED);
        stage.plan(who, Endpoint::Blacklist, Fault::BadRequest, 1);
        stage.bring_base(who);
        stage.bring_additional(who);
        assert_eq!(stage.rests(who), State::Suspended);
        stage.pass(25 * HOUR);
        stage.tell(who, Event::ResumeRequested { by: by() });
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("the audit is down for a day", |stage| {
        let who = stage.apply(Script::AuditLong, PUSHED);
        stage.until_it_is(who, State::AuditPending);
        stage.down(System::Audit, 24 * HOUR + 5 * MINUTE);
        assert_eq!(stage.rests(who), State::Approved);
    }),
    stubborn("the audit says for a day that it cannot", |stage| {
        let who = stage.apply(Script::Happy, PUSHED);
        stage.until_it_is(who, State::AuditPending);
        stage.plan(who, Endpoint::AuditResult, Fault::SystemError, 100_000);
        stage.retried_until(who, 10 * MINUTE, |it| it.state() == State::Suspended);
        stage.unplan();
        stage.tell(who, Event::ResumeRequested { by: by() });
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("a person forgets the review, gives it back, and approves; another rejects", |stage| {
        let who = stage.apply(Script::Happy, MANUAL);
        stage.until_it_is(who, State::ReviewPending);
        stage.pass(25 * HOUR);
        stage.tell(who, Event::ClaimRequested { by: by() });
        stage.pass(HOUR);
        stage.tell(who, Event::ClaimRequested { by: by() });
        stage.bring_newer(who);
        stage.tell(who, Event::ClaimRequested { by: by() });
        stage.tell(who, Event::ReturnRequested { by: by() });
        stage.tell(who, Event::ClaimRequested { by: by() });
        stage.tell(who, Event::ApproveRequested { by: by() });
        assert_eq!(stage.rests(who), State::Approved);
        let who = stage.apply(Script::Happy, MANUAL);
        stage.until_it_is(who, State::ReviewPending);
        stage.tell(who, Event::ClaimRequested { by: by() });
        stage.tell(who, Event::RejectRequested { by: by() });
        assert_eq!(stage.rests(who), State::Rejected);
    }),
    run("one after the other delivers while the next still asks", |stage| {
        let who = stage.apply(Script::Happy, EVERYTHING);
        for kind in CollectionKind::ALL {
            stage.manner(Manner::Only(only(kind)));
            stage.until(who, kind, "DELIVERED");
        }
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("all four are collected at the same time", |stage| {
        let who = stage.apply(Script::Happy, EVERYTHING);
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("one delivers after the one that must be is parked", |stage| {
        let who = stage.apply(Script::FailsAlways, EVERYTHING);
        stage.manner(Manner::Only(&[Telecom, Ebank, EbankV2]));
        stage.until(who, Telecom, "PARKED");
        stage.until(who, EbankV2, "DELIVERED");
        stage.until(who, Ebank, "DELIVERED");
        stage.manner(Manner::Right);
        assert_eq!(stage.rests(who), State::Suspended);
    }),
    run("an operator lets the one that must be go on while the others wait for the applicant", |stage| {
        let who = stage.apply(Script::Happy, EVERYTHING);
        stage.plan(who, Endpoint::TelecomOpenId, Fault::BadRequest, 1);
        stage.manner(Manner::Only(&[Telecom]));
        stage.until(who, Telecom, "PARKED");
        stage.tell(who, Event::ResumeRequested { by: by() });
        stage.manner(Manner::Right);
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("what it can do without is parked while another asks, while another runs", |stage| {
        let who = stage.apply(Script::Happy, EVERYTHING);
        for endpoint in [Endpoint::EbankBankInfo, Endpoint::EbankV2OpenId, Endpoint::DegreeOpenId] {
            stage.plan(who, endpoint, Fault::BadRequest, 1);
        }
        stage.manner(Manner::Only(&[Telecom]));
        stage.until(who, Telecom, "INIT");
        stage.manner(Manner::Only(&[Degree]));
        stage.until(who, Degree, "PARKED");
        stage.manner(Manner::Right);
        assert_eq!(stage.rests(who), State::Approved);
    }),
    run("what it can do without is parked when all else is here", |stage| {
        let who = stage.apply(Script::Happy, EVERYTHING);
        for endpoint in [Endpoint::EbankBankInfo, Endpoint::EbankV2OpenId, Endpoint::DegreeOpenId] {
            stage.plan(who, endpoint, Fault::BadRequest, 1);
        }
        stage.manner(Manner::Only(&[Telecom]));
        stage.until(who, Telecom, "DELIVERED");
        stage.manner(Manner::Right);
        assert_eq!(stage.rests(who), State::Approved);
    }),
];

const fn only(kind: CollectionKind) -> &'static [CollectionKind] {
    match kind {
        Telecom => &[Telecom],
        Degree => &[Degree],
        Ebank => &[Ebank],
        EbankV2 => &[EbankV2],
    }
}
