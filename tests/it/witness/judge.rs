//! Is all there? A store after its loss against what was told before it.

use super::found::Found;
use super::truth::{Facts, Part, Truth};
use super::work::Deed;

/// How what was found differs from what must be there.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// Missing, changed or too much, and the store does not say so.
    pub(crate) silent: Vec<String>,
    /// The store says so when it is asked.
    pub(crate) told: Vec<String>,
}

/// Compares a part.
pub(crate) fn compare(part: Part, facts: &Facts, found: &Found) -> Differences {
    let mut differences = Differences::default();
    let is_part = |(of, _): &&(Part, String)| *of == part;
    for (_, list, error) in found.unread.iter().filter(|(of, _, _)| *of == part) {
        differences.told.push(format!("all of \"{list}\": {error}"));
    }
    // Where a list cannot be read, nobody has passed over what is on it.
    let is_unread =
        |name: &str| found.unread.iter().any(|(of, list, _)| *of == part && name.starts_with(list));
    for key in facts.keys().filter(is_part) {
        let (_, name) = key;
        match found.facts.get(key) {
            Some(Ok(value)) if *value == facts[key] => {}
            Some(Ok(value)) => {
                differences.silent.push(format!("{name}: {value}, but it was {}", facts[key]));
            }
            Some(Err(error)) => differences.told.push(format!("{name}: {error}")),
            None if is_unread(name) => {}
            None => differences.silent.push(format!("{name} is missing, it was {}", facts[key])),
        }
    }
    for (key, value) in &found.facts {
        let (of, name) = key;
        if *of == part && !facts.contains_key(key) {
            match value {
                Ok(value) => differences.silent.push(format!("{name} is there, but must not be: {value}")),
                Err(error) => differences.told.push(format!("{name}: {error}")),
            }
        }
    }
    differences
}

/// What was done, and how far it is taken in: moments are judged in their order.
pub(crate) struct History<'a> {
    deeds: &'a [Deed],
    /// The truth of the deeds before `durable`.
    base: Truth,
    durable: usize,
}

impl<'a> History<'a> {
    pub(crate) fn new(deeds: &'a [Deed]) -> Self {
        Self { deeds, base: Truth::new(), durable: 0 }
    }

    /// Judges what was found after a loss at a moment at which so many deeds had been answered and so
    /// many begun; gives the truth that it was found to be, or how it differs.
    ///
    /// A deed that was answered must be there, one that was begun may be: whole, and not before those
    /// before it. Deliveries, outages and what is forgotten become durable with the next group or sync.
    pub(crate) fn judge(&mut self, acknowledged: usize, begun: usize, found: &Found) -> Vec<String> {
        let answered = &self.deeds[..acknowledged];
        let durable = answered.iter().rposition(Deed::makes_durable).map_or(0, |last| last + 1);
        assert!(durable >= self.durable, "moments are judged in their order");
        for deed in &self.deeds[self.durable..durable] {
            self.base.apply(deed);
        }
        self.durable = durable;
        let candidates: Vec<_> = (durable..=begun).map(|until| self.candidate(until, begun, found)).collect();
        let mut wrong = Vec::new();
        for part in Part::ALL {
            let from = match part {
                Part::Moves | Part::Stream | Part::Keys => acknowledged,
                Part::Deliveries | Part::Outages => durable,
            };
            let differences = candidates[from - durable..].iter().map(|truth| {
                let Differences { mut silent, told } = compare(part, &truth.facts, found);
                silent.extend(told);
                silent
            });
            wrong.extend(differences.min_by_key(Vec::len).expect("there is one candidate at least"));
        }
        wrong
    }

    /// The truth after the deeds before `until`, with as much forgotten as was found to be, if it may.
    fn candidate(&self, until: usize, begun: usize, found: &Found) -> Truth {
        let mut truth = self.base.clone();
        let mut most = truth.oldest;
        for (at, deed) in self.deeds.iter().enumerate().take(begun).skip(self.durable) {
            match deed {
                Deed::Forget(before) => most = most.max(*before),
                _ if at < until => truth.apply(deed),
                _ => {}
            }
        }
        if (truth.oldest..=most).contains(&found.oldest) {
            truth.forget(found.oldest);
        }
        truth
    }
}
