//! What may happen to a bank collection of either version, besides what the scripts do.

use super::{Run, by, run, stubborn};
use crate::coverage::stage::{HOUR, MINUTE, Manner, Stage};
use docket::machine::collection::CollectionKind;
use docket::machine::event::Event;
use docket::machine::graph::application::State;
use docket::sandbox::{Endpoint, Fault, Script, System};

/// A version of e-banking: its names for what both have.
struct Bank {
    product: &'static str,
    kind: CollectionKind,
    system: System,
    script: Script,
    fails: Script,
    begins: &'static str,
    open: Endpoint,
    banks: Endpoint,
    license: Endpoint,
    state: Endpoint,
    code: Endpoint,
    data: Endpoint,
}

const FIRST: Bank = Bank {
    product: "ebank",
    kind: CollectionKind::Ebank,
    system: System::Ebank,
    script: Script::EbankHappy,
    fails: Script::EbankFailsAlways,
    begins: "BANKS_PENDING",
    open: Endpoint::EbankOpenId,
    banks: Endpoint::EbankBankInfo,
    license: Endpoint::EbankLicense,
    state: Endpoint::EbankState,
    code: Endpoint::EbankCaptcha,
    data: Endpoint::EbankRawData,
};

const SECOND: Bank = Bank {
    product: "ebank_v2",
    kind: CollectionKind::EbankV2,
    system: System::EbankV2,
    script: Script::EbankV2Happy,
    fails: Script::EbankV2FailsAlways,
    begins: "OPENING",
    open: Endpoint::EbankV2OpenId,
    banks: Endpoint::EbankV2BankList,
    license: Endpoint::EbankV2License,
    state: Endpoint::EbankV2State,
    code: Endpoint::EbankV2Captcha,
    data: Endpoint::EbankV2RawData,
};

/// A run for each version.
macro_rules! both {
    ($($run:ident $name:literal $play:ident;)*) => {
        &[
            $($run($name, |stage| $play(stage, &FIRST)), $run($name, |stage| $play(stage, &SECOND)),)*
            run("every login is refused, in every session", login_refused),
            run("a login is lost on its way, and submitted again", login_lost),
            stubborn("the state cannot be had until the time of the session is over", state_busy),
        ]
    };
}

pub(super) const RUNS: &[Run] = both! {
    run "no bank is ever chosen" nothing_chosen;
    run "an open-id is refused, the answer to the next is lost" open_fails;
    run "the banks are refused, then the consent" consent_refused;
    run "every code is wrong, in every session" all_wrong;
    run "a code is refused" code_refused;
    run "as many codes are refused as a session has answers" codes_refused;
    run "the answer to a code is lost" answer_lost;
    run "a code is lost on its way" code_lost;
    run "a session is not known any more" session_refused;
    run "a state is not understood: it goes on once an operator says so" state_odd;
    run "all sessions fail; an operator is reminded, and begins anew" all_fail;
    run "an operator begins the collection anew" restarted;
    run "the system is down while the data should be fetched" down;
    stubborn "the data cannot be had" data_busy;
};

fn nothing_chosen(stage: &mut Stage, bank: &Bank) {
    let who = stage.apply(bank.script, bank.product);
    stage.manner(Manner::Silent);
    assert_eq!(stage.rests(who), State::Expired);
}

fn open_fails(stage: &mut Stage, bank: &Bank) {
    let who = stage.apply(bank.script, bank.product);
    stage.plan(who, bank.open, Fault::Refused, 1);
    stage.plan(who, bank.open, Fault::Cut, 1);
    assert_eq!(stage.rests(who), State::Approved);
}

fn consent_refused(stage: &mut Stage, bank: &Bank) {
    let who = stage.apply(bank.script, bank.product);
    stage.plan(who, bank.banks, Fault::Refused, 1);
    stage.plan(who, bank.license, Fault::Refused, 1);
    assert_eq!(stage.rests(who), State::Approved);
}

fn all_wrong(stage: &mut Stage, bank: &Bank) {
    let who = stage.apply(bank.script, bank.product);
    stage.manner(Manner::Wrong);
    assert_eq!(stage.rests(who), State::Expired);
}

