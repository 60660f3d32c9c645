//! The questions of a bank's login: which bank, which way, what its form wants, and the consent.

use super::super::challenge::{agreed, named, way};
use crate::api::proto::v1::{Agreement, Bank, BankList, BankLogin, Challenge, Input, LoginType};
use crate::cli::failure::{Exit, Failure};
use crate::cli::out::words;
use crate::cli::prompt::{Echo, ask_good};
use crate::engine::answer::PART_LIMIT;
use crate::engine::bank::matches;

/// Asks for all that a challenge with banks wants; each answer is checked at once.
pub(super) fn ask_login(challenge: &Challenge) -> Result<BankLogin, Failure> {
    let (Some(banks), Some(agreement)) = (&challenge.banks, &challenge.agreement) else {
        let what = format!("{} asks for {}", challenge.name, words::challenge(challenge.kind()));
        return Err(Failure::new(Exit::Conflict, what).hint("answer with what is asked for"));
    };
    let login = ask_way(ask_bank(banks)?)?;
    let mut inputs = std::collections::BTreeMap::new();
    for input in &login.inputs {
        inputs.insert(input.name.clone(), ask_input(input)?);
    }
    ask_consent(agreement)?;
    Ok(BankLogin { entry_id: login.entry_id.clone(), inputs, agreement: agreement.name.clone() })
}

fn ask_bank(list: &BankList) -> Result<&Bank, Failure> {
    for (at, bank) in list.banks.iter().enumerate() {
        eprintln!("{:>4} {}", at + 1, words::plain(&named(bank)));
    }
    ask_good("bank, by number, code or name", Echo::Shown, |text| {
        let is_meant = |bank: &&Bank| bank.code.eq_ignore_ascii_case(text) || bank.name == text;
        let bank = numbered(&list.banks, text).or_else(|| list.banks.iter().find(is_meant));
        let bank = bank.ok_or("is none of them")?;
        if bank.disabled.is_empty() { Ok(bank) } else { Err("cannot be chosen".to_owned()) }
    })
}

/// The only way that can be chosen, or the one that is asked for.
fn ask_way(bank: &Bank) -> Result<&LoginType, Failure> {
    let usable: Vec<_> = bank.logins.iter().filter(|login| login.disabled.is_empty()).collect();
    match usable[..] {
        [] => {
            let what = format!("{} has no way to log in that can be chosen", words::plain(&bank.name));
            Err(Failure::new(Exit::Conflict, what).hint("choose another bank"))
        }
        [only] => {
            eprintln!("{}", words::plain(&way(only)));
            Ok(only)
        }
        _ => {
            for (at, login) in usable.iter().enumerate() {
                eprintln!("{:>4} {}", at + 1, words::plain(&way(login)));
            }
            ask_good("way to log in, by number or id", Echo::Shown, |text| {
                let named = usable.iter().find(|login| login.entry_id == text);
                named.or_else(|| numbered(&usable, text)).copied().ok_or_else(|| "is none of them".to_owned())
            })
        }
    }
}

fn ask_input(input: &Input) -> Result<String, Failure> {
    let label = if input.label.is_empty() { &input.name } else { &input.label };
    if !input.description.is_empty() {
        eprintln!("{}", words::plain(&input.description));
    }
    let echo = if input.secret { Echo::Hidden } else { Echo::Shown };
    ask_good(&words::plain(label), echo, |text| {
        if text.len() > PART_LIMIT {
            return Err(format!("must be at most {PART_LIMIT} bytes"));
        }
        if !matches(&input.pattern, text) {
            return Err(format!("must match {}", words::plain(&input.pattern)));
        }
        Ok(text.to_owned())
    })
}

/// Asks for the consent: without it nothing is answered.
fn ask_consent(agreement: &Agreement) -> Result<(), Failure> {
    eprintln!("agreement: {}", words::plain(&agreed(agreement)));
    let is_consent = ask_good("does the applicant consent, yes or no", Echo::Shown, |text| match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _other => Err("must be yes or no".to_owned()),
    })?;
    if is_consent {
        return Ok(());
    }
    Err(Failure::new(Exit::Conflict, "the applicant does not consent: nothing was answered"))
}

/// The one that has this number in a list, from 1.
fn numbered<'a, T>(list: &'a [T], text: &str) -> Option<&'a T> {
    list.get(text.parse::<usize>().ok()?.checked_sub(1)?)
}
