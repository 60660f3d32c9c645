//! How a partner proves that a push is its own, as written in the settings.

use super::callback::secret;
use super::products::Partner;
use super::{SecretText, SettingsError};
use crate::vault::Secret;
use serde::{Deserialize, Deserializer, de};
use std::path::Path;
use std::time::Duration;

/// How far the time of a signed push may be from ours unless told otherwise (spec 005 A-003-3).
const WINDOW: Duration = Duration::from_secs(10 * 60);

/// The farthest that it may be: what came within it must still be known, and changes are kept for
/// seven days.
const WINDOW_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// By which scheme a partner signs, as written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Not at all (spec 000, 001).
    #[default]
    None,
    /// With an envelope round each push (spec 000, "Envelope and signature").
    UaMd5,
    /// With the headers of the signed push (spec 003).
    Qunadai,
}

/// How far the time of a signed push may be from ours, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// As far as it likes.
    Off,
    /// So far, before and after.
    Within(Duration),
}

/// What a partner pushes, and how it proves that it was it.
#[derive(Debug)]
pub enum Pushes {
    /// Nothing: it has an app, whose applicants bring everything in a session of their own.
    Nothing,
    /// Both halves of an order as they are (spec 000, 001).
    Bare,
    /// Both halves, each in a signed envelope (spec 005 A-000-2).
    Enveloped {
        /// The id by which the partner calls itself.
        ua: String,
        /// The secret that signs, and then the former one while it is still good.
        secrets: Vec<Secret>,
    },
    /// The signed push (spec 003).
    Signed {
        /// The secret that signs, and then the former one while it is still good.
        secrets: Vec<Secret>,
        /// How far its time may be from ours; none if that does not matter.
        window: Option<Duration>,
    },
}

