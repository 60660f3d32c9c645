//! The scripts: what happens to an applicant, chosen by the mobile number.
//!
//! Owns the list of scripts, their numbers (which are promised to whoever writes test numbers down)
//! and the legs each session walks. It must never move a session itself.

use serde::Serialize;

use super::Mobile;

/// What happens to an applicant. Mobile `199SSxxxxxx` runs script `SS`, any other number the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Script {
    /// 01: one SMS code, then data.
    Happy,
    /// 02: the first right answer is judged wrong.
    CaptchaWrongOnce,
    /// 03: the first SMS code runs out before it can be typed.
    CaptchaTimedOut,
    /// 04: a query password is asked for after the code.
    QueryPassword,
    /// 05: the first session restarts.
    Restart,
    /// 06: the first session fails after the code.
    FailedOnce,
    /// 07: the data comes late.
    DataLate,
    /// 08: the person is on the blacklist.
    Blacklisted,
    /// 09: the audit suggests rejection.
    AuditRejected,
    /// 10: the provider answers HTTP 500 at first.
    ServerError,
    /// 11: the answer to the first code submitted is lost.
    AnswerLost,
    /// 12: everything takes its time.
    Slow,
    /// 13: a second code is asked for.
    SecondCode,
    /// 14: nothing is asked for.
    NoCaptcha,
    /// 15: the query password is asked for before the code.
    PasswordFirst,
    /// 16: the first session's data cannot be built.
    DataLost,
}

/// One part of a session: what the provider wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leg {
    /// An SMS code: 21, 22 (spec 006 §2 rows 3, 5, 9).
    Captcha,
    /// A query password: 31, 32 (spec 006 §2 rows 3, 9, 12, 14).
    QueryPassword,
    /// The data is built: 41, 43 (spec 006 §2 row 16).
    Deliver,
    /// The data cannot be built: 41, 42 (spec 006 §2 row 17).
    Lose,
    /// The session ends at 42 (spec 006 §2 rows 4, 10, 15).
    Fail,
    /// The session ends at 1 (spec 006 §2 rows 4, 10, 15).
    Restart,
}

/// A row of the table of scripts, for documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScriptRow {
    /// The script's two digits.
    pub number: u8,
    /// Its name.
    pub name: &'static str,
    /// What happens, in one line.
    pub description: &'static str,
    /// A mobile number that runs it.
    pub example: String,
}

impl Script {
    /// Every script, in the order of its number.
    pub const ALL: [Self; 16] = [
        Self::Happy,
        Self::CaptchaWrongOnce,
        Self::CaptchaTimedOut,
        Self::QueryPassword,
        Self::Restart,
        Self::FailedOnce,
        Self::DataLate,
        Self::Blacklisted,
        Self::AuditRejected,
        Self::ServerError,
        Self::AnswerLost,
        Self::Slow,
        Self::SecondCode,
        Self::NoCaptcha,
        Self::PasswordFirst,
        Self::DataLost,
    ];

    /// Which script a mobile runs.
    #[must_use]
    pub(super) fn of(mobile: Mobile) -> Self {
        let number = mobile.number();
        let (prefix, digits) = (number / 100_000_000, number / 1_000_000 % 100);
        Self::ALL
            .into_iter()
            .find(|script| prefix == 199 && u64::from(script.number()) == digits)
            .unwrap_or(Self::Happy)
    }

