use super::*;

const CALLS: u64 = 20_000;

#[test]
fn chance_follows_the_seed_and_the_rates() {
    let faults = Faults::of_all_kinds(7, 50_000);
    let run = |faults: &Faults| (0..CALLS).map(|call| faults.draw(call)).collect::<Vec<_>>();
    let drawn = run(&faults);
    assert_eq!(drawn, run(&faults));
    assert_ne!(drawn, run(&Faults { seed: 8, ..faults }));
    let hits = drawn.iter().flatten().count();
    assert!((850..1_150).contains(&hits), "5 % of {CALLS} is about 1,000, not {hits}");
    for fault in Fault::ALL {
        // A refusal is no disturbance.
        assert_eq!(drawn.contains(&Some(fault)), fault != Fault::Refused, "{fault:?}");
    }
    assert!(run(&Faults::default()).iter().all(Option::is_none));
}

#[test]
fn a_planned_fault_hits_whom_it_is_meant_for() {
    let mobile = |number| Mobile::from_number(number);
    let mut trouble = Trouble::default();
    let fault = Fault::Garbage;
    let whose = mobile(19_901_000_001);
    assert!(trouble.plan(Planned { endpoint: Endpoint::TelecomState, fault, mobile: whose, times: 2 }));
    let mut next = |endpoint, mobile| trouble.next(0, endpoint, mobile, 1);
    assert_eq!(next(Endpoint::TelecomState, mobile(19_901_000_002)), None);
    assert_eq!(next(Endpoint::TelecomState, None), None);
    assert_eq!(next(Endpoint::TelecomCaptcha, whose), None);
    assert_eq!(next(Endpoint::TelecomState, whose), Some(fault));
    assert_eq!(next(Endpoint::TelecomState, whose), Some(fault));
    assert_eq!(next(Endpoint::TelecomState, whose), None);
}

#[test]
fn an_outage_takes_a_system_and_ends() {
    let mut trouble = Trouble::default();
    let outage = |kind, until| Outage { kind, until };
    trouble.start_outage(System::Degree, outage(OutageKind::Unavailable, Some(1_000)));
    trouble.start_outage(System::Audit, outage(OutageKind::Cut, None));
    let mut next = |now, endpoint| trouble.next(now, endpoint, None, 1);
    assert_eq!(next(999, Endpoint::DegreeState), Some(Fault::Unavailable));
    assert_eq!(next(999, Endpoint::TelecomState), None);
    assert_eq!(next(1_000, Endpoint::DegreeState), None);
    assert_eq!(next(1_000_000, Endpoint::AuditApply), Some(Fault::RequestCut));
    assert!(trouble.end_outage(System::Audit));
    assert!(!trouble.end_outage(System::Audit));
    assert_eq!(trouble.next(0, Endpoint::AuditApply, None, 1), None);
}

#[test]
fn the_plan_is_bounded() {
    let mut trouble = Trouble::default();
    let planned = Planned { endpoint: Endpoint::Token, fault: Fault::Empty, mobile: None, times: 1 };
    assert!((0..MAX_PLANNED).all(|_| trouble.plan(planned.clone())));
    assert!(!trouble.plan(planned));
    trouble.clear();
    assert_eq!(trouble.planned().count(), 0);
}
