//! The mobile app, as written in the settings: `[mobile]`, and the products of a partner's app.

use super::patience::duration;
use super::products::Partner;
use super::{Product, Settings, SettingsError};
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// The largest photo that can be allowed, in bytes: what the vault seals as one document.
const PHOTO_LIMIT: u64 = crate::vault::DOCUMENT_LIMIT as u64;

/// The longest that a session may be good for: a token that is lost is good as long.
pub const SESSION_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest that a photo's link may be good for: whoever sees it sees the photo.
const LINK_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest number of a product in an app, in bytes: it stands in every request.
pub const PRODUCT_ID_LIMIT: usize = 32;

/// How the calls of mobile apps are answered (spec 004).
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mobile {
    /// The header that carries the session (spec 005 A-004-8).
    pub header: String,
    /// Where the app reaches us, for the links to photos; the address that is listened on when not given.
    pub public_url: Option<String>,
    /// The file of the catalogue of forms; the printed ones when not given.
    pub catalogue: Option<PathBuf>,
    /// The largest photo, in bytes.
    pub photo_bytes: u64,
    /// How long a link to a photo is good.
    #[serde(deserialize_with = "duration")]
    pub photo_ttl: Duration,
    /// How long a session is good when nobody says.
    #[serde(deserialize_with = "duration")]
    pub session_ttl: Duration,
    /// Raised, it ends every session that was issued before.
    pub session_epoch: u32,
    /// What becomes of a number whose check digit is wrong (spec 005 A-004-12).
    pub check_digits: CheckDigits,
    /// What reads the identity card.
    pub recogniser: Recognition,
    /// The program that reads it.
    pub recogniser_program: PathBuf,
}

/// What becomes of a number whose check digit is wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckDigits {
    /// It is taken, counted and logged without the number.
    #[default]
    Warn,
    /// It is refused.
    Refuse,
}

/// What reads the photo of an identity card.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recognition {
    /// Tesseract where it is installed, else nothing.
    #[default]
    Auto,
    /// Tesseract, without which the server does not start.
    Tesseract,
    /// Nothing: every applicant types name and number.
    None,
}

impl Default for Mobile {
    fn default() -> Self {
        Self {
            header: "token".to_owned(),
            public_url: None,
            catalogue: None,
            photo_bytes: 8 << 20,
            photo_ttl: Duration::from_secs(10 * 60),
            session_ttl: Duration::from_secs(30 * 60),
            session_epoch: 0,
            check_digits: CheckDigits::Warn,
            recogniser: Recognition::Auto,
            recogniser_program: PathBuf::from("tesseract"),
        }
    }
}

impl Mobile {
    /// Checks what no type checks.
    ///
    /// # Errors
    /// The first that makes no sense.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let wrong = |field: &str, problem: String| SettingsError::Senseless {
            key: format!("mobile.{field}"),
            problem,
        };
        if http::HeaderName::try_from(&self.header).is_err() {
            return Err(wrong("header", "must be the name of a header: `token`".to_owned()));
        }
        if let Some(url) = &self.public_url {
            let is_web = reqwest::Url::parse(url).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none()
            });
            if !is_web {
                let problem = "must be an http or https URL without `?` and `#`".to_owned();
                return Err(wrong("public_url", problem));
            }
        }
        if !(1..=PHOTO_LIMIT).contains(&self.photo_bytes) {
            return Err(wrong("photo_bytes", format!("must be 1 to {PHOTO_LIMIT}")));
        }
        for (field, given, limit) in
            [("photo_ttl", self.photo_ttl, LINK_LIMIT), ("session_ttl", self.session_ttl, SESSION_LIMIT)]
        {
            if given > limit || given < Duration::from_secs(1) {
                return Err(wrong(field, format!("must be 1 to {} s", limit.as_secs())));
            }
        }
        Ok(())
    }
}

impl Partner {
    /// Says whether the partner has a mobile app.
    pub fn has_app(&self) -> bool {
        !self.mobile_products.is_empty()
    }

    /// Checks the products of its app.
    ///
    /// # Errors
    /// The first that makes no sense.
    pub(super) fn check_app(&self, products: &[Product]) -> Result<(), SettingsError> {
        for (id, name) in &self.mobile_products {
            let problem = if !is_product_id(id) {
                format!("`{id}` must be 1 to {PRODUCT_ID_LIMIT} letters and digits")
            } else if !products.iter().any(|product| product.name == *name) {
                format!("no product is called `{name}`")
            } else {
                continue;
            };
            let key = format!("partner.{}.mobile_products", self.name);
            return Err(SettingsError::Senseless { key, problem });
        }
        Ok(())
    }
}

impl Settings {
    /// Gives where apps reach us: as it is set, or else where we listen.
    pub fn public_url(&self, listens: std::net::SocketAddr) -> String {
        self.mobile.public_url.clone().unwrap_or_else(|| format!("http://{listens}"))
    }
}

fn is_product_id(id: &str) -> bool {
    (1..=PRODUCT_ID_LIMIT).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(change: impl FnOnce(&mut Mobile)) -> String {
        let mut mobile = Mobile::default();
        change(&mut mobile);
        mobile.check().map_or_else(|error| error.to_string(), |()| "none".to_owned())
    }

    #[test]
    fn what_is_senseless_is_named() {
        assert_eq!(problem(|_| {}), "none");
        assert_eq!(problem(|it| it.public_url = Some("https://app.example/x/".to_owned())), "none");
        for (told, field) in [
            (problem(|it| it.header = "a b".to_owned()), "header"),
            (problem(|it| it.public_url = Some("app.example".to_owned())), "public_url"),
            (problem(|it| it.public_url = Some("https://a.example/?x".to_owned())), "public_url"),
            (problem(|it| it.photo_bytes = 0), "photo_bytes"),
            (problem(|it| it.photo_bytes = PHOTO_LIMIT + 1), "photo_bytes"),
            (problem(|it| it.photo_ttl = LINK_LIMIT * 2), "photo_ttl"),
            (problem(|it| it.session_ttl = Duration::from_millis(5)), "session_ttl"),
        ] {
            assert!(told.starts_with(&format!("mobile.{field}: must be")), "{told}");
        }
        let partner = |id: &str, product: &str| Partner {
            name: "app".to_owned(),
            mobile_products: [(id.to_owned(), product.to_owned())].into(),
            ..Partner::default()
        };
        let products = super::super::products::products();
        partner("2", "mobile").check_app(&products).unwrap();
        for (id, product, text) in
            [("", "mobile", "must be 1 to 32"), ("2 ", "mobile", "must be 1 to 32"), ("2", "x", "no product")]
        {
            let told = partner(id, product).check_app(&products).unwrap_err().to_string();
            assert!(told.starts_with("partner.app.mobile_products: ") && told.contains(text), "{told}");
        }
    }
}
