//! The banks that an applicant can choose from, of either version of e-banking, and the check of the
//! choice.
//!
//! Owns the limits of a list, which inputs are supported, and patterns of foreign make: they run in
//! linear time and bounded memory, and one that the engine does not know checks nothing. It must never
//! repeat what an applicant typed.

use super::answer::{BankLogin, LOGIN_NAME, PART_LIMIT, PASSWORD};
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Banks of a list: the whole country has a few hundred with online banking.
pub const BANKS_LIMIT: usize = 500;

/// Patterns of one list that are tried in order to tell those that check nothing.
const TRIED_LIMIT: usize = 64;

/// Login types of a bank: by card, name, phone, identity number, for two kinds of cards.
pub const LOGIN_TYPES_LIMIT: usize = 20;

/// Inputs of a login type: a form that a person fills in.
pub const INPUTS_LIMIT: usize = 10;

/// Bytes of any text or pattern of a list.
pub const TEXT_LIMIT: usize = 1024;

/// Bytes of memory that a pattern may take once compiled: a card number's takes a few KiB.
const PATTERN_MEMORY: usize = 256 * 1024;

/// The banks (spec 002 §5.1.1, §6.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankList {
    /// The banks, in the provider's order.
    pub banks: Vec<Bank>,
}

/// A bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bank {
    /// Its name, for people.
    pub name: String,
    /// Its code.
    pub code: String,
    /// Why it cannot be chosen, if it cannot.
    pub disabled: Option<String>,
    /// The ways to log in.
    pub logins: Vec<LoginType>,
}

/// A way to log in at a bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginType {
    /// Its title, for people.
    pub title: String,
    /// Its id; no other of the list has the same, unless it is disabled.
    pub entry_id: String,
    /// Which cards it shows.
    pub kind: CardKind,
    /// Why it cannot be chosen, if it cannot.
    pub disabled: Option<String>,
    /// What the applicant must type, in this order.
    pub inputs: Vec<Input>,
}

/// Which cards a login type shows (spec 002 §5.1.1 `entryType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardKind {
    /// Credit and debit cards (0).
    CreditAndDebit,
    /// Credit cards only (1).
    Credit,
    /// Debit cards only (2).
    Debit,
}

/// Something that the applicant must type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name in the form.
    pub name: String,
    /// Its label, for people.
    pub label: String,
    /// What it is for, for people.
    pub description: String,
    /// A regular expression that a good value matches, anchored only as it is written; empty when there
    /// is none.
    pub pattern: String,
}

/// A list cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BankListError {
    /// There is more of something than anybody needs.
    #[error("keep the list of banks: there are {found} {what}, at most {limit} are kept")]
    TooMany {
        /// What.
        what: &'static str,
        /// How many.
        found: usize,
        /// How many are kept.
        limit: usize,
    },
    /// A text is longer than anybody reads.
    #[error("keep the list of banks: a {what} has {found} bytes, at most {TEXT_LIMIT} are kept")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// Its bytes.
        found: usize,
    },
    /// What was stored as a list is none.
    #[error("read a stored list of banks")]
    NoList,
}

/// What is wrong with an applicant's choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Where.
    pub place: Place,
    /// What; never what was typed.
    pub problem: String,
}

/// The part of an applicant's choice in which something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The login type.
    EntryId,
    /// The input of this name in the list.
    Input(String),
    /// The inputs as a whole.
    Inputs,
    /// The consent to the agreement.
    Agreement,
}

impl BankList {
    /// Takes a provider's banks, within the limits; disables login types that cannot be used: those
    /// with inputs that no call carries, and those whose id another had before.
    ///
    /// # Errors
    /// There are too many, or a text is too long.
    pub fn new(mut banks: Vec<Bank>) -> Result<Self, BankListError> {
        let mut ids = BTreeSet::new();
        for login in banks.iter_mut().flat_map(|bank| &mut bank.logins) {
            if login.disabled.is_none() {
                login.disabled = unsupported(&login.inputs);
            }
            if login.disabled.is_none() && !ids.insert(login.entry_id.clone()) {
                login.disabled = Some("another login type has the same id".to_owned());
            }
        }
        let list = Self { banks };
        list.within_limits()?;
        Ok(list)
    }

