//! The verdicts. Pure: two definitions and who stands where.

use super::definition::Definition;
use super::tally::{Count, Group, Read, Tally};
use super::{Row, Subject, Verdict};
use crate::store::records::definition::StateV1;
use crate::store::records::snapshot::Standing;

/// Judges everything that was counted, machines first.
pub(super) fn rows(tally: &Tally, former: &Definition, running: &Definition) -> Vec<Row> {
    let states = tally.groups.iter().map(|(group, count)| of_state(group, *count, former, running));
    let products = tally.products.iter().map(|((name, version), count)| {
        let (verdict, reason) = of_product(name, *version, *count, former, running);
        let configured = running.products.get(name).map(|it| it.version);
        let subject = Subject::Product { name: name.clone(), version: *version, configured };
        row(subject, *count, verdict, reason)
    });
    states.chain(products).collect()
}

const fn row(subject: Subject, count: Count, verdict: Verdict, reason: String) -> Row {
    Row { subject, count: count.all, live: count.live, verdict, reason }
}

fn of_state(group: &Group, count: Count, former: &Definition, running: &Definition) -> Row {
    let Group { machine, version, state: number, read } = group;
    let [then, drawn] = [former, running].map(|it| it.machines.get(machine));
    let state = number.map_or_else(
        || "that cannot be read".to_owned(),
        |number| {
            let named = former.state(*machine, number).or_else(|| running.state(*machine, number));
            named.map_or_else(|| number.to_string(), |state| state.name.clone())
        },
    );
    let lacking =
        number.and_then(|state| running.lacks(Standing { machine: *machine, version: *version, state }));
    let (now, verdict, reason) = match read {
        Read::As(read) => match running.state(*machine, *read) {
            Some(now) => {
                let before = number.and_then(|number| former.state(*machine, number));
                let (verdict, reason) = if *number == Some(*read) {
                    before.map_or((Verdict::Same, String::new()), |before| changed(before, now))
                } else {
                    (Verdict::NeedsRule, format!("a rule reads them as {}", now.name))
                };
                (Some(now.name.clone()), verdict, reason)
            }
            None => (None, Verdict::Impossible, lacking.unwrap_or_default()),
        },
        Read::Left => (None, Verdict::NeedsRule, "a rule leaves them out".to_owned()),
        Read::Not(reason) => (None, Verdict::Impossible, lacking.unwrap_or_else(|| reason.clone())),
    };
    let name = then.or(drawn).map_or_else(|| machine.to_string(), |machine| machine.name.clone());
    let drawn = drawn.map(|machine| machine.version);
    let subject = Subject::State { machine: name, version: *version, drawn, number: *number, state, now };
    row(subject, count, verdict, reason)
}

/// Compares what a state was with what it is.
fn changed(before: &StateV1, now: &StateV1) -> (Verdict, String) {
    if before.terminal != now.terminal {
        // Who has ended has no wake-up, and who has not has one.
        let reason = if now.terminal { "the state has become an end" } else { "the state is an end no more" };
        return (Verdict::Impossible, format!("{reason}, and no rule says what becomes of them"));
    }
    let word = |word: &Option<String>| word.clone().unwrap_or_else(|| "nobody".to_owned());
    let differs = [
        ("class", before.class.clone(), now.class.clone()),
        ("owner", word(&before.owner), word(&now.owner)),
        ("wake-up", word(&before.wakeup), word(&now.wakeup)),
    ];
    let differs = differs.into_iter().filter(|(_, before, now)| before != now);
    let differs: Vec<_> =
        differs.map(|(what, before, now)| format!("its {what} was {before} and is {now}")).collect();
    match (differs.is_empty(), before.name == now.name) {
        (true, true) => (Verdict::Same, String::new()),
        (true, false) => (Verdict::Renamed, String::new()),
        (false, _) => (Verdict::NeedsRule, format!("{}: without a rule they stay in it", differs.join(", "))),
    }
}

/// An application keeps what its product wanted when it was created; what it needs of the settings is the
/// door through which the rest comes in, and that a version means one thing only.
fn of_product(
    name: &str,
    version: u32,
    count: Count,
    former: &Definition,
    running: &Definition,
) -> (Verdict, String) {
    if count.live == 0 {
        return (Verdict::Same, String::new());
    }
    let Some(configured) = running.products.get(name) else {
        return (
            Verdict::Impossible,
            "it is not in the settings: put it back until these have ended".to_owned(),
        );
    };
    if version > configured.version {
        let reason = format!("the settings have version {}: raise it", configured.version);
        return (Verdict::Impossible, reason);
    }
    let then = former.products.get(name).filter(|then| then.version == configured.version);
    if version == configured.version && then.is_some_and(|then| then != configured) {
        let reason = "the settings have changed and their version has not: raise it; these keep what they \
                      were created with";
        return (Verdict::NeedsRule, reason.to_owned());
    }
    if version < configured.version {
        return (Verdict::Same, "they keep what they were created with".to_owned());
    }
    (Verdict::Same, String::new())
}
