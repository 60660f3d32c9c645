//! From a filter's words to what it means; errors say where, and what would be right.

use super::lex::{self, Token};
use super::{Bound, Expression, Term};
use crate::machine::challenge::ChallengeKind;
use crate::machine::evidence::EvidenceKind;
use crate::machine::graph::application::State;
use crate::machine::id::ApplicationId;
use crate::machine::table::Owner;
use crate::machine::time::Time;
use std::time::Duration;

/// The longest filter, in bytes.
pub(super) const TEXT_LIMIT: usize = 4_096;

/// The most comparisons: a hundred names, and some.
pub(super) const TERMS_LIMIT: usize = 128;

/// The deepest nesting: far above what people write, far below the stack.
pub(super) const DEPTH_LIMIT: usize = 16;

/// A filter makes no sense. The text never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}, at character {at}")]
pub struct FilterError {
    /// The character at which it goes wrong, from 1.
    pub at: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// The fields, in the order in which they are told.
const FIELDS: [&str; 16] = [
    "state",
    "owner",
    "partner",
    "order_number",
    "product",
    "phone",
    "identity_number",
    "name",
    "stuck",
    "held",
    "cause",
    "waiting_for",
    "age",
    "dwell",
    "create_time",
    "state_time",
];

/// Owners by the words of the contract.
const OWNERS: [(&str, Owner); 5] = [
    ("applicant", Owner::Applicant),
    ("provider", Owner::Provider),
    ("partner", Owner::Partner),
    ("operator", Owner::Operator),
    ("docket", Owner::Docket),
];

pub(super) fn parse(
    text: &str,
    digest: &dyn Fn(&str, &str) -> [u8; 16],
) -> Result<Option<Expression>, FilterError> {
    if text.len() > TEXT_LIMIT {
        let what = format!("a filter has at most {TEXT_LIMIT} bytes");
        return Err(FilterError { at: TEXT_LIMIT, what });
    }
    let tokens = lex::tokens(text)
        .map_err(|lex::Unreadable { at, what }| FilterError { at, what: what.to_owned() })?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let end = text.chars().count() + 1;
    let mut parser = Parser { tokens: &tokens, next: 0, end, terms: 0, digest };
    let expression = parser.any(0)?;
    match parser.peek() {
        None => Ok(Some(expression)),
        Some(_) => Err(parser.wrong("`AND`, `OR` or the end is expected")),
    }
}

struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    next: usize,
    end: usize,
    terms: usize,
    digest: &'a dyn Fn(&str, &str) -> [u8; 16],
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn wrong(&self, what: impl Into<String>) -> FilterError {
        FilterError { at: self.at(), what: what.into() }
    }

