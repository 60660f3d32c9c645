//! Filters: which applications are meant. One language for lists, watches and the command line
//! (docs/reference/filter.md).
//!
//! What is compared about a person is a keyed digest: a filter holds no mobile or identity number,
//! and neither its text nor its errors repeat one.

mod lex;
mod parse;
#[cfg(test)]
mod tests;

pub use self::parse::FilterError;

use crate::machine::graph::application::State;
use crate::machine::id::ApplicationId;
use crate::machine::table::Owner;
use crate::machine::time::Time;
use crate::machine::view::{Brief, View};
use crate::store::IndexKey;
use crate::store::records::index;
use std::time::Duration;

/// Which applications are meant; all by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    expression: Option<Expression>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Expression {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Term(Term),
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Name(ApplicationId),
    State(State),
    Owner(Owner),
    Partner(String),
    Order(String),
    Product(String),
    Phone([u8; 16]),
    Identity([u8; 16]),
    Held(bool),
    Stuck(bool),
    Cause(String),
    WaitsFor(String),
    CreateTime(Bound, Time),
    StateTime(Bound, Time),
    Age(Bound, Duration),
    Dwell(Bound, Duration),
}

/// How a moment or a duration is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Bound {
    fn holds<T: Ord>(self, found: &T, bound: &T) -> bool {
        match self {
            Self::Less => found < bound,
            Self::LessOrEqual => found <= bound,
            Self::Greater => found > bound,
            Self::GreaterOrEqual => found >= bound,
        }
    }
}

impl Filter {
    /// Reads a filter; an empty text means all. `digest` digests what is told of a person, by its
    /// purpose, as the index does.
    pub fn parse(text: &str, digest: impl Fn(&str, &str) -> [u8; 16]) -> Result<Self, FilterError> {
        Ok(Self { expression: parse::parse(text, &digest)? })
    }

    /// Says whether an application that looks like `view` is meant at `now`.
    pub fn matches(&self, view: &View, now: Time) -> bool {
        self.matched(&view.brief(), view, now)
    }

    /// The same, had it looked like `brief` in what changes.
    pub fn matched(&self, brief: &Brief, view: &View, now: Time) -> bool {
        self.expression.as_ref().is_none_or(|expression| expression.holds(brief, view, now))
    }

    /// Names a field that tells by itself, as time goes by, what is meant: no change says so, and it
    /// cannot be watched.
    pub fn timed_field(&self) -> Option<&'static str> {
        self.expression.as_ref().and_then(Expression::timed_field)
    }

    /// Gives what to look through: applications under any of these keys, or some by name; all when
    /// nothing narrows it.
    pub(super) fn narrowed(&self) -> Narrowed {
        self.expression.as_ref().and_then(Expression::narrowed).unwrap_or(Narrowed::Nothing)
    }
}

/// Where the applications are that may match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Narrowed {
    /// Anywhere.
    Nothing,
    /// Under one of these keys.
    Keys(Vec<IndexKey>),
    /// These alone.
    Names(Vec<ApplicationId>),
}

impl Expression {
    fn holds(&self, brief: &Brief, view: &View, now: Time) -> bool {
        match self {
            Self::All(all) => all.iter().all(|each| each.holds(brief, view, now)),
            Self::Any(any) => any.iter().any(|each| each.holds(brief, view, now)),
            Self::Not(not) => !not.holds(brief, view, now),
            Self::Term(term) => term.holds(brief, view, now),
        }
    }

    fn timed_field(&self) -> Option<&'static str> {
        match self {
            Self::All(each) | Self::Any(each) => each.iter().find_map(Self::timed_field),
            Self::Not(not) => not.timed_field(),
            Self::Term(Term::Age(..)) => Some("age"),
            Self::Term(Term::Dwell(..)) => Some("dwell"),
            Self::Term(Term::StateTime(..)) => Some("state_time"),
            Self::Term(_) => None,
        }
    }

    /// The best of what must hold, or all of what may: an index is only a help, each application is
    /// looked at all the same.
    fn narrowed(&self) -> Option<Narrowed> {
        match self {
            Self::All(all) => {
                all.iter().filter_map(Self::narrowed).chain(source(all)).max_by_key(Narrowed::worth)
            }
            Self::Any(any) => {
                let each: Option<Vec<_>> = any.iter().map(Self::narrowed).collect();
                each.and_then(|each| each.into_iter().reduce(Narrowed::or))
            }
            Self::Not(_) => None,
            Self::Term(term) => term.narrowed(),
        }
    }
}

