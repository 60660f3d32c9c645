//! Checks of single fields. Each gives the value it accepts; what it does not accept it notes
//! under the field's path, so that all that is wrong with a request is told at once.

use super::name;
use super::status::{self, Violation};
use crate::engine::archive::Archive;
use crate::engine::filter::Filter;
use crate::engine::read::{PAGE_LIMIT, Sorting};
use crate::machine::graph::application::State;
use crate::machine::id::ApplicationId;
use crate::store::Store;
use crate::vault::Secret;
use prost_types::Duration as WireDuration;
use std::fmt::Display;
use std::time::Duration;
use tonic::Status;

/// The longest partner, order number and product, in bytes: they are keys of the store.
pub(super) const LABEL_LIMIT: usize = 64;

/// The longest name of a person or a thing, in characters.
pub(super) const NAME_LIMIT: usize = 100;

/// The longest address, in characters.
pub(super) const ADDRESS_LIMIT: usize = 500;

/// The longest URL, in bytes: what browsers and proxies agree on.
pub(super) const URL_LIMIT: usize = 2048;

/// The fewest and the most digits of a phone number.
pub(super) const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 5..=20;

/// The longest phone number with what sets its digits apart, in bytes.
pub(super) const PHONE_LIMIT: usize = 40;

/// The longest answer, in bytes: far above any code or password.
pub(super) const ANSWER_LIMIT: usize = 200;

/// The longest reason, in bytes: the journal keeps as much.
pub(super) const REASON_LIMIT: usize = crate::machine::challenge::MESSAGE_LIMIT;

/// The size of a page when none is asked for.
pub(super) const PAGE_DEFAULT: usize = 50;

/// How long is waited when nothing else is asked for.
pub(super) const WAIT_DEFAULT: Duration = Duration::from_secs(30);

/// The longest wait: shorter than what proxies cut.
pub(in super::super) const WAIT_LIMIT: Duration = Duration::from_secs(600);

/// The most violations that are told: they travel in a header, which clients limit to 8 KiB.
pub(super) const VIOLATIONS_LIMIT: usize = 20;

/// Whether a text may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    Allowed,
    Refused,
}

/// What was found wrong so far.
#[derive(Default)]
pub(super) struct Check {
    violations: Vec<Violation>,
    untold: usize,
}

impl Check {
    /// Gives what was made of the request, or all that is wrong with it.
    pub(super) fn finish<T>(mut self, made: Option<T>) -> Result<T, Status> {
        if self.untold > 0 {
            let description = format!("{} more violations are not told", self.untold);
            self.violations.push(Violation { field: String::new(), description });
        }
        match made {
            Some(made) if self.violations.is_empty() => Ok(made),
            Some(_) | None => Err(status::invalid(self.violations)),
        }
    }

    /// Notes that a field is wrong. The description must not repeat the value.
    pub(super) fn wrong<T>(&mut self, field: impl Display, description: impl Display) -> Option<T> {
        if self.violations.len() < VIOLATIONS_LIMIT {
            let (field, description) = (field.to_string(), description.to_string());
            self.violations.push(Violation { field, description });
        } else {
            self.untold += 1;
        }
        None
    }

    fn accept<T>(&mut self, is_right: bool, value: T, field: impl Display, must: impl Display) -> Option<T> {
        if is_right { Some(value) } else { self.wrong(field, must) }
    }

    /// A message that must be there.
    pub(super) fn present<T>(&mut self, field: impl Display, value: Option<T>) -> Option<T> {
        if value.is_none() {
            return self.wrong(field, "must be set");
        }
        value
    }

    /// A partner, an order number, a product.
    pub(super) fn label(&mut self, field: impl Display, value: String) -> Option<String> {
        let is_right = (1..=LABEL_LIMIT).contains(&value.len()) && is_printable(&value);
        let must = format_args!("must be 1 to {LABEL_LIMIT} bytes of printable text");
        self.accept(is_right, value, field, must)
    }

    /// A label that may be left out.
    pub(super) fn optional_label(&mut self, field: impl Display, value: String) -> Option<String> {
        if value.is_empty() { None } else { self.label(field, value) }
    }

    /// A name, an address.
    pub(super) fn text(
        &mut self,
        field: impl Display,
        value: String,
        limit: usize,
        empty: Empty,
    ) -> Option<String> {
        let is_there = empty == Empty::Allowed || !value.trim().is_empty();
        let is_right = is_there && value.chars().count() <= limit && !value.contains(char::is_control);
        let least = match empty {
            Empty::Allowed => "at most",
            Empty::Refused => "1 to",
        };
        self.accept(is_right, value, field, format_args!("must be {least} {limit} characters of text"))
    }

