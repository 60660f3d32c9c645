//! Where and how a partner is told of its applications' states, as written in the settings.

use super::products::Partner;
use super::{SecretText, SettingsError};
use crate::machine::graph::application::State;
use crate::vault::Secret;
use reqwest::Url;
use std::path::Path;
use std::time::Duration;

/// How long one try may take unless told otherwise: partners note what they are told and answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest that one try may take: it holds one of a partner's places as long.
const TIMEOUT_LIMIT: Duration = Duration::from_secs(60);

/// How long a delivery is tried in vain before it is given up, unless told otherwise.
const BUDGET: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest that it may be tried: what waits behind it waits as long.
const BUDGET_LIMIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The shortest and the longest secret, in bytes: below is guessed, above is no secret but a file.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 16..=512;

/// The longest name of a partner, in bytes: it stands in paths and in keys of the store.
const NAME_LIMIT: usize = 64;

/// What a partner is told, and how.
#[derive(Debug)]
pub struct Callback {
    /// The partner's name.
    pub partner: String,
    /// Where it is told; none if it only asks for itself.
    pub url: Option<Url>,
    /// The secret that signs, and then the former one while it is still good.
    pub secrets: Vec<Secret>,
    /// The states that it is told of; all when empty.
    pub states: Vec<State>,
    /// How long one try may take in all.
    pub timeout: Duration,
    /// How long a delivery is tried in vain.
    pub budget: Duration,
}

impl Partner {
    /// Gives what the partner is told, and how; none if it shares no secret with us.
    ///
    /// # Errors
    /// A setting makes no sense, or the file of a secret cannot be read.
    pub fn callback(&self) -> Result<Option<Callback>, SettingsError> {
        let wrong = |field: &str, problem: String| SettingsError::Senseless {
            key: format!("partner.{}.{field}", self.name),
            problem,
        };
        let url = self.callback_url.as_deref().map(|url| address(url, self.callback_insecure)).transpose();
        let url = url.map_err(|problem| wrong("callback_url", problem))?;
        let new = secret(self.callback_secret.as_ref(), self.callback_secret_file.as_deref());
        let new = new.map_err(|problem| wrong("callback_secret", problem))?;
        let old = secret(self.callback_secret_old.as_ref(), self.callback_secret_old_file.as_deref());
        let old = old.map_err(|problem| wrong("callback_secret_old", problem))?;
        let Some(new) = new else {
            return match (url, old) {
                (None, None) => Ok(None),
                (Some(_), _) | (None, Some(_)) => {
                    Err(wrong("callback_secret", "must be given: nothing is told unsigned".to_owned()))
                }
            };
        };
        if !is_plain(&self.name) {
            let problem = format!(
                "who has a secret must have a name of at most {NAME_LIMIT} letters, digits, `-`, `_` and `.`"
            );
            return Err(wrong("name", problem));
        }
        let (timeout, budget) =
            (self.callback_timeout.unwrap_or(TIMEOUT), self.callback_budget.unwrap_or(BUDGET));
        for (field, given, limit) in
            [("callback_timeout", timeout, TIMEOUT_LIMIT), ("callback_budget", budget, BUDGET_LIMIT)]
        {
            if given > limit {
                return Err(wrong(field, format!("must be at most {} s", limit.as_secs())));
            }
        }
        let state = |name: &String| {
            let known = State::ALL.iter().find(|state| state.name().eq_ignore_ascii_case(name));
            known.copied().ok_or_else(|| wrong("callback_states", format!("no state is called `{name}`")))
        };
        let states = self.callback_states.iter().map(state).collect::<Result<_, _>>()?;
        let secrets = std::iter::once(new).chain(old).collect();
        Ok(Some(Callback { partner: self.name.clone(), url, secrets, states, timeout, budget }))
    }
}

/// Checks where to send: in the clear only to this machine, unless allowed.
fn address(text: &str, is_insecure_fine: bool) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let is_here = match url.host_str() {
        None => return Err("must name a host".to_owned()),
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
    };
    match url.scheme() {
        "https" => {}
        "http" if is_here || is_insecure_fine => {}
        "http" => {
            return Err("must begin with https://; `callback_insecure = true` allows http://".to_owned());
        }
        _other => return Err("must begin with https://".to_owned()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must hold no name and no password: the signature tells who sends".to_owned());
    }
    if url.fragment().is_some() {
        return Err("must end before `#`: what follows is never sent".to_owned());
    }
    Ok(url)
}

