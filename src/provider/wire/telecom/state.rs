//! The telecom state dictionary (spec 002 §8.1).
//!
//! Owns the numbers and their texts. It must never be used for degree or e-banking, which give
//! other meanings to the same numbers (spec 005 A-002-42).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::lenient;

/// Where a telecom session stands (spec 002 §8.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// 0 `STATE_INIT`: the session exists.
    Init,
    /// 1 `STATE_RESTART`: this session is over, the flow starts anew (spec 005 A-002-25).
    Restart,
    /// 11 `STATE_SERVICE_PWD_SUBMITTED`: the operator has the service password.
    ServicePasswordSubmitted,
    /// 21 `STATE_CAPTCHA_REQUIRED`: an SMS code is asked for.
    CaptchaRequired,
    /// 22 `STATE_CAPTCHA_SUBMITTED`: the code is being judged.
    CaptchaSubmitted,
    /// 23 `STATE_CAPTCHA_ERROR`: the code was wrong or came too late.
    CaptchaError,
    /// 24 `STATE_CAPTCHA_RESEND`: another SMS was sent.
    CaptchaResent,
    /// 31 `STATE_QUERY_PWD_REQUIRED`: the query password is asked for.
    QueryPasswordRequired,
    /// 32 `STATE_QUERY_PWD_SUBMITTED`: the query password is being judged.
    QueryPasswordSubmitted,
    /// 33 `STATE_QUERY_PWD_SUBMITTED_ERROR`: the query password was wrong.
    QueryPasswordError,
    /// 41 `STATE_COLLECT_FINISHED`: the applicant's part is done, the data is being built.
    CollectFinished,
    /// 42 `STATE_COLLECT_FAILED`: this session is over.
    CollectFailed,
    /// 43 `STATE_DATA_READY`: the data can be fetched.
    DataReady,
    /// A number that is not printed, kept as it came (spec 005 A-002-43).
    Unknown(i64),
}

impl State {
    /// Every printed state, in the order of the print.
    pub const PRINTED: [Self; 13] = [
        Self::Init,
        Self::Restart,
        Self::ServicePasswordSubmitted,
        Self::CaptchaRequired,
        Self::CaptchaSubmitted,
        Self::CaptchaError,
        Self::CaptchaResent,
        Self::QueryPasswordRequired,
        Self::QueryPasswordSubmitted,
        Self::QueryPasswordError,
        Self::CollectFinished,
        Self::CollectFailed,
        Self::DataReady,
    ];

    /// Names the state behind a number; an unprinted number stays [`State::Unknown`].
    #[must_use]
    pub fn from_code(code: i64) -> Self {
        Self::PRINTED.into_iter().find(|state| state.code() == code).unwrap_or(Self::Unknown(code))
    }

    /// The state's number (spec 002 §8.1).
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Init => 0,
            Self::Restart => 1,
            Self::ServicePasswordSubmitted => 11,
            Self::CaptchaRequired => 21,
            Self::CaptchaSubmitted => 22,
            Self::CaptchaError => 23,
            Self::CaptchaResent => 24,
            Self::QueryPasswordRequired => 31,
            Self::QueryPasswordSubmitted => 32,
            Self::QueryPasswordError => 33,
            Self::CollectFinished => 41,
            Self::CollectFailed => 42,
            Self::DataReady => 43,
            Self::Unknown(code) => code,
        }
    }

    /// The text printed for the state (spec 002 §8.1), empty for an unprinted one.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Init => "查询已初始化",
            Self::Restart => "流程重新开始",
            Self::ServicePasswordSubmitted => "已提交服务密码",
            Self::CaptchaRequired => "需要验证码",
            Self::CaptchaSubmitted => "验证码已提交",
            Self::CaptchaError => "验证码错误或超时",
            Self::CaptchaResent => "已重发验证码",
            Self::QueryPasswordRequired => "需要输入查询密码",
            Self::QueryPasswordSubmitted => "查询密码已提交",
            Self::QueryPasswordError => "查询密码错误",
            Self::CollectFinished => "完成账户采集流程",
            Self::CollectFailed => "采集流程失败",
            Self::DataReady => "数据可用",
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
        assert_eq!(State::from_code(99), State::Unknown(99));
        let read: State = serde_json::from_str("\"24\"").unwrap();
        assert_eq!(read, State::CaptchaResent);
        assert_eq!(serde_json::to_string(&State::Unknown(99)).unwrap(), "99");
    }
}
