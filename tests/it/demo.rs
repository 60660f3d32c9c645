//! `docket demo --intake` as a process: what it tells of each way in, line by line.

use serde_json::Value;
use std::process::Command;

/// What it told, a line each.
struct Told(Vec<Value>);

impl Told {
    fn of_type(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(move |line| line["type"] == kind)
    }

    /// The states that a part went through.
    fn states(&self, part: &str) -> String {
        let of_part = self.of_type("change").filter(|line| line["part"] == part);
        let mut states: Vec<_> = of_part.map(|line| line["state"].as_str().unwrap()).collect();
        states.dedup();
        states.join(" ")
    }

    /// What was done about a part.
    fn deeds(&self, part: &str) -> Vec<&str> {
        let of_part = self.of_type("deed").filter(|line| line["part"] == part);
        of_part.map(|line| line["text"].as_str().unwrap()).collect()
    }
}

#[test]
fn every_way_in_leads_to_its_end() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    command.args(["demo", "--intake", "-o", "json"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DOCKET_")) {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success() && err.is_empty(), "{out}{err}");
    let told = Told(out.lines().map(|line| serde_json::from_str(line).unwrap()).collect());

    let pushed = "INIT DATA_READY AUDIT_PENDING APPROVED";
    let reviewed = "INIT REVIEW_PENDING APPROVED";
    for (part, states) in [("000+001", pushed), ("001+000", pushed), ("manual", reviewed), ("004", reviewed)]
    {
        assert_eq!(told.states(part), states, "{part}");
    }
    // Between the two the applicant is asked as often as the sandbox's clock makes it.
    let collected = told.states("003");
    assert!(collected.starts_with("INIT CAPTCHA_REQUIRED COLLECTING CAPTCHA_REQUIRED "), "{collected}");
    assert!(collected.ends_with(" COLLECTING DATA_READY AUDIT_PENDING APPROVED"), "{collected}");
    let endings: Vec<_> = told.of_type("ending").map(|line| (&line["part"], &line["ok"])).collect();
    assert!(endings.len() == 5 && endings.iter().all(|(_, is_right)| **is_right == true), "{endings:?}");
    let summary = told.of_type("summary").next().unwrap();
    for (figure, expected) in
        [("ok", true.into()), ("violations", 0.into()), ("callbacks_ok", Value::from(true))]
    {
        assert_eq!(summary[figure], expected, "{summary}");
    }

    let first = |part: &str| told.deeds(part)[0].to_owned();
    assert!(first("000+001").contains("base info") && first("001+000").contains("additional info"));
    let of_the_signed = told.deeds("003");
    let explained: Vec<_> = of_the_signed.iter().filter(|deed| deed.starts_with("explained")).collect();
    let owed = "the partner owes the next move; \
                evidence is missing: identity_card; no push tells it: a service of the lender owes it, with SubmitEvidence; \
                evidence is missing: address_book; no push tells it: a service of the lender owes it, with SubmitEvidence";
    assert_eq!(*explained[0], format!("explained: {owed}"));
    assert!(explained.len() == 2 && !explained[1].contains("missing"), "{explained:?}");
    let of_the_app = told.deeds("004");
    for expected in
        ["calls 1, 2: ", "call 5: ", "calls 6, 7: ", "calls 8, 9: ", "calls 10, 11: ", "calls 12, 13: "]
    {
        assert_eq!(of_the_app.iter().filter(|deed| deed.starts_with(expected)).count(), 1, "{expected}");
    }
    assert_eq!(of_the_app.iter().filter(|deed| deed.starts_with("calls 3, 4: photo of the ")).count(), 3);
    for part in ["manual", "004"] {
        let deeds = told.deeds(part);
        assert!(deeds.contains(&"ada claims the review") && deeds.contains(&"ada approves"), "{part}");
        let identity = deeds.iter().find(|deed| deed.starts_with("ada sees identity, by the ")).unwrap();
        assert!(identity.contains("****"), "{identity}");
    }
}
