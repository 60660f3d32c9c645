//! From the lists of banks of both versions to the one that applicants choose from (spec 005 A-002-5).
//!
//! Owns the mapping, and says in the log which patterns check nothing. It must never drop a limit of
//! [`BankList`].

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::text::fit;
use super::wire::{ebank, ebank_v2};
use crate::engine::bank::{Bank, BankList, BankListError, CardKind, Input, LoginType};

/// Patterns that are said to check nothing; more are not said.
const SAID_LIMIT: usize = 100;

/// Takes the list of the first version (spec 002 §5.1.1).
pub(super) fn first(list: ebank::BankInfoReply) -> Result<BankList, BankListError> {
    let login = |login: ebank::LoginType| {
        let disabled = disabled(login.disable, &login.disable_reason);
        login_type(login.title, login.entry_id, login.entry_type, disabled, login.inputs)
    };
    taken(list.0.into_iter().map(|bank| Bank {
        name: fit(&bank.bank_name, &[]),
        code: fit(&bank.bank_code, &[]),
        disabled: disabled(bank.disable, &bank.disable_reason),
        logins: bank.login_types.into_iter().filter_map(login).collect(),
    }))
}

/// Takes the list of the second version, which disables nothing (spec 002 §6.1.2).
pub(super) fn second(list: ebank_v2::BankListReply) -> Result<BankList, BankListError> {
    let login = |login: ebank_v2::LoginType| {
        login_type(login.title, login.entry_id, login.entry_type, None, login.inputs)
    };
    taken(list.0.into_iter().map(|bank| Bank {
        name: fit(&bank.bank_name, &[]),
        code: fit(&bank.bank_code, &[]),
        disabled: None,
        logins: bank.login_types.into_iter().filter_map(login).collect(),
    }))
}

fn taken(banks: impl Iterator<Item = Bank>) -> Result<BankList, BankListError> {
    let list = BankList::new(banks.collect())?;
    let unknown = list.unknown_patterns();
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    for pattern in unknown {
        if said.len() < SAID_LIMIT && said.insert(pattern.to_owned()) {
            tracing::warn!(?pattern, "a bank's pattern is not supported and checks nothing");
        }
    }
    Ok(list)
}

/// Takes a login type; one for cards of a kind that is not printed is left out, for nobody could say
/// what it shows.
fn login_type(
    title: String,
    entry_id: String,
    entry_type: i64,
    disabled: Option<String>,
    inputs: Vec<ebank::Input>,
) -> Option<LoginType> {
    let kind = match entry_type {
        0 => CardKind::CreditAndDebit,
        1 => CardKind::Credit,
        2 => CardKind::Debit,
        other => {
            tracing::warn!(entry_type = other, "a login type is for cards of no printed kind: left out");
            return None;
        }
    };
    let inputs = inputs.into_iter().map(|input| Input {
        name: input.name,
        label: fit(&input.label, &[]),
        description: fit(&input.desc, &[]),
        pattern: input.valid,
    });
    Some(LoginType { title: fit(&title, &[]), entry_id, kind, disabled, inputs: inputs.collect() })
}

/// The reason for which something cannot be chosen, if it cannot.
fn disabled(is_disabled: bool, reason: &str) -> Option<String> {
    let reason = if reason.trim().is_empty() { "the provider gives no reason" } else { reason };
    is_disabled.then(|| fit(reason, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_say_the_same() {
        let printed = r#"[{"bankName":"招商银行","bankCode":"CMB","disable":false,"disableReason":"","loginTypes":[{"title":"身份证登录","disable":"1","disableReason":"","entryId":101,"entryType":"0","inputs":[{"name":"login_name","label":"身份证号","desc":"请输入身份证号","valid":"^\\d{17}[0-9X]$"}]},{"title":"?","entryId":"102","entryType":7}]}]"#;
        let mut first = first(serde_json::from_str(printed).unwrap()).unwrap();
        let reason = first.banks[0].logins[0].disabled.take();
        assert_eq!(reason.as_deref(), Some("the provider gives no reason"));
        let printed = r#"{"bank_name":"招商银行","bank_code":"CMB","login_types":[{"title":"身份证登录","entry_id":"101","entry_type":0,"inputs":[{"name":"login_name","label":"身份证号","desc":"请输入身份证号","valid":"^\\d{17}[0-9X]$"}]}]}"#;
        let second = second(serde_json::from_str(printed).unwrap()).unwrap();
        assert_eq!(first, second);
        assert_eq!(second.banks[0].logins.len(), 1, "an unprinted kind of cards is left out");
    }

    #[test]
    fn texts_are_for_people() {
        let hostile =
            r#"[{"bankName":"\u001b[2J招商","bankCode":"CMB","disable":1,"disableReason":"\u202e维护"}]"#;
        let list = first(serde_json::from_str(hostile).unwrap()).unwrap();
        assert_eq!(list.banks[0].name, " [2J招商");
        assert_eq!(list.banks[0].disabled.as_deref(), Some(" 维护"));
    }
}
