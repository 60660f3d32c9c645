//! Settings: from the file, the environment, the command line, in this order; the last wins.
//!
//! Every key can be given as `DOCKET_` and its path in upper case with underscores:
//! `provider.public_key` is `DOCKET_PROVIDER_PUBLIC_KEY`. A key that nobody knows is an error.

mod agreements;
mod callback;
mod keys;
mod limits;
mod mobile;
mod origin;
mod patience;
pub mod products;
mod push;
mod roles;

use crate::machine::policy::Policy;
use crate::machine::products::Products;
use crate::vault::Secret;
use serde::Deserialize;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use agreements::Agreements;
pub use callback::Callback;
pub use keys::{KEYS, Key, reference};
pub use limits::{AllLimits, Breaker, Limits};
pub use mobile::{CheckDigits, Mobile, PRODUCT_ID_LIMIT, Recognition, SESSION_LIMIT};
pub use origin::{Origin, Shown, show};
pub use patience::Patience;
pub use products::{Partner, Product};
pub use push::{Pushes, Scheme};
pub use roles::{Role, Roles};

/// All settings of a server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where to listen, for gRPC and HTTP alike; a loopback address.
    #[serde(default = "listen")]
    pub listen: SocketAddr,
    /// The folder of the store, the keys and the blobs.
    #[serde(default = "data")]
    pub data: PathBuf,
    /// The file of the master key; `keys/master.key` in the data folder when not given.
    pub master_key_file: Option<PathBuf>,
    /// The master key itself, 32 bytes in hexadecimal or Base64; goes before the file.
    pub master_key: Option<SecretText>,
    /// How long the server says that it is not ready before it stops taking requests, when it is told
    /// to stop: as long as whoever sends them needs to notice.
    #[serde(default, deserialize_with = "patience::duration")]
    pub drain_delay: Duration,
    /// How long after its end the journal of an application moves into the archive; never when none,
    /// written `off`.
    #[serde(default = "archive_after", deserialize_with = "patience::unless_off")]
    pub archive_after: Option<Duration>,
    /// The upstream provider.
    pub provider: Provider,
    /// How patient to be.
    #[serde(default)]
    pub patience: Patience,
    /// Where applicants can read the agreements that they consent to.
    #[serde(default)]
    pub agreements: Agreements,
    /// How the calls of mobile apps are answered.
    #[serde(default)]
    pub mobile: Mobile,
    /// The partners whose pushes are taken in; the first is served at the root, each under
    /// `/partners/{name}`.
    #[serde(default = "products::partners")]
    pub partner: Vec<Partner>,
    /// The products.
    #[serde(default = "products::products")]
    pub product: Vec<Product>,
    /// What people may see of applicants, by the role in which they ask; without one all is masked.
    #[serde(default)]
    pub role: Vec<Role>,
}

/// The upstream provider, and our account there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its base URL (spec 002 §0).
    pub address: String,
    /// Our merchant account (spec 002 §1).
    pub username: String,
    /// Its password.
    pub password: SecretText,
    /// The file with its public key for the audit, X.509 SPKI PEM (spec 002 §7.1).
    pub public_key: PathBuf,
    /// How requests are written: `json` or `form` (spec 005 A-002-7).
    #[serde(default)]
    pub encoding: Encoding,
    /// How long a call may take in all.
    #[serde(default = "timeout", deserialize_with = "patience::duration")]
    pub timeout: Duration,
    /// The life of a token in hours.
    #[serde(default = "token_hours")]
    pub token_hours: NonZeroU16,
    /// What each of its systems may be asked.
    #[serde(default)]
    pub limits: AllLimits,
    /// When one of its systems is taken to be down.
    #[serde(default)]
    pub breaker: Breaker,
    /// Where the account of the register of degrees is submitted to (spec 005 A-002-1).
    #[serde(default = "degree_login_path")]
    pub degree_login_path: String,
    /// Whether the state of a degree session is asked for with our merchant account (spec 005 A-002-2).
    #[serde(default)]
    pub degree_state_username: bool,
    /// How the raw data of a telecom collection is read for an audit.
    #[serde(default)]
    pub extractor: Extractor,
    /// Whether an audit is told the amounts of bills in yuan (spec 005 A-002-18).
    #[serde(default)]
    pub bills_in_yuan: bool,
    /// Whether an audit may be sent required lists that are empty (spec 006 §7.2).
    #[serde(default)]
    pub empty_lists: bool,
}

/// How requests to the provider are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// As JSON.
    #[default]
    Json,
    /// As form fields.
    Form,
}

/// How the raw data of a telecom collection is read for an audit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extractor {
    /// In the shape in which partners push operator data (spec 000 `task_data`).
    #[default]
    TaskData,
    /// Not at all: what somebody brings is used.
    None,
}

/// A text that prints nothing.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    /// Takes a text.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// Gives the text to whoever must hand it over.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Gives it as a secret.
    pub fn to_secret(&self) -> Secret {
        Secret::from(self.0.clone())
    }
}

impl Drop for SecretText {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// Where to listen unless told otherwise.
pub fn listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8700))
}

impl Settings {
    /// The defaults, with the data in `folder` and no account at the provider yet.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self {
            listen: listen(),
            data: folder,
            master_key_file: None,
            master_key: None,
            drain_delay: Duration::ZERO,
            archive_after: archive_after(),
            provider: Provider::default(),
            patience: Patience::default(),
            agreements: Agreements::default(),
            mobile: Mobile::default(),
            partner: products::partners(),
            product: products::products(),
            role: Vec::new(),
        }
    }
}

