//! Applicants' answers of more than one text, in the clear: before they are sealed, and once they are
//! opened for the call that submits them.
//!
//! Owns their form under the seal. It must never print one; what is dropped is wiped. Answers of one
//! text are sealed as that text and have no type here.

use crate::vault::Secret;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroize as _;

/// Bytes of one part of an answer: an account, a login name, a password.
pub const PART_LIMIT: usize = 256;

/// The input that is the login name, where it is called so (spec 005 A-002-34).
pub const LOGIN_NAME: &str = "login_name";

/// The input that is the password (spec 005 A-002-34).
pub const PASSWORD: &str = "password";

/// Room for an answer as it is written, so that no half-written copy is left behind.
const ROOM: usize = 4 * 1024;

/// The account at the register of degrees (spec 002 §4.1.2).
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DegreeAccount {
    /// The account, 学信网账号.
    pub account: String,
    /// Its password.
    pub password: String,
}

/// The choice of a bank's login type, and what is typed into its form (spec 002 §5.1.3, §6.1.4).
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankLogin {
    /// The login type chosen from the list.
    pub entry_id: String,
    /// What was typed, in the order of the list.
    pub inputs: Vec<Typed>,
}

/// What was typed into one input.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    /// The input's name in the list.
    pub name: String,
    /// What was typed.
    pub value: String,
}

/// An opened answer is not of the kind that its challenge asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("read the applicant's answer as a {kind}")]
pub struct AnswerError {
    /// What was expected.
    pub kind: &'static str,
}

impl DegreeAccount {
    /// Writes it as it is sealed.
    pub fn to_secret(&self) -> Secret {
        written(self)
    }

    /// Reads it as it was sealed.
    ///
    /// # Errors
    /// It is none; the error says nothing of what it is.
    pub fn from_secret(secret: &Secret) -> Result<Self, AnswerError> {
        read(secret, "degree account")
    }
}

impl BankLogin {
    /// Writes it as it is sealed.
    pub fn to_secret(&self) -> Secret {
        written(self)
    }

    /// Reads it as it was sealed.
    ///
    /// # Errors
    /// It is none; the error says nothing of what it is.
    pub fn from_secret(secret: &Secret) -> Result<Self, AnswerError> {
        read(secret, "bank login")
    }

    /// Gives the login name: the input of that name, or else the first that is no password (spec 005
    /// A-002-34).
    pub fn login_name(&self) -> Option<&str> {
        self.named(LOGIN_NAME)
            .or_else(|| self.inputs.iter().find(|typed| typed.name != PASSWORD).map(|typed| &*typed.value))
    }

    /// Gives the password, where there is one: some banks want none (spec 002 §5.1.3).
    pub fn password(&self) -> Option<&str> {
        self.named(PASSWORD).filter(|password| !password.is_empty())
    }

    /// Gives what was typed into the input of this name.
    pub fn named(&self, name: &str) -> Option<&str> {
        self.inputs.iter().find(|typed| typed.name == name).map(|typed| &*typed.value)
    }
}

fn written(answer: &impl Serialize) -> Secret {
    let mut bytes = Vec::with_capacity(ROOM);
    serde_json::to_writer(&mut bytes, answer).expect("texts can always be written to memory");
    Secret::new(bytes)
}

fn read<T: DeserializeOwned>(secret: &Secret, kind: &'static str) -> Result<T, AnswerError> {
    // The error's own text may quote the answer.
    serde_json::from_slice(secret.expose()).map_err(|_unspoken| AnswerError { kind })
}

impl Drop for DegreeAccount {
    fn drop(&mut self) {
        self.account.zeroize();
        self.password.zeroize();
    }
}

impl Drop for Typed {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

impl fmt::Debug for DegreeAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DegreeAccount")
    }
}

impl fmt::Debug for BankLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BankLogin")
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(inputs: &[(&str, &str)]) -> BankLogin {
        let typed = |(name, value): &(&str, &str)| Typed { name: (*name).into(), value: (*value).into() };
        BankLogin { entry_id: "101".to_owned(), inputs: inputs.iter().map(typed).collect() }
    }

    #[test]
    fn an_answer_comes_back_as_it_was_sealed() {
        let account = DegreeAccount { account: "李\"1\"".to_owned(), password: "p\\w\n".to_owned() };
        let back = DegreeAccount::from_secret(&account.to_secret()).unwrap();
        assert_eq!((&back.account, &back.password), (&account.account, &account.password));
        let login = login(&[("card", "6222"), ("password", "1 2")]);
        let back = BankLogin::from_secret(&login.to_secret()).unwrap();
        assert_eq!((&*back.entry_id, back.login_name(), back.password()), ("101", Some("6222"), Some("1 2")));
    }

    #[test]
    fn names_tell_which_is_which() {
        let check = |inputs: &[(&str, &str)], name: Option<&str>, password: Option<&str>| {
            let login = login(inputs);
            assert_eq!((login.login_name(), login.password()), (name, password), "{inputs:?}");
        };
        check(&[("login_name", "a"), ("password", "b")], Some("a"), Some("b"));
        check(&[("password", "b"), ("login_name", "a")], Some("a"), Some("b"));
        check(&[("password", "b"), ("idCard", "a")], Some("a"), Some("b"));
        check(&[("phone", "x"), ("login_name", "a")], Some("a"), None);
        check(&[("login_name", "a"), ("password", "")], Some("a"), None);
        check(&[("password", "b")], None, Some("b"));
        check(&[], None, None);
    }

    #[test]
    fn what_is_no_answer_is_said_without_quoting_it() {
        let secret = Secret::from("{\"account\":\"13800000000\"".to_owned());
        let error = DegreeAccount::from_secret(&secret).unwrap_err();
        assert_eq!(error.to_string(), "read the applicant's answer as a degree account");
        let other = DegreeAccount { account: "a".to_owned(), password: "b".to_owned() };
        assert!(BankLogin::from_secret(&other.to_secret()).is_err());
    }

    #[test]
    fn nothing_is_printed() {
        let account = DegreeAccount { account: "13800000000".to_owned(), password: "s3cret".to_owned() };
        assert_eq!(format!("{account:?}"), "DegreeAccount");
        let login = login(&[("login_name", "6222")]);
        assert_eq!(format!("{login:?} {:?}", login.inputs), "BankLogin [Typed]");
    }
}