    /// Writes it as it is stored: the same list always gives the same bytes.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a list of texts can always be written")
    }

    /// Reads it as it was stored.
    ///
    /// # Errors
    /// It is none, or over the limits.
    pub fn from_json(text: &[u8]) -> Result<Self, BankListError> {
        let list: Self = serde_json::from_slice(text).map_err(|_unspoken| BankListError::NoList)?;
        list.within_limits()?;
        Ok(list)
    }

    /// Checks what an applicant chose and typed, and puts the inputs in the order of the list.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn check(&self, mut login: BankLogin) -> Result<BankLogin, Vec<Flaw>> {
        let entry_flaw = |problem: String| vec![Flaw { place: Place::EntryId, problem }];
        let Some((bank, entry)) = self.find(&login.entry_id) else {
            return Err(entry_flaw("no bank of the list has this login type".to_owned()));
        };
        if let Some(reason) = bank.disabled.as_ref().or(entry.disabled.as_ref()) {
            return Err(entry_flaw(format!("cannot be chosen: {reason}")));
        }
        let wanted = entry.inputs.iter().filter_map(|input| {
            let problem = input.problem(login.named(&input.name))?;
            Some(Flaw { place: Place::Input(input.name.clone()), problem })
        });
        let mut flaws: Vec<_> = wanted.collect();
        let position = |name: &str| entry.inputs.iter().position(|input| input.name == name);
        let mut seen = BTreeSet::new();
        for typed in &login.inputs {
            if position(&typed.name).is_none() {
                // The name is the applicant's text: who mixes up name and value must not find it in a log.
                let problem = "have one that is no input of this login type".to_owned();
                flaws.push(Flaw { place: Place::Inputs, problem });
            } else if !seen.insert(&typed.name) {
                let place = Place::Input(typed.name.clone());
                flaws.push(Flaw { place, problem: "is there twice".to_owned() });
            }
        }
        if !flaws.is_empty() {
            return Err(flaws);
        }
        login.inputs.sort_by_key(|typed| position(&typed.name));
        Ok(login)
    }

    /// Lists the patterns that check nothing, because the engine does not know them or because they
    /// would take too much memory. To try one takes time: of a list with very many, the first few are.
    pub fn unknown_patterns(&self) -> BTreeSet<&str> {
        let inputs = self.banks.iter().flat_map(|bank| &bank.logins).flat_map(|login| &login.inputs);
        let patterns: BTreeSet<_> = inputs.map(|input| &*input.pattern).collect();
        patterns.into_iter().take(TRIED_LIMIT).filter(|pattern| compiled(pattern).is_err()).collect()
    }

    /// The login type that can be chosen under an id, or else any that has it.
    fn find(&self, entry_id: &str) -> Option<(&Bank, &LoginType)> {
        let all = || self.banks.iter().flat_map(|bank| bank.logins.iter().map(move |login| (bank, login)));
        let named = |(_, login): &(&Bank, &LoginType)| login.entry_id == entry_id;
        all().find(|it| named(it) && it.1.disabled.is_none()).or_else(|| all().find(named))
    }

    fn within_limits(&self) -> Result<(), BankListError> {
        few("banks", self.banks.len(), BANKS_LIMIT)?;
        for bank in &self.banks {
            few("login types", bank.logins.len(), LOGIN_TYPES_LIMIT)?;
            short("bank's name", &bank.name)?;
            short("bank's code", &bank.code)?;
            short("reason", bank.disabled.as_deref().unwrap_or_default())?;
            for login in &bank.logins {
                few("inputs", login.inputs.len(), INPUTS_LIMIT)?;
                short("title", &login.title)?;
                short("login type's id", &login.entry_id)?;
                short("reason", login.disabled.as_deref().unwrap_or_default())?;
                for Input { name, label, description, pattern } in &login.inputs {
                    short("input's name", name)?;
                    short("label", label)?;
                    short("description", description)?;
                    short("pattern", pattern)?;
                }
            }
        }
        Ok(())
    }
}

impl Input {
    /// Says what is wrong with what was typed.
    fn problem(&self, typed: Option<&str>) -> Option<String> {
        let typed = typed.unwrap_or_default();
        if typed.is_empty() {
            return Some("is missing".to_owned());
        }
        if typed.len() > PART_LIMIT {
            return Some(format!("must be at most {PART_LIMIT} bytes"));
        }
        (!matches(&self.pattern, typed)).then(|| format!("must match {}", self.pattern))
    }

    /// Says whether it must not be shown while it is typed.
    pub fn is_secret(&self) -> bool {
        self.name == PASSWORD
    }
}

/// Says whether a text matches a bank's pattern; one that the engine does not know checks nothing.
pub fn matches(pattern: &str, text: &str) -> bool {
    compiled(pattern).map_or(true, |pattern| pattern.is_match(text))
}

/// Says why nobody can log in with these inputs: the calls carry a login name and at most a password
/// (spec 005 A-002-34).
fn unsupported(inputs: &[Input]) -> Option<String> {
    let names: Vec<_> = inputs.iter().map(|input| &*input.name).filter(|name| *name != PASSWORD).collect();
    let passwords = inputs.len() - names.len();
    let problem = match names.as_slice() {
        [_] if passwords <= 1 => return None,
        [_] => "more than one password",
        [] => "no login name",
        [..] if names.contains(&LOGIN_NAME) => "an input besides login name and password",
        [..] => "more than one input that may be the login name",
    };
    Some(format!("its form is not supported: {problem}"))
}

/// Compiles a pattern; ASCII digits and letters only are what its author meant by `\d` and `\w`, unless
/// it names others itself.
fn compiled(pattern: &str) -> Result<Regex, regex::Error> {
    let build = |unicode| {
        let mut builder = RegexBuilder::new(pattern);
        builder.unicode(unicode).size_limit(PATTERN_MEMORY).dfa_size_limit(PATTERN_MEMORY).build()
    };
    build(false).or_else(|_| build(true))
}

const fn few(what: &'static str, found: usize, limit: usize) -> Result<(), BankListError> {
    if found > limit { Err(BankListError::TooMany { what, found, limit }) } else { Ok(()) }
}

const fn short(what: &'static str, text: &str) -> Result<(), BankListError> {
    if text.len() > TEXT_LIMIT { Err(BankListError::TooLong { what, found: text.len() }) } else { Ok(()) }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EntryId => f.write_str("entry_id"),
            Self::Input(name) => write!(f, "inputs[{name}]"),
            Self::Inputs => f.write_str("inputs"),
            Self::Agreement => f.write_str("agreement"),
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.problem)
    }
}

#[cfg(test)]
mod tests;
