//! What is stuck: grouped by reason and by the fingerprint of the failure, so that ten thousand of
//! one kind are one line.

use super::core::LoadError;
use super::{Engine, EngineError, aside};
use crate::machine::application::{Application, Hold, Phase};
use crate::machine::call::{Cause, System};
use crate::machine::collection::{Collection, Situation};
use crate::machine::graph::application::State;
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::records::index;
use crate::store::{IndexKey, READ_LIMIT, Store};
use aws_lc_rs::digest;
use std::collections::BTreeMap;

/// The most names of a group that was asked for by its fingerprint.
pub const NAMES_LIMIT: usize = 10_000;

/// The most names of a group among others.
pub const SAMPLES: usize = 5;

/// What holds an application up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It is suspended.
    Suspended,
    /// A collection that it cannot do without is parked, while others go on.
    Parked,
    /// An operator holds it.
    Held,
    /// A call of its is tried in vain, and still tried.
    Retrying,
    /// A call of its is parked: the system of the provider that it goes to is down.
    Outage,
}

impl Kind {
    /// Gives the name used in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Parked => "parked",
            Self::Held => "held",
            Self::Retrying => "retrying",
            Self::Outage => "outage",
        }
    }
}

/// Applications that are stuck for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What holds them up.
    pub kind: Kind,
    /// Why, as a permanent word.
    pub reason: String,
    /// The same for the same failure.
    pub fingerprint: String,
    /// Where they stand, or stood when they were suspended: machine and state.
    pub place: String,
    /// The words of one of them.
    pub detail: String,
    /// How many there are.
    pub count: u64,
    /// Since when the oldest is stuck.
    pub oldest: Time,
    /// Some of them, or all.
    pub names: Vec<ApplicationId>,
}

/// One application that is stuck, and why.
struct Case {
    id: ApplicationId,
    kind: Kind,
    reason: String,
    place: String,
    detail: String,
    since: Time,
}

impl Case {
    fn new(id: ApplicationId, kind: Kind, cause: &Cause, place: String, since: Time) -> Self {
        let (reason, detail) = (cause.name().to_owned(), cause.detail().to_owned());
        Self { id, kind, reason, place, detail, since }
    }
}

/// A call that is tried in vain.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// Whose.
    pub application: ApplicationId,
    /// How often it was tried.
    pub tries: u32,
    /// What went wrong last.
    pub detail: String,
}

/// The calls that are parked because a system of the provider is down.
#[derive(Debug, Clone)]
pub struct Parked {
    /// Which system.
    pub system: System,
    /// Since when it is down.
    pub since: Time,
    /// What went wrong last.
    pub detail: String,
    /// Whose calls they are, and since when each waits.
    pub calls: Vec<(ApplicationId, Time)>,
}

impl<S: Store> Engine<S> {
    /// Lists what is stuck, the largest group first; one group with all its names if a fingerprint
    /// is given.
    pub async fn stuck(&self, fingerprint: Option<String>) -> Result<Vec<Group>, EngineError> {
        self.all_durable().await?;
        let (troubled, parked) = self.in_vain().await;
        let engine = self.clone();
        let groups = aside(move || engine.group(troubled, parked, fingerprint.as_deref())).await?;
        // What was read may be newer than what was durable when it was begun.
        self.all_durable().await?;
        Ok(groups)
    }

    fn group(
        &self,
        troubled: Vec<Trouble>,
        parked: Vec<Parked>,
        only: Option<&str>,
    ) -> Result<Vec<Group>, LoadError> {
        let names_limit = if only.is_some() { NAMES_LIMIT } else { SAMPLES };
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        let mut add = |case: Case| {
            let fingerprint = fingerprint(&case);
            if only.is_some_and(|only| only != fingerprint) {
                return;
            }
            let Case { id, kind, reason, place, detail, since } = case;
            let group = groups.entry(fingerprint.clone()).or_insert_with(|| {
                let names = Vec::new();
                Group { kind, reason, fingerprint, place, detail, count: 0, oldest: since, names }
            });
            group.count += 1;
            group.oldest = group.oldest.min(since);
            if group.names.len() < names_limit {
                group.names.push(id);
            }
        };
        self.each(&index::by_state(State::Suspended), |it| suspended(it).into_iter().for_each(&mut add))?;
        self.each(&index::parked(), |it| half_parked(it).into_iter().for_each(&mut add))?;
        self.each(&index::held(), |it| held(it).into_iter().for_each(&mut add))?;
        for Trouble { application, detail, .. } in troubled {
            let Some((found, _)) = self.stored(application)? else { continue };
            let (kind, reason) = (Kind::Retrying, "RETRYING".to_owned());
            let place = place(found.state());
            add(Case { id: application, kind, reason, place, detail, since: found.since });
        }
        // There may be many: what is told of them is known without reading each.
        for Parked { system, since, detail, calls } in parked {
            let (kind, place) = (Kind::Outage, format!("provider {}", system.name()));
            let detail = format!("{} is down since {}: {detail}", system.name(), utc(since));
            for (id, since) in calls {
                let (reason, place, detail) = ("OUTAGE".to_owned(), place.clone(), detail.clone());
                add(Case { id, kind, reason, place, detail, since });
            }
        }
        let mut groups: Vec<_> = groups.into_values().collect();
        groups.sort_by_key(|group| (std::cmp::Reverse(group.count), group.fingerprint.clone()));
        Ok(groups)
    }