impl Default for Provider {
    fn default() -> Self {
        Self {
            address: String::new(),
            username: String::new(),
            password: SecretText::new(String::new()),
            public_key: PathBuf::new(),
            encoding: Encoding::Json,
            timeout: timeout(),
            token_hours: token_hours(),
            limits: AllLimits::default(),
            breaker: Breaker::default(),
            degree_login_path: degree_login_path(),
            degree_state_username: false,
            extractor: Extractor::default(),
            bills_in_yuan: false,
            empty_lists: false,
        }
    }
}

fn data() -> PathBuf {
    PathBuf::from("docket-data")
}

/// Thirty days: by then whoever asks what became of an application has asked.
#[expect(clippy::unnecessary_wraps, reason = "serde wants the type of the field")]
const fn archive_after() -> Option<Duration> {
    Some(Duration::from_secs(30 * 24 * 60 * 60))
}

const fn timeout() -> Duration {
    Duration::from_secs(10)
}

const fn token_hours() -> NonZeroU16 {
    NonZeroU16::new(24).expect("24 is not 0")
}

fn degree_login_path() -> String {
    "/degree/collect/login".to_owned()
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file or a variable cannot be read.
    #[error("read the settings: {0}")]
    Read(#[from] config::ConfigError),
    /// A variable begins with `DOCKET_` and is no setting.
    #[error("the environment variable {name} is no setting{}", meant(.like.as_deref()))]
    UnknownVariable {
        /// Its name.
        name: String,
        /// One that looks alike.
        like: Option<String>,
    },
    /// A key of the file is no setting.
    #[error("the key `{key}` is no setting{}", meant(.like.as_deref()))]
    UnknownKey {
        /// Its path.
        key: String,
        /// One that looks alike.
        like: Option<String>,
    },
    /// A setting that must be given is not.
    #[error("{key} must be given, in the file or as {variable}")]
    Missing {
        /// Its path.
        key: String,
        /// Its variable.
        variable: String,
    },
    /// A setting makes no sense.
    #[error("{key}: {problem}")]
    Senseless {
        /// Its key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

fn meant(like: Option<&str>) -> String {
    like.map_or_else(String::new, |like| format!("; did you mean {like}?"))
}

/// Settings that can be given on the command line, each with its key.
pub type Overrides = Vec<(&'static str, String)>;

/// Variables that begin like settings and are none: they choose how the program runs.
const OTHER_VARIABLES: [&str; 5] =
    ["DOCKET_CONFIG", "DOCKET_LOG", "DOCKET_SEED", "DOCKET_OUTPUT", "DOCKET_SERVER"];

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// The first of what [`Settings::problems`] finds.
    pub fn read(file: Option<&Path>, overrides: Overrides) -> Result<Self, SettingsError> {
        match origin::problems(file, &overrides)?.into_iter().next() {
            Some(problem) => Err(problem),
            None => Self::build(file, overrides),
        }
    }

    /// Tells all that is wrong with the settings; values are looked at once every key is known
    /// and none is missing.
    pub fn problems(file: Option<&Path>, overrides: Overrides) -> Vec<SettingsError> {
        match origin::problems(file, &overrides) {
            Ok(problems) if problems.is_empty() => Self::build(file, overrides).err().into_iter().collect(),
            Ok(problems) => problems,
            Err(error) => vec![error],
        }
    }

    fn build(file: Option<&Path>, overrides: Overrides) -> Result<Self, SettingsError> {
        let mut builder = config::Config::builder();
        if let Some(file) = file {
            builder = builder.add_source(config::File::from(file).format(config::FileFormat::Toml));
        }
        for key in KEYS {
            builder = builder.set_override_option(key.path, std::env::var(key.variable()).ok())?;
        }
        for (key, value) in overrides {
            builder = builder.set_override(key, value)?;
        }
        let settings: Self = builder.build()?.try_deserialize()?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), SettingsError> {
        let senseless = |key: &str, problem: &str| SettingsError::Senseless {
            key: key.to_owned(),
            problem: problem.to_owned(),
        };
        if !self.listen.ip().is_loopback() {
            return Err(senseless("listen", "must be a loopback address: there is no TLS and no token yet"));
        }
        self.provider.limits.check()?;
        self.provider.breaker.check()?;
        let path = &self.provider.degree_login_path;
        let is_path = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_path || path.contains(['?', '#']) {
            return Err(senseless("provider.degree_login_path", "must be a path: `/degree/collect/login`"));
        }
        self.agreements.check()?;
        self.mobile.check()?;
        if self.partner.is_empty() {
            return Err(senseless("partner", "at least one is needed"));
        }
        for partner in &self.partner {
            if !self.product.iter().any(|product| product.name == partner.product) {
                let key = format!("partner.{}", partner.name);
                return Err(senseless(&key, &format!("no product is called `{}`", partner.product)));
            }
            if self.partner.iter().filter(|other| other.name == partner.name).count() > 1 {
                let key = format!("partner.{}", partner.name);
                return Err(senseless(&key, "must be there once"));
            }
            partner.callback()?;
            partner.check_app(&self.product)?;
            partner.pushes()?;
        }
        self.product.iter().try_for_each(Product::check)?;
        Ok(())
    }

    /// Gives what partners are told, and how; those that share no secret with us are left out.
    ///
    /// # Errors
    /// A setting makes no sense, or the file of a secret cannot be read.
    pub fn callbacks(&self) -> Result<Vec<Callback>, SettingsError> {
        self.partner.iter().filter_map(|partner| partner.callback().transpose()).collect()
    }

    /// Gives how patient to be.
    pub fn policy(&self) -> Policy {
        self.patience.policy()
    }

    /// Gives the products.
    pub fn products(&self) -> Products {
        Products::new(self.product.iter().map(Product::plan))
    }
}
