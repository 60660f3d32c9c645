//! The state dictionary of both versions of e-banking (spec 002 §8.3).
//!
//! Owns the numbers and their texts. It must never be used for telecom or degree,
//! which give other meanings to the same numbers (spec 005 A-002-42).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::lenient;

/// Where a session stands (spec 002 §8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// 0 `STATE_INIT`: the session waits for its login.
    Init,
    /// 1 `STATE_ACCOUNT_SUBMITTED`: the bank has the login.
    AccountSubmitted,
    /// 2 `STATE_DYNAMIC_PWD_REQUIRED`: a dynamic password is asked for.
    DynamicPasswordRequired,
    /// 3 `STATE_DYNAMIC_PWD_SUBMITTED`: the dynamic password is being judged.
    DynamicPasswordSubmitted,
    /// 4 `STATE_PIC_CAPTCHA_REQUIRED`: the text of a picture is asked for.
    PictureRequired,
    /// 5 `STATE_PIC_CAPTCHA_SUBMITTED`: the text of the picture is being judged.
    PictureSubmitted,
    /// 6 `STATE_MSG_CAPTCHA_REQUIRED`: an SMS code is asked for.
    SmsRequired,
    /// 7 `STATE_MSG_CAPTCHA_SUBMITTED`: the SMS code is being judged.
    SmsSubmitted,
    /// 8 `STATE_CAPTCHA_ERROR`: the answer was wrong or came too late, of whatever kind.
    CaptchaError,
    /// 9 `STATE_CAPTCHA_RESEND`: another SMS was sent, by the provider itself (spec 005 A-002-24).
    CaptchaResent,
    /// 10 `STATE_COLLECT_FINISHED`: the data can be fetched.
    CollectFinished,
    /// 11 `STATE_COLLECT_FAILED`: this session is over.
    CollectFailed,
    /// A number that is not printed, kept as it came (spec 005 A-002-43).
    Unknown(i64),
}

impl State {
    /// Every printed state, in the order of the print.
    pub const PRINTED: [Self; 12] = [
        Self::Init,
        Self::AccountSubmitted,
        Self::DynamicPasswordRequired,
        Self::DynamicPasswordSubmitted,
        Self::PictureRequired,
        Self::PictureSubmitted,
        Self::SmsRequired,
        Self::SmsSubmitted,
        Self::CaptchaError,
        Self::CaptchaResent,
        Self::CollectFinished,
        Self::CollectFailed,
    ];

    /// Names the state behind a number; an unprinted number stays [`State::Unknown`].
    #[must_use]
    pub fn from_code(code: i64) -> Self {
        Self::PRINTED.into_iter().find(|state| state.code() == code).unwrap_or(Self::Unknown(code))
    }

    /// The state's number (spec 002 §8.3).
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Init => 0,
            Self::AccountSubmitted => 1,
            Self::DynamicPasswordRequired => 2,
            Self::DynamicPasswordSubmitted => 3,
            Self::PictureRequired => 4,
            Self::PictureSubmitted => 5,
            Self::SmsRequired => 6,
            Self::SmsSubmitted => 7,
            Self::CaptchaError => 8,
            Self::CaptchaResent => 9,
            Self::CollectFinished => 10,
            Self::CollectFailed => 11,
            Self::Unknown(code) => code,
        }
    }

    /// The text printed for the state (spec 002 §8.3), empty for an unprinted one.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Init => "查询初始化",
            Self::AccountSubmitted => "账户信息已提交",
            Self::DynamicPasswordRequired => "需要动态口令",
            Self::DynamicPasswordSubmitted => "动态口令已提交",
            Self::PictureRequired => "需要图片验证码",
            Self::PictureSubmitted => "图片验证码已提交",
            Self::SmsRequired => "需要短信验证码",
            Self::SmsSubmitted => "短信验证码已提交",
            Self::CaptchaError => "验证码错误或超时",
            Self::CaptchaResent => "已重发验证码",
            Self::CollectFinished => "采集完成",
            Self::CollectFailed => "采集失败",
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
        assert_eq!(State::from_code(12), State::Unknown(12));
        let read: State = serde_json::from_str("\"11\"").unwrap();
        assert_eq!(read, State::CollectFailed);
    }
}
