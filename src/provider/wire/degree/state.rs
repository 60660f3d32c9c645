//! The degree state dictionary (spec 002 §8.2).
//!
//! Owns the numbers and their texts. It must never be used for telecom or e-banking,
//! which give other meanings to the same numbers (spec 005 A-002-42).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::lenient;

/// Where a session stands (spec 002 §8.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// 0 `STATE_INIT`: the session waits for account and password.
    Init,
    /// 11 `STATE_PWD_SUBMITTED`: account and password are being used.
    PasswordSubmitted,
    /// 21 `STATE_COLLECT_FINISHED`: the data can be fetched.
    CollectFinished,
    /// 22 `STATE_COLLECT_FAILED`: this session is over.
    CollectFailed,
    /// A number that is not printed, kept as it came (spec 005 A-002-43).
    Unknown(i64),
}

impl State {
    /// Every printed state, in the order of the print.
    pub const PRINTED: [Self; 4] =
        [Self::Init, Self::PasswordSubmitted, Self::CollectFinished, Self::CollectFailed];

    /// Names the state behind a number; an unprinted number stays [`State::Unknown`].
    #[must_use]
    pub fn from_code(code: i64) -> Self {
        Self::PRINTED.into_iter().find(|state| state.code() == code).unwrap_or(Self::Unknown(code))
    }

    /// The state's number (spec 002 §8.2).
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Init => 0,
            Self::PasswordSubmitted => 11,
            Self::CollectFinished => 21,
            Self::CollectFailed => 22,
            Self::Unknown(code) => code,
        }
    }

    /// The text printed for the state (spec 002 §8.2), empty for an unprinted one.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Init => "查询初始化",
            Self::PasswordSubmitted => "已经提交账号密码",
            Self::CollectFinished => "采集完成",
            Self::CollectFailed => "采集失败",
            Self::Unknown(_) => "",
        }
    }

    /// The name printed for the state (spec 002 §8.2), empty for an unprinted one; the degree's
    /// `message` is one (spec 005 A-002-32).
    #[must_use]
    pub const fn constant(self) -> &'static str {
        match self {
            Self::Init => "STATE_INIT",
            Self::PasswordSubmitted => "STATE_PWD_SUBMITTED",
            Self::CollectFinished => "STATE_COLLECT_FINISHED",
            Self::CollectFailed => "STATE_COLLECT_FAILED",
            Self::Unknown(_) => "",
        }
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.code())
    }
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::int(deserializer).map(Self::from_code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_states_are_one_to_one() {
        for state in State::PRINTED {
            assert_eq!(State::from_code(state.code()), state);
            assert!(!state.message().is_empty());
        }
        assert_eq!(State::from_code(43), State::Unknown(43));
        let read: State = serde_json::from_str("\"21\"").unwrap();
        assert_eq!(read, State::CollectFinished);
        assert_eq!(read.constant(), "STATE_COLLECT_FINISHED");
    }
}