/// Shows where a callback goes, without what might be a secret in it.
pub(super) fn shown(url: &str) -> String {
    let Ok(url) = Url::parse(url) else { return "no URL".to_owned() };
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

/// Takes a secret that is given as text or as a file; none if it is given as neither.
pub(super) fn secret(text: Option<&SecretText>, file: Option<&Path>) -> Result<Option<Secret>, String> {
    let secret = match (text, file) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err("must be given as text or as a file, not both".to_owned()),
        (Some(text), None) => text.to_secret(),
        (None, Some(file)) => Secret::from_file(file).map_err(|error| {
            let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
            format!("{error}{}", source.unwrap_or_default())
        })?,
    };
    if !SECRET_BYTES.contains(&secret.expose().len()) {
        let (least, most) = (SECRET_BYTES.start(), SECRET_BYTES.end());
        return Err(format!("must have {least} to {most} bytes"));
    }
    Ok(Some(secret))
}

fn is_plain(name: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=NAME_LIMIT).contains(&name.len()) && name.bytes().all(is_fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partner(fields: &str) -> Partner {
        let text = format!("name = \"agency\"\nproduct = \"cash\"\n{fields}");
        let file = config::File::from_str(&text, config::FileFormat::Toml);
        config::Config::builder().add_source(file).build().unwrap().try_deserialize().unwrap()
    }

    fn problem(fields: &str) -> String {
        partner(fields).callback().unwrap_err().to_string()
    }

    const SECRET: &str = "callback_secret = \"0123456789abcdef\"\n";

    #[test]
    fn a_whole_callback_is_read() {
        let callback = partner(&format!(
            "{SECRET}callback_url = \"https://agency.example/docket?shop=7\"\n\
             callback_secret_old = \"fedcba9876543210\"\ncallback_states = [\"APPROVED\", \"rejected\"]\n\
             callback_timeout = \"3s\"\ncallback_budget = \"2h\""
        ));
        assert!(!format!("{callback:?}").contains("0123456789abcdef"));
        let callback = callback.callback().unwrap().unwrap();
        assert!(!format!("{callback:?}").contains("0123456789abcdef"));
        assert_eq!(callback.url.unwrap().as_str(), "https://agency.example/docket?shop=7");
        let secrets: Vec<_> = callback.secrets.iter().map(Secret::expose).collect();
        assert_eq!(secrets, [b"0123456789abcdef", b"fedcba9876543210"]);
        assert_eq!(callback.states, [State::Approved, State::Rejected]);
        assert_eq!((callback.timeout, callback.budget), (Duration::from_secs(3), Duration::from_secs(7200)));
    }

    #[test]
    fn who_has_no_secret_is_told_nothing_and_who_has_one_may_ask() {
        assert!(partner("").callback().unwrap().is_none());
        let asks = partner(SECRET).callback().unwrap().unwrap();
        assert!(asks.url.is_none());
        assert_eq!((asks.timeout, asks.budget), (TIMEOUT, BUDGET));
    }

    #[test]
    fn what_is_senseless_is_named() {
        for (fields, key, text) in [
            ("callback_url = \"https://a.example\"", "callback_secret", "must be given"),
            ("callback_secret_old = \"0123456789abcdef\"", "callback_secret", "must be given"),
            ("callback_secret = \"short\"", "callback_secret", "must have 16 to 512 bytes"),
            ("callback_secret_file = \"/nowhere\"", "callback_secret", "could not open /nowhere"),
        ] {
            let told = problem(fields);
            assert!(told.starts_with(&format!("partner.agency.{key}: ")) && told.contains(text), "{told}");
        }
        for (fields, text) in [
            ("callback_states = [\"DONE\"]", "no state is called `DONE`"),
            ("callback_timeout = \"2m\"", "must be at most 60 s"),
            ("callback_budget = \"200h\"", "must be at most 604800 s"),
            ("callback_secret_file = \"/nowhere\"", "not both"),
        ] {
            let told = problem(&format!("{SECRET}{fields}"));
            assert!(told.contains(text), "{told}");
        }
        for (url, text) in [
            ("ftp://a.example", "must begin with https://"),
            ("http://a.example", "must begin with https://; `callback_insecure = true`"),
            ("https://me:word@a.example", "must hold no name and no password"),
            ("https://a.example/#x", "must end before `#`"),
            ("a.example", "relative URL"),
        ] {
            let told = problem(&format!("{SECRET}callback_url = \"{url}\""));
            assert!(told.contains(text) && !told.contains("word@"), "{told}");
        }
        for url in ["http://127.0.0.1:9", "http://[::1]:9/x", "http://localhost/x"] {
            let fields = format!("{SECRET}callback_url = \"{url}\"");
            assert!(partner(&fields).callback().unwrap().unwrap().url.is_some(), "{url}");
        }
        let fields = format!("{SECRET}callback_url = \"http://a.example\"\ncallback_insecure = true");
        assert!(partner(&fields).callback().unwrap().is_some());
    }

    #[test]
    fn a_secret_in_a_url_is_not_shown() {
        assert_eq!(shown("https://me:word@a.example:8/x?token=y"), "https://a.example:8/x");
        assert_eq!(shown("nonsense"), "no URL");
    }
}