    /// Goes over a word if it stands here.
    fn takes(&mut self, word: &str) -> bool {
        let is_here = matches!(self.peek(), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word));
        self.next += usize::from(is_here);
        is_here
    }

    fn any(&mut self, depth: usize) -> Result<Expression, FilterError> {
        let mut any = vec![self.all(depth)?];
        while self.takes("OR") {
            any.push(self.all(depth)?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Expression::Any(any) })
    }

    fn all(&mut self, depth: usize) -> Result<Expression, FilterError> {
        let mut all = vec![self.one(depth)?];
        while self.takes("AND") {
            all.push(self.one(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::All(all) })
    }

    fn one(&mut self, depth: usize) -> Result<Expression, FilterError> {
        if depth == DEPTH_LIMIT {
            return Err(self.wrong(format!("a filter is nested at most {DEPTH_LIMIT} deep")));
        }
        if self.takes("NOT") {
            return Ok(Expression::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.peek() != Some(&Token::Open) {
            return self.comparison();
        }
        self.next += 1;
        let inner = self.any(depth + 1)?;
        if self.peek() != Some(&Token::Close) {
            return Err(self.wrong("`)` is expected"));
        }
        self.next += 1;
        Ok(inner)
    }

    fn comparison(&mut self) -> Result<Expression, FilterError> {
        self.terms += 1;
        if self.terms > TERMS_LIMIT {
            return Err(self.wrong(format!("a filter has at most {TERMS_LIMIT} comparisons")));
        }
        let at = self.at();
        let Some(Token::Word(field)) = self.peek() else { return Err(self.wrong("a field is expected")) };
        let known = FIELDS.into_iter().find(|known| known.eq_ignore_ascii_case(field));
        let Some(field) = known else {
            let fields = FIELDS.join(", ");
            let what = match nearest(field, FIELDS) {
                Some(near) => format!("there is no such field: did you mean `{near}`?"),
                None => format!("there is no such field; there are {fields}"),
            };
            return Err(self.wrong(what));
        };
        self.next += 1;
        let Some(Token::Compare(sign)) = self.peek() else {
            return Err(self.wrong("`=`, `!=`, `<`, `<=`, `>` or `>=` is expected"));
        };
        let sign = *sign;
        self.next += 1;
        let value = match self.peek() {
            Some(Token::Word(value) | Token::Text(value)) => value.clone(),
            Some(Token::Open | Token::Close | Token::Compare(_)) | None => {
                return Err(self.wrong("a value is expected"));
            }
        };
        let made = self.term(field, sign, &value);
        let made =
            made.map_err(|(is_value, what)| FilterError { at: if is_value { self.at() } else { at }, what })?;
        self.next += 1;
        Ok(made)
    }

    /// What a comparison means; else whether it is the value that is wrong, and how.
    fn term(&self, field: &str, sign: &str, value: &str) -> Result<Expression, (bool, String)> {
        let bound = match sign {
            "<" => Some(Bound::Less),
            "<=" => Some(Bound::LessOrEqual),
            ">" => Some(Bound::Greater),
            ">=" => Some(Bound::GreaterOrEqual),
            _equality => None,
        };
        if let "age" | "dwell" | "create_time" | "state_time" = field {
            let bound =
                bound.ok_or_else(|| (false, format!("`{field}` is compared with `<`, `<=`, `>` or `>=`")))?;
            let term = match field {
                "age" => Term::Age(bound, duration(value)?),
                "dwell" => Term::Dwell(bound, duration(value)?),
                "create_time" => Term::CreateTime(bound, time(value)?),
                _state_time => Term::StateTime(bound, time(value)?),
            };
            return Ok(Expression::Term(term));
        }
        if bound.is_some() {
            return Err((false, format!("`{field}` is compared with `=` or `!=`")));
        }
        let term = Expression::Term(self.equality(field, value)?);
        Ok(if sign == "!=" { Expression::Not(Box::new(term)) } else { term })
    }

    fn equality(&self, field: &str, value: &str) -> Result<Term, (bool, String)> {
        let text = || value.to_owned();
        Ok(match field {
            "state" => {
                let named = State::ALL.iter().find(|state| state.name().eq_ignore_ascii_case(value));
                let names = State::ALL.iter().map(|state| state.name());
                Term::State(*named.ok_or_else(|| no_value("state", value, names))?)
            }
            "owner" => {
                let named = OWNERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(value));
                let names = OWNERS.iter().map(|(name, _)| *name);
                Term::Owner(named.ok_or_else(|| no_value("owner", value, names))?.1)
            }
            "partner" => Term::Partner(text()),
            "order_number" => Term::Order(text()),
            "product" => Term::Product(text()),
            "phone" => Term::Phone((self.digest)("phone", value)),
            "identity_number" => Term::Identity((self.digest)("identity", &value.to_ascii_uppercase())),
            "name" => {
                let id: Option<ApplicationId> =
                    value.strip_prefix("applications/").unwrap_or(value).parse().ok();
                Term::Name(id.ok_or_else(|| (true, "a name looks like applications/{id}".to_owned()))?)
            }
            "stuck" => Term::Stuck(truth(value)?),
            "held" => Term::Held(truth(value)?),
            "cause" => Term::Cause(value.to_ascii_uppercase()),
            _waiting_for => {
                let value = value.to_ascii_lowercase();
                if !waits().any(|name| name == value) {
                    return Err(no_value("thing to wait for", &value, waits()));
                }
                Term::WaitsFor(value)
            }
        })
    }
}

/// All that an application may wait for, by name.
fn waits() -> impl Iterator<Item = &'static str> {
    let evidence = EvidenceKind::ALL.iter().map(|kind| kind.name());
    let challenges = ChallengeKind::ALL.iter().map(|kind| kind.name());
    evidence.chain(challenges).chain(crate::machine::call::Call::NAMES)
}

fn truth(value: &str) -> Result<bool, (bool, String)> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _other => Err((true, "`true` or `false` is expected".to_owned())),
    }
}

fn duration(value: &str) -> Result<Duration, (bool, String)> {
    let read: Option<jiff::SignedDuration> = value.parse().ok();
    let read = read.and_then(|read| Duration::try_from(read).ok());
    let days = || value.strip_suffix('d')?.parse::<u32>().ok().map(|days| DAY * days);
    read.or_else(days).ok_or_else(|| (true, "a duration is expected, like 90s, 2h or 7d".to_owned()))
}

const DAY: Duration = Duration::from_secs(86_400);

fn time(value: &str) -> Result<Time, (bool, String)> {
    let read = value.parse::<jiff::Timestamp>().ok();
    let millis = read.and_then(|read| u64::try_from(read.as_millisecond()).ok());
    let what = "a moment is expected, in quotes or not, like 2026-01-31T12:00:00Z";
    millis.map(Time::from_millis).ok_or_else(|| (true, what.to_owned()))
}

/// Names are few and told; what was written is not repeated.
fn no_value<'a>(what: &str, value: &str, names: impl Iterator<Item = &'a str>) -> (bool, String) {
    let names: Vec<_> = names.collect();
    let text = match nearest(value, names.iter().copied()) {
        Some(near) => format!("there is no such {what}: did you mean `{near}`?"),
        None => format!("there is no such {what}; there are {}", names.join(", ")),
    };
    (true, text)
}

/// The name that differs least, if it is near enough to be what was meant.
fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let near = names.into_iter().map(|name| (strsim::levenshtein(&word, &name.to_ascii_lowercase()), name));
    near.filter(|(distance, name)| *distance * 3 <= name.len()).min().map(|(_, name)| name)
}