    /// The URL of a photo.
    pub(super) fn url(&mut self, field: impl Display, value: String) -> Option<String> {
        let host = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
        let is_right = value.len() <= URL_LIMIT
            && value.bytes().all(|byte| byte.is_ascii_graphic())
            && host.is_some_and(|host| host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['));
        let must = format_args!("must be an http or https URL of at most {URL_LIMIT} bytes");
        self.accept(is_right, value, field, must)
    }

    /// A mobile number: digits only.
    pub(super) fn mobile(&mut self, field: impl Display, value: String) -> Option<String> {
        let is_right = PHONE_DIGITS.contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
        let (least, most) = (PHONE_DIGITS.start(), PHONE_DIGITS.end());
        self.accept(is_right, value, field, format_args!("must be {least} to {most} digits"))
    }

    /// A phone number as people write it.
    pub(super) fn phone(&mut self, field: impl Display, value: String) -> Option<String> {
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        let is_known = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '+' | '(' | ')');
        let is_right =
            value.len() <= PHONE_LIMIT && PHONE_DIGITS.contains(&digits) && value.chars().all(is_known);
        let (least, most) = (PHONE_DIGITS.start(), PHONE_DIGITS.end());
        let must = format_args!("must be {least} to {most} digits, with spaces and -+() between them");
        self.accept(is_right, value, field, must)
    }

    /// An identity number; a small `x` becomes a capital one.
    pub(super) fn id_card(&mut self, field: impl Display, mut value: String) -> Option<String> {
        value.make_ascii_uppercase();
        let is_digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
        let is_right = match value.as_bytes() {
            [digits @ .., last] if digits.len() == 17 => {
                is_digits(digits) && (last.is_ascii_digit() || *last == b'X')
            }
            digits => digits.len() == 15 && is_digits(digits),
        };
        self.accept(is_right, value, field, "must be 15 digits, or 17 digits and a digit or X")
    }

    /// What an applicant answers.
    pub(super) fn secret(&mut self, field: impl Display, value: String) -> Option<Secret> {
        let is_right = self.answer(field, &value);
        let secret = Secret::from(value);
        is_right.then_some(secret)
    }

    /// The same of one part of an answer.
    pub(super) fn answer(&mut self, field: impl Display, value: &str) -> bool {
        let is_right = (1..=ANSWER_LIMIT).contains(&value.len());
        self.accept(is_right, (), field, format_args!("must be 1 to {ANSWER_LIMIT} bytes")).is_some()
    }

    /// Why something is done.
    pub(super) fn reason(&mut self, field: impl Display, value: String) -> Option<String> {
        let is_right = value.len() <= REASON_LIMIT && !value.trim().is_empty() && is_printable(&value);
        let must = format_args!("must be 1 to {REASON_LIMIT} bytes of printable text");
        self.accept(is_right, value, field, must)
    }

    /// The name of an application.
    pub(super) fn application(&mut self, field: impl Display, name: &str) -> Option<ApplicationId> {
        match name::read_application(name) {
            Some(id) => Some(id),
            None => self.wrong(field, "must be applications/{id} with a UUID"),
        }
    }

    /// The name of a challenge.
    pub(super) fn challenge(&mut self, field: impl Display, name: &str) -> Option<(ApplicationId, u32)> {
        match name::read_challenge(name) {
            Some(found) => Some(found),
            None => self.wrong(field, "must be applications/{id}/challenges/{number}"),
        }
    }

    /// States; none at all is fine.
    pub(super) fn states(&mut self, field: impl Display, numbers: &[i32]) -> Vec<State> {
        let state = |number: &i32| u16::try_from(*number).ok().and_then(State::from_number);
        let states: Vec<_> = numbers.iter().filter_map(state).collect();
        if states.len() < numbers.len() {
            self.wrong::<()>(field, "must name states that this server knows");
        }
        states
    }

    /// A filter.
    pub(super) fn filter<S: Store>(
        &mut self,
        field: impl Display,
        text: &str,
        archive: &Archive<S>,
    ) -> Option<Filter> {
        match Filter::parse(text, |purpose, text| archive.digest(purpose, text)) {
            Ok(filter) => Some(filter),
            Err(error) => self.wrong(field, error),
        }
    }

    /// The order of a list.
    pub(super) fn order(&mut self, field: impl Display, text: &str) -> Option<Sorting> {
        let words: Vec<_> = text.split_whitespace().collect();
        match words[..] {
            [] | ["create_time"] | ["create_time", "asc"] => Some(Sorting::Created),
            ["create_time", "desc"] => Some(Sorting::CreatedLast),
            ["state_time"] | ["state_time", "asc"] => Some(Sorting::Moved),
            ["state_time", "desc"] => Some(Sorting::MovedLast),
            ["next_look_time"] | ["next_look_time", "asc"] => Some(Sorting::NextLook),
            _ => self.wrong(
                field,
                "must be create_time, create_time desc, state_time, state_time desc or next_look_time",
            ),
        }
    }

    /// The size of a page.
    pub(super) fn page_size(&mut self, field: impl Display, size: i32) -> Option<usize> {
        match usize::try_from(size) {
            Ok(0) => Some(PAGE_DEFAULT),
            Ok(size) if size <= PAGE_LIMIT => Some(size),
            Ok(_) | Err(_) => self.wrong(field, format_args!("must be 0 to {PAGE_LIMIT}")),
        }
    }

    /// How long to wait.
    pub(super) fn patience(&mut self, field: impl Display, wait: Option<WireDuration>) -> Option<Duration> {
        let Some(wait) = wait else { return Some(WAIT_DEFAULT) };
        let patience = Duration::try_from(wait).ok().filter(|patience| *patience <= WAIT_LIMIT);
        if patience.is_none() {
            let most = WAIT_LIMIT.as_secs();
            return self.wrong(field, format_args!("must be 0 to {most} seconds"));
        }
        patience
    }
}

fn is_printable(text: &str) -> bool {
    !text.contains(char::is_control) && text.trim() == text
}
