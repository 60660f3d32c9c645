//! What the answers of both versions of online banking mean beyond the common (spec 002 §5, §6).

use std::time::Duration;

use serde::Deserialize as _;
use serde_json::value::RawValue;

use super::{Meaning, fit, session, unintelligible};
use crate::engine::bank::{BankList, BankListError};
use crate::engine::provider::Failure;
use crate::machine::call::{Reply, Told};
use crate::machine::challenge::Agreement;
use crate::machine::evidence::DocumentKind;
use crate::provider::picture::picture;
use crate::provider::wire::ebank::{CaptchaReply, State, StateReply};
use crate::provider::wire::ebank_v2::{self, ServiceProvider};

/// The least and the most that is believed of `request_delay`, in seconds (spec 005 A-002-27).
const DELAYS: (u64, u64) = (1, 60);

/// A session of the second version, with the agreement that its `type` chooses. A type that is not
/// printed names none: there is nothing that the applicant could consent to (spec 002 §6.1.1).
pub(super) fn opened(reply: ebank_v2::OpenIdReply) -> Result<Meaning, Failure> {
    let agreement = match reply.provider {
        ServiceProvider::Kaniu => Agreement::Kaniu,
        ServiceProvider::Jianguo => Agreement::Jianguo,
        ServiceProvider::Xinyan => Agreement::Xinyan,
        ServiceProvider::Unknown(code) => {
            return Err(unintelligible(format!("type is {code}, not 1 to 3")));
        }
    };
    session(reply.open_id, Some(agreement))
}

/// The banks, kept as one list whatever the version.
pub(super) fn banks(list: Result<BankList, BankListError>) -> Result<Meaning, Failure> {
    let list = list.map_err(|error| unintelligible(error.to_string()))?;
    if list.banks.is_empty() {
        // Nobody could choose from it; it may be another one next time.
        return Err(Failure::Ambiguous { detail: "the list of banks is empty".to_owned() });
    }
    Ok(Meaning::Data { kind: DocumentKind::BankList, text: list.to_json().into() })
}

/// What was submitted was taken; where the session is now is told if it can be read. That a picture
/// is wanted is left for the state to tell, which alone brings the picture.
pub(super) fn accepted(data: Option<&RawValue>, carried: &[&str]) -> Meaning {
    let reply = data.and_then(|data| CaptchaReply::deserialize(data).ok());
    let told = reply.filter(|reply| reply.state != State::PictureRequired).map(|reply| Told {
        code: reply.state.code(),
        message: fit(&reply.message, carried),
        delay: reply.request_delay.map(delay),
        picture: None,
    });
    Meaning::Reply(Reply::Accepted { told })
}

/// The state of a session of the first version.
pub(super) fn first_state(reply: StateReply, carried: &[&str]) -> Result<Meaning, Failure> {
    let message = fit(&reply.message, carried);
    let told =
        Told { code: reply.state.code(), message, delay: reply.request_delay.map(delay), picture: None };
    shown(reply.state, told, reply.pic_captcha.as_deref())
}

/// The state of a session of the second version, which tells no delay.
pub(super) fn second_state(reply: ebank_v2::StateReply, carried: &[&str]) -> Result<Meaning, Failure> {
    let told = Told::plain(reply.state.code(), fit(&reply.message, carried));
    shown(reply.state, told, reply.pic_captcha.as_deref())
}

/// A state that asks for a picture's text comes with the picture, or is asked for again.
fn shown(state: State, told: Told, text: Option<&str>) -> Result<Meaning, Failure> {
    if state != State::PictureRequired {
        return Ok(Meaning::Reply(Reply::State(told)));
    }
    let image = picture(text.unwrap_or_default());
    let image = image.map_err(|problem| Failure::Ambiguous { detail: problem.to_owned() })?;
    Ok(Meaning::Picture { told, image })
}

fn delay(seconds: u64) -> Duration {
    Duration::from_secs(seconds.clamp(DELAYS.0, DELAYS.1))
}