    /// The script's number, the `SS` of `199SSxxxxxx`.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Happy => 1,
            Self::CaptchaWrongOnce => 2,
            Self::CaptchaTimedOut => 3,
            Self::QueryPassword => 4,
            Self::Restart => 5,
            Self::FailedOnce => 6,
            Self::DataLate => 7,
            Self::Blacklisted => 8,
            Self::AuditRejected => 9,
            Self::ServerError => 10,
            Self::AnswerLost => 11,
            Self::Slow => 12,
            Self::SecondCode => 13,
            Self::NoCaptcha => 14,
            Self::PasswordFirst => 15,
            Self::DataLost => 16,
        }
    }

    /// The script's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Happy => "happy",
            Self::CaptchaWrongOnce => "captcha_wrong_once",
            Self::CaptchaTimedOut => "captcha_timed_out",
            Self::QueryPassword => "query_password",
            Self::Restart => "restart",
            Self::FailedOnce => "failed_once",
            Self::DataLate => "data_late",
            Self::Blacklisted => "blacklisted",
            Self::AuditRejected => "audit_rejected",
            Self::ServerError => "server_error",
            Self::AnswerLost => "answer_lost",
            Self::Slow => "slow",
            Self::SecondCode => "second_code",
            Self::NoCaptcha => "no_captcha",
            Self::PasswordFirst => "password_first",
            Self::DataLost => "data_lost",
        }
    }

    /// What happens, in one line.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Happy => "one SMS code, then the data, a clean blacklist, an approval",
            Self::CaptchaWrongOnce => "the first answer is judged wrong, whatever was typed",
            Self::CaptchaTimedOut => "the first SMS code runs out at once, a code sent again is accepted",
            Self::QueryPassword => "a query password is asked for after the SMS code",
            Self::Restart => "the first session restarts after the service password",
            Self::FailedOnce => "the first session fails after the SMS code, the next is happy",
            Self::DataLate => "the data takes long, and answers 1003 twice when it is ready",
            Self::Blacklisted => "the person is on the blacklist",
            Self::AuditRejected => "the audit suggests rejection, with a reason",
            Self::ServerError => "HTTP 500 to the first two state calls and the first blacklist call",
            Self::AnswerLost => {
                "the first SMS code is processed, then the connection is cut without an answer"
            }
            Self::Slow => "state calls are answered late, the audit takes more polls",
            Self::SecondCode => "a second SMS code is asked for after the first",
            Self::NoCaptcha => "nothing is asked for after the service password",
            Self::PasswordFirst => "a query password is asked for before the SMS code",
            Self::DataLost => "the first session's data cannot be built, the next is happy",
        }
    }

    /// The script's row in the table.
    #[must_use]
    pub fn row(self) -> ScriptRow {
        ScriptRow {
            number: self.number(),
            name: self.name(),
            description: self.description(),
            example: format!("199{:02}000001", self.number()),
        }
    }

    /// What the `nth` session of a mobile (counted from 0) walks through after state 11.
    pub(super) const fn legs(self, nth: u32) -> &'static [Leg] {
        match self {
            Self::Restart if nth == 0 => &[Leg::Restart],
            Self::FailedOnce if nth == 0 => &[Leg::Captcha, Leg::Fail],
            Self::DataLost if nth == 0 => &[Leg::Captcha, Leg::Lose],
            Self::QueryPassword => &[Leg::Captcha, Leg::QueryPassword, Leg::Deliver],
            Self::SecondCode => &[Leg::Captcha, Leg::Captcha, Leg::Deliver],
            Self::NoCaptcha => &[Leg::Deliver],
            Self::PasswordFirst => &[Leg::QueryPassword, Leg::Captcha, Leg::Deliver],
            Self::Happy
            | Self::CaptchaWrongOnce
            | Self::CaptchaTimedOut
            | Self::Restart
            | Self::FailedOnce
            | Self::DataLate
            | Self::Blacklisted
            | Self::AuditRejected
            | Self::ServerError
            | Self::AnswerLost
            | Self::Slow
            | Self::DataLost => &[Leg::Captcha, Leg::Deliver],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_chooses_the_script() {
        for (index, script) in Script::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(script.number()), index + 1);
            let example = Mobile::parse(&script.row().example).unwrap();
            assert_eq!(Script::of(example), script);
        }
        for other in ["18698574854", "19900000000", "19999000000"] {
            assert_eq!(Script::of(Mobile::parse(other).unwrap()), Script::Happy);
        }
    }
}
