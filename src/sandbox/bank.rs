//! The banks that the sandbox knows.
//!
//! Owns their login types, the patterns that it prints for each input, and the rules that it judges
//! by, which say the same. It must never run a pattern: two of them are there to hurt who does.

use crate::provider::wire::{ebank, ebank_v2};

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// An ID-card number.
    IdCard,
    /// So many digits.
    Digits(usize, usize),
    /// So many letters, digits and underscores.
    Word(usize, usize),
    /// So many letters and digits, at least one of both.
    LettersAndDigits(usize, usize),
}

impl Rule {
    fn fits(self, value: &str) -> bool {
        let is_within = |low, high| (low..=high).contains(&value.len());
        let all = |fits: fn(&u8) -> bool| value.as_bytes().iter().all(fits);
        match self {
            Self::IdCard => {
                let (head, last) = value.split_at_checked(17).unwrap_or_default();
                head.bytes().all(|byte| byte.is_ascii_digit())
                    && matches!(last.as_bytes(), [b'0'..=b'9' | b'X'])
            }
            Self::Digits(low, high) => is_within(low, high) && all(u8::is_ascii_digit),
            Self::Word(low, high) => {
                is_within(low, high) && all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            }
            Self::LettersAndDigits(low, high) => {
                is_within(low, high)
                    && all(u8::is_ascii_alphanumeric)
                    && value.bytes().any(|byte| byte.is_ascii_digit())
                    && value.bytes().any(|byte| byte.is_ascii_alphabetic())
            }
        }
    }
}

struct Input {
    name: &'static str,
    label: &'static str,
    desc: &'static str,
    valid: &'static str,
    rule: Rule,
}

struct LoginType {
    entry_id: &'static str,
    title: &'static str,
    entry_type: i64,
    /// Why it is disabled.
    reason: Option<&'static str>,
    inputs: &'static [Input],
}

struct Bank {
    code: &'static str,
    name: &'static str,
    logins: &'static [LoginType],
}

const fn input(
    name: &'static str,
    label: &'static str,
    desc: &'static str,
    valid: &'static str,
    rule: Rule,
) -> Input {
    Input { name, label, desc, valid, rule }
}

const ID_CARD: Input = input("login_name", "身份证号", "请输入身份证号", r"^\d{17}[0-9X]$", Rule::IdCard);
const CARD: Input = input("login_name", "卡号", "请输入银行卡号", r"^\d{16,19}$", Rule::Digits(16, 19));
const PIN: Input = input("password", "查询密码", "6位查询密码", r"^\d{6}$", Rule::Digits(6, 6));

const BANKS: &[Bank] = &[
    Bank {
        code: "CMB",
        name: "招商银行",
        logins: &[
            LoginType {
                entry_id: "101",
                title: "身份证登录",
                entry_type: 0,
                reason: None,
                inputs: &[ID_CARD, PIN],
            },
            LoginType {
                entry_id: "102",
                title: "卡号登录",
                entry_type: 2,
                reason: None,
                inputs: &[CARD, PIN],
            },
        ],
    },
    Bank {
        code: "ICBC",
        name: "工商银行",
        logins: &[LoginType {
            entry_id: "201",
            title: "用户名登录",
            entry_type: 0,
            reason: None,
            inputs: &[
                input("login_name", "用户名", "字母、数字、下划线", r"^\w{4,20}$", Rule::Word(4, 20)),
                // No engine that runs in linear time knows a lookahead.
                input(
                    "password",
                    "登录密码",
                    "字母和数字",
                    r"^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9]{6,20}$",
                    Rule::LettersAndDigits(6, 20),
                ),
            ],
        }],
    },
    Bank {
        code: "CEB",
        name: "光大银行",
        logins: &[LoginType {
            entry_id: "301",
            title: "信用卡卡号登录",
            entry_type: 1,
            reason: None,
            inputs: &[CARD],
        }],
    },
    Bank {
        code: "BOC",
        name: "中国银行",
        logins: &[LoginType {
            entry_id: "401",
            title: "手机号登录",
            entry_type: 0,
            reason: None,
            // A backtracking engine never comes back from this one if the value ends in a letter.
            inputs: &[input("login_name", "手机号", "请输入手机号", r"^(\d+)+$", Rule::Digits(1, 64)), PIN],
        }],
    },
    Bank {
        code: "CCB",
        name: "建设银行",
        logins: &[LoginType {
            entry_id: "501",
            title: "卡号和手机号登录",
            entry_type: 2,
            reason: None,
            // There is no parameter to send the third one in (spec 005 A-002-34).
            inputs: &[
                CARD,
                PIN,
                input("phone_tail", "手机尾号", "预留手机号后4位", r"^\d{4}$", Rule::Digits(4, 4)),
            ],
        }],
    },
    Bank {
        code: "ABC",
        name: "农业银行",
        logins: &[LoginType {
            entry_id: "601",
            title: "卡号登录",
            entry_type: 0,
            reason: Some("银行系统升级"),
            inputs: &[CARD, PIN],
        }],
    },
    Bank {
        code: "SPDB",
        name: "浦发银行",
        logins: &[
            LoginType {
                entry_id: "701",
                title: "信用卡登录",
                entry_type: 1,
                reason: Some("暂不支持信用卡"),
                inputs: &[CARD, PIN],
            },
            LoginType {
                entry_id: "702",
                title: "身份证登录",
                entry_type: 2,
                reason: None,
                inputs: &[ID_CARD, PIN],
            },
        ],
    },
];