    /// Looks at all applications under an index key, page by page.
    fn each(&self, key: &IndexKey, mut look: impl FnMut(&Application)) -> Result<(), LoadError> {
        let mut after = None;
        loop {
            let ids = self.store().indexed(key, after, READ_LIMIT)?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = Some(*last);
            for id in ids {
                if let Some((application, _)) = self.stored(id)? {
                    look(&application);
                }
            }
        }
    }
}

fn suspended(it: &Application) -> Option<Case> {
    let Phase::Suspended { origin, cause, .. } = &it.phase else { return None };
    // That the collections are parked says little: why one is parked says more.
    let weightiest = if *cause == Cause::CollectionsParked { weightiest(it) } else { None };
    let (cause, place) = match weightiest {
        Some(collection) => (collection.parked()?, stood(collection)),
        None => (cause, place(origin.state())),
    };
    Some(Case::new(it.id, Kind::Suspended, cause, place, it.since))
}

fn half_parked(it: &Application) -> Option<Case> {
    let collection = weightiest(it)?;
    Some(Case::new(it.id, Kind::Parked, collection.parked()?, stood(collection), collection.since))
}

/// Of the collections that are parked the one that weighs most: what the product cannot do without.
fn weightiest(it: &Application) -> Option<&Collection> {
    let mut parked = it.collections.iter().filter(|collection| collection.parked().is_some());
    parked.clone().find(|collection| collection.required).or_else(|| parked.next())
}

/// Where a parked collection stood.
fn stood(collection: &Collection) -> String {
    let origin =
        if let Situation::Parked { origin, .. } = &collection.situation { origin.as_ref() } else { None };
    let stood = origin.and_then(|origin| collection.kind.state(origin.number()));
    format!("{} {}", collection.kind.name(), stood.map_or("between sessions", |state| state.name))
}

fn held(it: &Application) -> Option<Case> {
    let Hold { since, by, .. } = it.held.as_ref()?;
    let (place, detail) = (place(it.state()), format!("{}: {}", by.actor, by.reason));
    Some(Case { id: it.id, kind: Kind::Held, reason: "HELD".to_owned(), place, detail, since: *since })
}

/// A moment as people read it.
fn utc(time: Time) -> String {
    let millis = i64::try_from(time.as_millis()).ok();
    let told = millis.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    told.map_or_else(|| time.to_string(), |told| format!("{told:.0}"))
}

fn place(state: State) -> String {
    format!("application {}", state.name())
}

/// The first eight bytes of a SHA-256 over what makes two failures the same: numbers and ids in the
/// words of the failure do not.
fn fingerprint(case: &Case) -> String {
    let is_numeric = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit());
    let words = case.detail.split(|c: char| c.is_whitespace() || matches!(c, '"' | ',' | ';' | '(' | ')'));
    let words: Vec<_> = words.filter(|word| !word.is_empty() && !is_numeric(word)).collect();
    let text = format!("{:?} {} {} {}", case.kind, case.reason, case.place, words.join(" "));
    hex::encode(&digest::digest(&digest::SHA256, text.as_bytes()).as_ref()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::samples;

    fn case(detail: &str, reason: &str) -> Case {
        Case {
            id: crate::machine::samples::ID,
            kind: Kind::Suspended,
            reason: reason.to_owned(),
            place: "application DATA_READY".to_owned(),
            detail: detail.to_owned(),
            since: crate::machine::samples::NOW,
        }
    }

    #[test]
    fn of_what_still_collects_the_collection_is_told() {
        let all = samples::with_two_collections(&samples::captcha_required());
        let told = |it: &Application| {
            let case = half_parked(it)?;
            Some((case.kind.name(), case.reason, case.place))
        };
        let mut count = 0;
        for it in all {
            let required = it.collections.iter().find(|it| it.required && it.parked().is_some());
            let Some(cause) = required.and_then(Collection::parked) else { continue };
            let (kind, reason, place) = told(&it).unwrap();
            assert_eq!((kind, reason.as_str()), ("parked", cause.name()));
            assert!(place.starts_with(required.unwrap().kind.name()), "{place}");
            count += 1;
        }
        assert!(count > 0);
    }

    #[test]
    fn the_same_failure_has_the_same_fingerprint_whatever_its_numbers() {
        let one = fingerprint(&case("status 503 from the provider after 30s", "PROVIDER_UNAVAILABLE"));
        let other = fingerprint(&case("status 502 from the provider after 4s", "PROVIDER_UNAVAILABLE"));
        assert_eq!(one, other);
        assert_eq!(one.len(), 16);
        assert_ne!(one, fingerprint(&case("status 503 from the provider after 30s", "PROVIDER_DENIED")));
        assert_ne!(one, fingerprint(&case("connection refused", "PROVIDER_UNAVAILABLE")));
    }
}