fn code_refused(stage: &mut Stage, bank: &Bank) {
    let who = stage.apply(bank.script, bank.product);
    stage.plan(who, bank.code, Fault::Refused, 1);
    assert_eq!(stage.rests(who), State::Approved);
}

fn codes_refused(stage: &mut Stage, bank: &Bank) {
    let who = stage.apply(bank.script, bank.product);
    stage.plan(who, bank.code, Fault::Refused, 5);
    assert_eq!(stage.rests(who), State::Approved);
}

fn answer_lost(stage: &mut Stage, bank: &Bank) {
    let who = stage.apply(bank.script, bank.product);
    stage.plan(who, bank.code, Fault::Cut, 1);
    assert_eq!(stage.rests(who), State::Approved);
}

fn code_lost(stage: &mut Stage, bank: &Bank) {
    let who = stage.apply(bank.script, bank.product);
    stage.plan(who, bank.code, Fault::RequestCut, 1);
    assert_eq!(stage.rests(who), State::Approved);
}

fn session_refused(stage: &mut Stage, bank: &Bank) {
    let who = stage.apply(bank.script, bank.product);
    stage.plan(who, bank.state, Fault::Refused, 1);
    assert_eq!(stage.rests(who), State::Approved);
}

fn state_odd(stage: &mut Stage, bank: &Bank) {
    let who = stage.apply(bank.script, bank.product);
    stage.plan(who, bank.state, Fault::BadRequest, 1);
    assert_eq!(stage.rests(who), State::Suspended);
    stage.tell(who, Event::ResumeRequested { by: by() });
    assert_eq!(stage.rests(who), State::Approved);
}

fn all_fail(stage: &mut Stage, bank: &Bank) {
    let who = stage.apply(bank.fails, bank.product);
    assert_eq!(stage.rests(who), State::Suspended);
    stage.pass(25 * HOUR);
    stage.tell(who, Event::ResumeRequested { by: by() });
    stage.until(who, bank.kind, bank.begins);
    assert_eq!(stage.rests(who), State::Suspended);
}

fn restarted(stage: &mut Stage, bank: &Bank) {
    let who = stage.apply(bank.script, bank.product);
    stage.until(who, bank.kind, "MSG_CAPTCHA_REQUIRED");
    stage.tell(who, Event::RestartRequested { collection: bank.kind, by: by() });
    assert_eq!(stage.rests(who), State::Approved);
}

fn down(stage: &mut Stage, bank: &Bank) {
    let who = stage.apply(bank.script, bank.product);
    stage.until(who, bank.kind, "COLLECT_FINISHED");
    stage.down(bank.system, HOUR);
    assert_eq!(stage.rests(who), State::Approved);
}

fn data_busy(stage: &mut Stage, bank: &Bank) {
    let who = stage.apply(bank.script, bank.product);
    stage.plan(who, bank.data, Fault::SystemError, 100_000);
    stage.until(who, bank.kind, "COLLECT_FINISHED");
    stage.retried_until(who, 10 * MINUTE, |it| it.state() == State::Suspended);
    stage.unplan();
    stage.tell(who, Event::ResumeRequested { by: by() });
    assert_eq!(stage.rests(who), State::Approved);
}

fn login_refused(stage: &mut Stage) {
    let who = stage.apply(SECOND.script, SECOND.product);
    stage.plan(who, Endpoint::EbankV2Login, Fault::Refused, 15);
    assert_eq!(stage.rests(who), State::Expired);
}

fn login_lost(stage: &mut Stage) {
    let who = stage.apply(SECOND.script, SECOND.product);
    stage.plan(who, Endpoint::EbankV2Login, Fault::RequestCut, 1);
    assert_eq!(stage.rests(who), State::Approved);
}

fn state_busy(stage: &mut Stage) {
    let who = stage.apply(SECOND.script, SECOND.product);
    stage.plan(who, SECOND.state, Fault::SystemError, 100_000);
    stage.until(who, SECOND.kind, "SESSION_EXPIRED");
    stage.unplan();
    assert_eq!(stage.rests(who), State::Approved);
}
