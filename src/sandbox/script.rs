//! The scripts: what happens to an applicant, chosen by the mobile number.
//!
//! Owns how a number chooses, and the legs that each telecom session walks. The list itself is in
//! [`table`]; its numbers are promised to whoever writes test numbers down. It must never move a
//! session itself.

mod table;

pub use table::Script;

use serde::Serialize;

use super::{Mobile, System};

/// One part of a telecom session: what the provider wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leg {
    /// An SMS code: 21, 22 (spec 006 §2 rows 3, 5, 9).
    Captcha,
    /// A query password: 31, 32 (spec 006 §2 rows 3, 9, 12, 14).
    QueryPassword,
    /// A code of the provider's that comes out of turn, for a step.
    Show(i64),
    /// The data is built: 41, 43 (spec 006 §2 row 16).
    Deliver,
    /// The data cannot be built: 41, 42 (spec 006 §2 row 17).
    Lose,
    /// The session ends at 42 (spec 006 §2 rows 4, 10, 15).
    Fail,
    /// The session ends at 1 (spec 006 §2 rows 4, 10, 15).
    Restart,
    /// An SMS code is asked for, and the provider gives up meanwhile (spec 006 §2 row 10).
    AskCodeAndFail,
    /// A query password is asked for, and the session restarts meanwhile (spec 006 §2 row 10).
    AskPasswordAndRestart,
    /// Nothing ever happens again.
    Hang,
}

/// How an application ends that must have the script's system, if the applicant does as told and
/// Docket has its settings of old: three sessions, five answers each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Approved.
    Approved,
    /// Rejected.
    Rejected,
    /// Expired: the applicant's attempts are used up.
    Expired,
    /// Suspended: an operator must look.
    Suspended,
}

impl Ending {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Suspended => "suspended",
        }
    }
}

/// A row of the table of scripts, for documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScriptRow {
    /// The script's two digits.
    pub number: u8,
    /// The system it is about: every other is happy for its numbers.
    pub system: System,
    /// Its name.
    pub name: &'static str,
    /// What happens, in one line.
    pub description: &'static str,
    /// What the applicant should type.
    pub types: &'static str,
    /// How an application ends that must have this system.
    pub ends: Ending,
    /// A mobile number that runs it.
    pub example: String,
}

impl Script {
    /// The first sixteen, which an application meets that collects telecom data only.
    pub const BASIC: [Self; 16] = {
        let mut basic = [Self::Happy; 16];
        let mut at = 0;
        while at < basic.len() {
            basic[at] = Self::ALL[at];
            at += 1;
        }
        basic
    };

    /// Which script a mobile runs: `199SSxxxxxx` runs script `SS`, any other number the first.
    #[must_use]
    pub(super) fn of(mobile: Mobile) -> Self {
        let number = mobile.number();
        let (prefix, digits) = (number / 100_000_000, number / 1_000_000 % 100);
        Self::ALL
            .into_iter()
            .find(|script| prefix == 199 && u64::from(script.number()) == digits)
            .unwrap_or(Self::Happy)
    }

    /// The script's row in the table.
    #[must_use]
    pub fn row(self) -> ScriptRow {
        ScriptRow {
            number: self.number(),
            system: self.system(),
            name: self.name(),
            description: self.description(),
            types: self.types(),
            ends: self.ending(),
            example: format!("199{:02}000001", self.number()),
        }
    }

    /// What the `nth` telecom session of a mobile (counted from 0) walks through after state 11.
    #[expect(clippy::wildcard_enum_match_arm, reason = "a hundred scripts, most of them of other systems")]
    pub(super) fn legs(self, nth: u32) -> &'static [Leg] {
        const HAPPY: &[Leg] = &[Leg::Captcha, Leg::Deliver];
        let first = |legs| if nth == 0 { legs } else { HAPPY };
        match self {
            Self::Restart => first(&[Leg::Restart]),
            Self::FailedOnce => first(&[Leg::Captcha, Leg::Fail]),
            Self::DataLost => first(&[Leg::Captcha, Leg::Lose]),
            Self::RestartAfterCode => first(&[Leg::Captcha, Leg::Restart]),
            Self::GivesUpAsking => first(&[Leg::AskCodeAndFail]),
            Self::PasswordThenFailed => first(&[Leg::QueryPassword, Leg::Fail]),
            Self::RestartAsking => first(&[Leg::AskPasswordAndRestart]),
            Self::QueryPassword => &[Leg::Captcha, Leg::QueryPassword, Leg::Deliver],
            Self::QueryPasswordWrongOnce => &[Leg::QueryPassword, Leg::Deliver],
            Self::SecondCode => &[Leg::Captcha, Leg::Captcha, Leg::Deliver],
            Self::NoCaptcha => &[Leg::Deliver],
            Self::PasswordFirst => &[Leg::QueryPassword, Leg::Captcha, Leg::Deliver],
            Self::Everything => &[Leg::Captcha, Leg::QueryPassword, Leg::Captcha, Leg::Captcha, Leg::Deliver],
            Self::UnknownCode => &[Leg::Show(99), Leg::Captcha, Leg::Show(99), Leg::Deliver],
            Self::GoesBack => &[Leg::Show(0), Leg::Show(11), Leg::Captcha, Leg::Show(11), Leg::Deliver],
            Self::FailsAlways => &[Leg::Fail],
            Self::Stuck => &[Leg::Hang],
            Self::Happy | Self::CaptchaWrongOnce | Self::CaptchaTimedOut | Self::DataLate => HAPPY,
            Self::ServerError | Self::AnswerLost | Self::Slow | Self::ResentSettles => HAPPY,
            Self::Repeats | Self::Skips | Self::CaptchaRefused | Self::OpenIdRefused => HAPPY,
            Self::SessionForgotten | Self::DataNever | Self::BuildsForever => HAPPY,
            Self::CaptchaWrongAlways | Self::ReportLate | Self::DataRefused => HAPPY,
            Self::CaptchaSystemError => HAPPY,
            // Scripts of other systems.
            other => {
                debug_assert!(other.system() != System::Telecom, "{other:?} has legs of its own");
                HAPPY
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_chooses_the_script() {
        let numbers: Vec<u8> = Script::ALL.into_iter().map(Script::number).collect();
        assert!(numbers.is_sorted() && numbers.windows(2).all(|pair| pair[0] != pair[1]), "{numbers:?}");
        for script in Script::ALL {
            let example = Mobile::parse(&script.row().example).unwrap();
            assert_eq!(Script::of(example), script);
        }
        for other in ["18698574854", "19900000000", "13901000001"] {
            assert_eq!(Script::of(Mobile::parse(other).unwrap()), Script::Happy);
        }
        assert_eq!(Script::BASIC.map(Script::number), std::array::from_fn(|at| at as u8 + 1));
    }

    #[test]
    fn names_are_told_apart() {
        let mut names: Vec<_> = Script::ALL.into_iter().map(Script::name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Script::ALL.len());
    }
}