/// A partner and an order number that must both hold find one application at most.
fn source(all: &[Expression]) -> Option<Narrowed> {
    let partner = all.iter().find_map(|each| match each {
        Expression::Term(Term::Partner(partner)) => Some(partner.clone()),
        Expression::All(_) | Expression::Any(_) | Expression::Not(_) | Expression::Term(_) => None,
    })?;
    let order = all.iter().find_map(|each| match each {
        Expression::Term(Term::Order(order)) => Some(order.clone()),
        Expression::All(_) | Expression::Any(_) | Expression::Not(_) | Expression::Term(_) => None,
    })?;
    let source = crate::machine::application::Source { partner, order };
    Some(Narrowed::Keys(vec![index::by_source(&source)]))
}

impl Narrowed {
    /// How much it helps: names, then what finds few, then the rest; fewer keys first.
    fn worth(&self) -> (u8, usize) {
        match self {
            Self::Nothing => (0, 0),
            Self::Keys(keys) => {
                let is_rare = keys.iter().all(index::is_rare);
                (if is_rare { 2 } else { 1 }, usize::MAX - keys.len())
            }
            Self::Names(names) => (3, usize::MAX - names.len()),
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Keys(mut keys), Self::Keys(more)) => {
                keys.extend(more);
                keys.sort_unstable();
                keys.dedup();
                Self::Keys(keys)
            }
            (Self::Names(mut names), Self::Names(more)) => {
                names.extend(more);
                names.sort_unstable();
                names.dedup();
                Self::Names(names)
            }
            _different => Self::Nothing,
        }
    }
}

impl Term {
    fn holds(&self, brief: &Brief, view: &View, now: Time) -> bool {
        match self {
            Self::Name(id) => view.id == *id,
            Self::State(state) => brief.state == *state,
            Self::Owner(owner) => brief.owner == Some(*owner),
            Self::Partner(partner) => view.source.partner == *partner,
            Self::Order(order) => view.source.order == *order,
            Self::Product(product) => view.product == *product,
            Self::Phone(digest) => view.phone == Some(*digest),
            Self::Identity(digest) => view.identity == Some(*digest),
            Self::Held(held) => brief.held == *held,
            Self::Stuck(stuck) => (brief.held || brief.cause.is_some()) == *stuck,
            Self::Cause(cause) => brief.cause.as_ref() == Some(cause),
            Self::WaitsFor(what) => brief.waits_for.contains(what),
            Self::CreateTime(bound, time) => bound.holds(&view.created, time),
            Self::StateTime(bound, time) => bound.holds(&view.since, time),
            Self::Age(bound, age) => bound.holds(&now.since(view.created), age),
            Self::Dwell(bound, dwell) => bound.holds(&now.since(view.since), dwell),
        }
    }

    fn narrowed(&self) -> Option<Narrowed> {
        let keys = match self {
            Self::Name(id) => return Some(Narrowed::Names(vec![*id])),
            Self::State(state) => vec![index::by_state(*state)],
            Self::Phone(digest) => vec![index::by_phone(*digest)],
            Self::Identity(digest) => vec![index::by_identity(*digest)],
            Self::Held(true) => vec![index::held()],
            Self::Stuck(true) => {
                vec![index::by_state(State::Suspended), index::parked(), index::held()]
            }
            Self::Cause(cause) => vec![index::by_cause(cause)],
            Self::Owner(_)
            | Self::Partner(_)
            | Self::Order(_)
            | Self::Product(_)
            | Self::Held(false)
            | Self::Stuck(false)
            | Self::WaitsFor(_)
            | Self::CreateTime(..)
            | Self::StateTime(..)
            | Self::Age(..)
            | Self::Dwell(..) => return None,
        };
        Some(Narrowed::Keys(keys))
    }
}
