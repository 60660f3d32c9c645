//! Where applicants can read the agreements that they consent to: no provider tells it (spec 005 A-002-35).

use super::SettingsError;
use crate::machine::challenge::Agreement;
use serde::Deserialize;

/// The longest URL, in bytes: what browsers and proxies agree on.
pub(super) const URL_LIMIT: usize = 2048;

/// The URLs of the agreements; of one without, the name alone is told.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Agreements {
    ebank: Option<String>,
    kaniu: Option<String>,
    jianguo: Option<String>,
    xinyan: Option<String>,
}

impl Agreements {
    /// Gives the URL of an agreement, where one is set.
    pub fn url(&self, agreement: Agreement) -> Option<&str> {
        let url = match agreement {
            Agreement::Ebank => &self.ebank,
            Agreement::Kaniu => &self.kaniu,
            Agreement::Jianguo => &self.jianguo,
            Agreement::Xinyan => &self.xinyan,
        };
        url.as_deref()
    }

    /// Checks that each can be opened by a browser.
    ///
    /// # Errors
    /// The first that cannot.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        for agreement in Agreement::ALL {
            let Some(url) = self.url(agreement) else { continue };
            if !is_web_address(url) {
                let key = format!("agreements.{}", agreement.name());
                let problem = format!("must be an http or https URL of at most {URL_LIMIT} bytes");
                return Err(SettingsError::Senseless { key, problem });
            }
        }
        Ok(())
    }
}

/// Says whether a browser can open it.
pub(super) fn is_web_address(url: &str) -> bool {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    url.len() <= URL_LIMIT
        && url.bytes().all(|byte| byte.is_ascii_graphic())
        && host.is_some_and(|host| host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agreement_is_read_by_a_browser() {
        let of = |url: &str| Agreements { kaniu: Some(url.to_owned()), ..Agreements::default() };
        for good in ["https://example.com/kaniu.html", "http://[::1]:8080/"] {
            let agreements = of(good);
            agreements.check().unwrap();
            assert_eq!(
                (agreements.url(Agreement::Kaniu), agreements.url(Agreement::Ebank)),
                (Some(good), None)
            );
        }
        for bad in ["", "kaniu.html", "https://", "javascript:alert(1)", "https://a b", "https://\u{202e}"] {
            let error = of(bad).check().unwrap_err();
            assert!(error.to_string().starts_with("agreements.kaniu: must be"), "{bad}: {error}");
        }
    }
}