fn printed(inputs: &[Input]) -> Vec<ebank::Input> {
    let printed = |input: &Input| ebank::Input {
        name: input.name.to_owned(),
        label: input.label.to_owned(),
        desc: input.desc.to_owned(),
        valid: input.valid.to_owned(),
    };
    inputs.iter().map(printed).collect()
}

/// The banks as the first version prints them (spec 002 §5.1.1).
pub(super) fn list() -> ebank::BankInfoReply {
    let login = |login: &LoginType| ebank::LoginType {
        title: login.title.to_owned(),
        disable: login.reason.is_some(),
        disable_reason: login.reason.unwrap_or_default().to_owned(),
        entry_id: login.entry_id.to_owned(),
        entry_type: login.entry_type,
        inputs: printed(login.inputs),
    };
    let bank = |bank: &Bank| {
        let is_disabled = bank.logins.iter().all(|login| login.reason.is_some());
        let reason = bank.logins.first().and_then(|login| login.reason).filter(|_| is_disabled);
        ebank::Bank {
            bank_name: bank.name.to_owned(),
            bank_code: bank.code.to_owned(),
            disable: is_disabled,
            disable_reason: reason.unwrap_or_default().to_owned(),
            login_types: bank.logins.iter().map(login).collect(),
        }
    };
    ebank::BankInfoReply(BANKS.iter().map(bank).collect())
}

/// The banks as the second version prints them, which leaves out what is disabled (spec 002 §6.1.2).
pub(super) fn list_v2() -> ebank_v2::BankListReply {
    let login = |login: &LoginType| ebank_v2::LoginType {
        title: login.title.to_owned(),
        entry_id: login.entry_id.to_owned(),
        entry_type: login.entry_type,
        inputs: printed(login.inputs),
    };
    let bank = |bank: &Bank| ebank_v2::Bank {
        bank_name: bank.name.to_owned(),
        bank_code: bank.code.to_owned(),
        login_types: bank.logins.iter().filter(|it| it.reason.is_none()).map(login).collect(),
    };
    let banks = BANKS.iter().map(bank).filter(|bank| !bank.login_types.is_empty());
    ebank_v2::BankListReply(banks.collect())
}

/// What is wrong with a login type and the values for it; the values are never quoted. Without
/// `password` only the login name is looked at.
pub(super) fn check(entry_id: &str, login_name: &str, password: Option<Option<&str>>) -> Result<(), String> {
    let mut logins = BANKS.iter().flat_map(|bank| bank.logins);
    let login = logins.find(|login| login.entry_id == entry_id);
    let login = login.ok_or_else(|| "entry_id is unknown".to_owned())?;
    if let Some(reason) = login.reason {
        return Err(format!("entry_id is disabled: {reason}"));
    }
    let named = |name: &str| login.inputs.iter().find(|input| input.name == name);
    let misfit = |name: &str, valid: &str| Err(format!("{name} does not fit {valid}"));
    if let Some(input) = named("login_name").filter(|input| !input.rule.fits(login_name)) {
        return misfit("login_name", input.valid);
    }
    let Some(password) = password else { return Ok(()) };
    match (named("password"), password.filter(|text| !text.is_empty())) {
        (None, Some(_)) => Err("password is not wanted by this login type".to_owned()),
        (Some(_), None) => Err("password is missing".to_owned()),
        (Some(input), Some(text)) if !input.rule.fits(text) => misfit("password", input.valid),
        (Some(_), Some(_)) | (None, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_checked_by_their_type() {
        let check = |entry, name, password| check(entry, name, Some(password)).err().unwrap_or_default();
        assert_eq!(check("101", "45215919990301502X", Some("123456")), "");
        assert_eq!(check("101", "4521", Some("123456")), r"login_name does not fit ^\d{17}[0-9X]$");
        assert_eq!(check("101", "45215919990301502X", Some("12345")), r"password does not fit ^\d{6}$");
        assert_eq!(check("101", "45215919990301502X", None), "password is missing");
        assert_eq!(check("201", "user_1", Some("abc123")), "");
        assert!(check("201", "user_1", Some("abcdef")).starts_with("password does not fit ^(?="));
        assert_eq!(check("301", "6222022005001212723", None), "");
        assert_eq!(check("301", "6222022005001212723", Some("")), "");
        assert_eq!(
            check("301", "6222022005001212723", Some("1")),
            "password is not wanted by this login type"
        );
        assert!(check("401", "1234567890123456789012345678x", Some("123456")).contains(r"^(\d+)+$"));
        assert_eq!(check("601", "1", None), "entry_id is disabled: 银行系统升级");
        assert_eq!(check("999", "1", None), "entry_id is unknown");
    }

    #[test]
    fn both_versions_list_what_they_print() {
        let first = list();
        assert_eq!(first.0.len(), BANKS.len());
        let disabled: Vec<_> = first.0.iter().filter(|bank| bank.disable).collect();
        assert_eq!(disabled.len(), 1);
        assert_eq!(disabled[0].disable_reason, "银行系统升级");
        let half = first.0.iter().find(|bank| bank.bank_code == "SPDB").unwrap();
        assert!(!half.disable && half.login_types[0].disable && !half.login_types[1].disable);
        let second = list_v2();
        assert_eq!(second.0.len(), BANKS.len() - 1);
        assert!(second.0.iter().all(|bank| bank.bank_code != "ABC"));
    }
}