impl Partner {
    /// Gives what the partner pushes, and how it proves that it was it.
    ///
    /// # Errors
    /// A setting makes no sense, or the file of a secret cannot be read.
    pub fn pushes(&self) -> Result<Pushes, SettingsError> {
        let wrong = |field: &str, problem: &str| SettingsError::Senseless {
            key: format!("partner.{}.{field}", self.name),
            problem: problem.to_owned(),
        };
        let read = |field: &str, text: &Option<SecretText>, file: Option<&Path>| {
            secret(text.as_ref(), file).map_err(|problem| wrong(field, &problem))
        };
        let new = read("push_secret", &self.push_secret, self.push_secret_file.as_deref())?;
        let old = read("push_secret_old", &self.push_secret_old, self.push_secret_old_file.as_deref())?;
        let only_for = |field: &str, scheme: &str| {
            Err(wrong(field, &format!("is of use with `signature = \"{scheme}\"` only")))
        };
        if self.push_ua.is_some() && self.signature != Scheme::UaMd5 {
            return only_for("push_ua", "ua-md5");
        }
        if self.push_window.is_some() && self.signature != Scheme::Qunadai {
            return only_for("push_window", "qunadai");
        }
        if self.signature == Scheme::None {
            // Who has an app and signs nothing has no door for pushes: whoever came by it could
            // overwrite, without a session, what an applicant certified.
            return match (new, old) {
                (None, None) if self.has_app() => Ok(Pushes::Nothing),
                (None, None) => Ok(Pushes::Bare),
                (Some(_), _) => only_for("push_secret", "ua-md5` or `qunadai"),
                (None, Some(_)) => only_for("push_secret_old", "ua-md5` or `qunadai"),
            };
        }
        let new = new.ok_or_else(|| wrong("push_secret", "must be given: without it nothing is signed"))?;
        let secrets = std::iter::once(new).chain(old).collect();
        match self.signature {
            Scheme::None => Ok(Pushes::Nothing),
            Scheme::UaMd5 => {
                let ua = self.push_ua.clone().unwrap_or_else(|| self.name.clone());
                Ok(Pushes::Enveloped { ua, secrets })
            }
            Scheme::Qunadai => {
                let window = match self.push_window.unwrap_or(Window::Within(WINDOW)) {
                    Window::Off => None,
                    Window::Within(window) => Some(window),
                };
                if window.is_some_and(|window| window > WINDOW_LIMIT) {
                    let limit = WINDOW_LIMIT.as_secs();
                    return Err(wrong("push_window", &format!("must be at most {limit} s, or `off`")));
                }
                Ok(Pushes::Signed { secrets, window })
            }
        }
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text == "off" {
            return Ok(Self::Off);
        }
        let read = super::patience::duration(de::value::StringDeserializer::new(text));
        read.map(Self::Within).map_err(|error: de::value::Error| de::Error::custom(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partner(fields: &str) -> Partner {
        let text = format!("name = \"agency\"\nproduct = \"cash\"\n{fields}");
        let file = config::File::from_str(&text, config::FileFormat::Toml);
        config::Config::builder().add_source(file).build().unwrap().try_deserialize().unwrap()
    }

    fn pushes(fields: &str) -> Pushes {
        partner(fields).pushes().unwrap()
    }

    const SECRET: &str = "push_secret = \"0123456789abcdef\"\n";
    const OLD: &str = "push_secret_old = \"fedcba9876543210\"\n";

    #[test]
    fn each_scheme_is_read() {
        assert!(matches!(pushes(""), Pushes::Bare));
        assert!(matches!(pushes("signature = \"none\""), Pushes::Bare));
        let app = "mobile_products = { \"2\" = \"cash\" }\n";
        assert!(matches!(pushes(app), Pushes::Nothing));
        let signs_too = pushes(&format!("signature = \"ua-md5\"\n{SECRET}{app}"));
        assert!(matches!(signs_too, Pushes::Enveloped { .. }));
        let Pushes::Enveloped { ua, secrets } = pushes(&format!("signature = \"ua-md5\"\n{SECRET}{OLD}"))
        else {
            panic!("not enveloped");
        };
        let secrets: Vec<_> = secrets.iter().map(Secret::expose).collect();
        assert_eq!((ua.as_str(), secrets), ("agency", vec![&b"0123456789abcdef"[..], b"fedcba9876543210"]));
        let named = pushes(&format!("signature = \"ua-md5\"\npush_ua = \"PARTNER_7\"\n{SECRET}"));
        assert!(matches!(named, Pushes::Enveloped { ua, .. } if ua == "PARTNER_7"));
        for (window, expected) in [
            ("", Some(600)),
            ("push_window = \"30s\"", Some(30)),
            ("push_window = \"24h\"", Some(86_400)),
            ("push_window = \"off\"", None),
        ] {
            let pushes = pushes(&format!("signature = \"qunadai\"\n{SECRET}{window}"));
            assert!(!format!("{pushes:?}").contains("0123"));
            let Pushes::Signed { window, .. } = pushes else { panic!("not signed") };
            assert_eq!(window, expected.map(Duration::from_secs));
        }
    }

    #[test]
    fn a_secret_comes_from_a_file_too() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "0123456789abcdef\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let read = pushes(&format!("signature = \"qunadai\"\npush_secret_file = {file:?}"));
        assert!(matches!(read, Pushes::Signed { secrets, .. } if secrets[0].expose() == b"0123456789abcdef"));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (fields, expected) in [
            ("signature = \"ua-md5\"", "push_secret: must be given"),
            ("signature = \"qunadai\"\npush_secret = \"short\"", "push_secret: must have 16 to 512 bytes"),
            (SECRET, "push_secret: is of use with"),
            (OLD, "push_secret_old: is of use with"),
            ("push_ua = \"x\"", "push_ua: is of use with `signature = \"ua-md5\"` only"),
            ("push_window = \"off\"", "push_window: is of use with `signature = \"qunadai\"` only"),
        ] {
            let problem = partner(fields).pushes().unwrap_err().to_string();
            assert!(problem.starts_with(&format!("partner.agency.{expected}")), "{fields}: {problem}");
        }
        let long = format!("signature = \"qunadai\"\n{SECRET}push_window = \"25h\"");
        let problem = partner(&long).pushes().unwrap_err().to_string();
        assert_eq!(problem, "partner.agency.push_window: must be at most 86400 s, or `off`");
    }
}
