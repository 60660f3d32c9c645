//! Every setting that is a single value, with what it means and what it is when nobody says.
//!
//! The one list: variables, origins, suggestions and the reference are made from it.

use super::{CheckDigits, Encoding, Extractor, Recognition, Settings};
use crate::machine::challenge::Agreement;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// A setting that is a single value, so that it can come from the environment.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its path: `provider.public_key`.
    pub path: &'static str,
    /// What it means.
    pub about: &'static str,
    /// Whether its value is never shown.
    pub is_secret: bool,
    /// Whether it must be given.
    pub is_required: bool,
    default: fn(&Settings) -> Option<String>,
}

impl Key {
    const fn new(path: &'static str, about: &'static str, default: fn(&Settings) -> Option<String>) -> Self {
        Self { path, about, is_secret: false, is_required: false, default }
    }

    const fn secret(path: &'static str, about: &'static str) -> Self {
        Self { path, about, is_secret: true, is_required: false, default: |_none| None }
    }

    const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// Gives its variable: `DOCKET_PROVIDER_PUBLIC_KEY`.
    pub fn variable(&self) -> String {
        variable(self.path)
    }

    /// Gives its value when nobody says, in the form in which it is written.
    pub fn default_value(&self) -> Option<String> {
        (self.default)(&Settings::in_folder(super::data()))
    }
}

/// A limit of one of the provider's systems.
macro_rules! limit {
    ($system:ident, $field:ident, $about:literal) => {
        Key::new(concat!("provider.limits.", stringify!($system), ".", stringify!($field)), $about, |it| {
            Some(it.provider.limits.$system.$field.to_string())
        })
    };
}

/// Every key, in the order of the reference.
pub const KEYS: [Key; 73] = [
    Key::new("listen", "Where to listen, for gRPC and HTTP alike; a loopback address.", |it| {
        Some(it.listen.to_string())
    }),
    Key::new("data", "The folder of the store, the keys and the blobs.", |it| path(&it.data)),
    Key::new(
        "master_key_file",
        "The file of the master key; `keys/master.key` in the data folder when not given.",
        |it| it.master_key_file.as_deref().and_then(path),
    ),
    Key::secret(
        "master_key",
        "The master key itself, 32 bytes in hexadecimal or Base64; goes before the file.",
    ),
    Key::new(
        "drain_delay",
        "How long the server says that it is not ready before it stops taking requests, when it is told to stop.",
        |it| span(it.drain_delay),
    ),
    Key::new(
        "archive_after",
        "How long after its end the journal of an application moves out of the store into a compressed file of \
         `archive/`, where it is read as before; `off` for never.",
        |it| it.archive_after.map_or_else(|| text("off"), span),
    ),
    Key::new("provider.address", "The upstream provider's base URL.", |it| text(&it.provider.address))
        .required(),
    Key::new("provider.username", "Our merchant account there.", |it| text(&it.provider.username)).required(),
    Key::secret("provider.password", "The password of the account.").required(),
    Key::new(
        "provider.public_key",
        "The file with the provider's public key for the audit, X.509 SPKI PEM.",
        |it| path(&it.provider.public_key),
    )
    .required(),
    Key::new("provider.encoding", "How requests to it are written: `json` or `form`.", |it| {
        text(match it.provider.encoding {
            Encoding::Json => "json",
            Encoding::Form => "form",
        })
    }),
    Key::new("provider.timeout", "How long a call may take in all.", |it| span(it.provider.timeout)),
    Key::new("provider.token_hours", "The life of a token in hours.", |it| {
        Some(it.provider.token_hours.to_string())
    }),
    limit!(blacklist, concurrency, "Calls to the blacklist under way at the same time."),
    limit!(blacklist, calls_per_s, "Calls to the blacklist a second, on average."),
    limit!(blacklist, burst, "Calls to the blacklist at once after a rest."),
    limit!(audit, concurrency, "Calls to the audit under way at the same time."),
    limit!(audit, calls_per_s, "Calls to the audit a second, on average."),
    limit!(audit, burst, "Calls to the audit at once after a rest."),
    limit!(telecom, concurrency, "Calls to the telecom system under way at the same time."),
    limit!(telecom, calls_per_s, "Calls to the telecom system a second, on average."),
    limit!(telecom, burst, "Calls to the telecom system at once after a rest."),
    limit!(degree, concurrency, "Calls to the system of degrees under way at the same time."),
    limit!(degree, calls_per_s, "Calls to the system of degrees a second, on average."),
    limit!(degree, burst, "Calls to the system of degrees at once after a rest."),
    limit!(ebank, concurrency, "Calls to online banking, first version, under way at the same time."),
    limit!(ebank, calls_per_s, "Calls to online banking, first version, a second, on average."),
    limit!(ebank, burst, "Calls to online banking, first version, at once after a rest."),
    limit!(ebank_v2, concurrency, "Calls to online banking, second version, under way at the same time."),
    limit!(ebank_v2, calls_per_s, "Calls to online banking, second version, a second, on average."),
    limit!(ebank_v2, burst, "Calls to online banking, second version, at once after a rest."),
    Key::new(
        "provider.breaker.failures",
        "Failures in a row after which a system of the provider is taken to be down.",
        |it| Some(it.provider.breaker.failures.to_string()),
    ),
    Key::new("provider.breaker.pause_min", "How long nothing is called then, at first.", |it| {
        span(it.provider.breaker.pause_min)
    }),
    Key::new("provider.breaker.pause_max", "Between two questions whether it is back, at most.", |it| {
        span(it.provider.breaker.pause_max)
    }),
    Key::new(
        "provider.breaker.longest_outage",
        "How much of one outage is waited for; after it parked calls use up `patience.call_budget`.",
        |it| span(it.provider.breaker.longest_outage),
    ),
    Key::new(
        "provider.degree_login_path",
        "Where the account of the register of degrees is submitted to; the print says \
         `/telecom/collect/login`, and most likely means the default.",
        |it| text(&it.provider.degree_login_path),
    ),
    Key::new(
        "provider.degree_state_username",
        "Whether the state of a degree session is asked for with our merchant account, which is not printed.",
        |it| Some(it.provider.degree_state_username.to_string()),
    ),
    Key::new(
        "provider.extractor",
        "How the raw data of a telecom collection is read for an audit, which is not printed: `task_data`, the \
         shape in which partners push operator data, or `none`, where operator data that is brought is used.",
        |it| {
            text(match it.provider.extractor {
                Extractor::TaskData => "task_data",
                Extractor::None => "none",
            })
        },
    ),
    Key::new(
        "provider.bills_in_yuan",
        "Whether an audit is told the amounts of bills in yuan, not in fen.",
        |it| Some(it.provider.bills_in_yuan.to_string()),
    ),
    Key::new(
        "provider.empty_lists",
        "Whether an audit may be sent required lists that are empty; otherwise what is missing is named, and no \
         audit applied for.",
        |it| Some(it.provider.empty_lists.to_string()),
    ),
    Key::new("patience.intake", "How long the evidence may take to be complete.", |it| {
        span(it.policy().intake)
    }),
    Key::new("patience.collections", "How long all collections of an application may take together.", |it| {
        span(it.policy().collections)
    }),
    Key::new("patience.credentials", "How long the applicant may take to bring credentials.", |it| {
        span(it.policy().credentials)
    }),
    Key::new(
        "patience.credentials_optional",
        "The same for a collection that the product can do without: the application waits for it.",
        |it| span(it.policy().credentials_optional),
    ),
    Key::new(
        "patience.session",
        "How long a telecom or degree session may take until the applicant's part is done.",
        |it| span(it.policy().session),
    ),
    Key::new(
        "patience.ebank_session",
        "The same for e-banking, for which the provider prints no limit.",
        |it| span(it.policy().ebank_session),
    ),
    Key::new("patience.data", "How long the data may take to be built and fetched.", |it| {
        span(it.policy().data)
    }),
    Key::new("patience.audit", "How long the audit may take to decide.", |it| span(it.policy().audit)),
    Key::new("patience.reminder", "Between two looks at what is suspended or parked.", |it| {
        span(it.policy().reminder)
    }),
    Key::new(
        "patience.review",
        "How long a person who took a review may take to decide, before another may take it.",
        |it| span(it.policy().review),
    ),
    Key::new("patience.restart", "Between a dead session and the next.", |it| span(it.policy().restart)),
    Key::new("patience.poll_min", "Between two polls of a working session, at first.", |it| {
        span(it.policy().poll_min)
    }),
    Key::new("patience.poll_max", "Between two polls of a working session, at most.", |it| {
        span(it.policy().poll_max)
    }),
    Key::new("patience.poll_asking", "Between two polls while the applicant owes an answer.", |it| {
        span(it.policy().poll_asking)
    }),
    Key::new("patience.audit_min", "Between two questions for the audit's result, at first.", |it| {
        span(it.policy().audit_min)
    }),
    Key::new("patience.audit_max", "Between two questions for the audit's result, at most.", |it| {
        span(it.policy().audit_max)
    }),
    Key::new(
        "patience.call_budget",
        "How long one call may be tried in vain before what asked for it is parked.",
        |it| span(it.policy().call_budget),
    ),
    Key::new("patience.sessions", "Sessions a collection may open before it is parked or exhausted.", |it| {
        Some(it.policy().sessions.to_string())
    }),
    Key::new(
        "patience.answers",
        "Answers an applicant may give to one kind of question before the session is given up.",
        |it| Some(it.policy().answers.to_string()),
    ),
    Key::new(
        "agreements.ebank",
        "Where the agreement of e-banking, first version, can be read: a URL that applicants are shown.",
        |it| it.agreements.url(Agreement::Ebank).and_then(text),
    ),
    Key::new("agreements.kaniu", "The same of 卡牛, service provider 1 of the second version.", |it| {
        it.agreements.url(Agreement::Kaniu).and_then(text)
    }),
    Key::new("agreements.jianguo", "The same of 坚果, service provider 2.", |it| {
        it.agreements.url(Agreement::Jianguo).and_then(text)
    }),
    Key::new("agreements.xinyan", "The same of 新颜, service provider 3.", |it| {
        it.agreements.url(Agreement::Xinyan).and_then(text)
    }),
    Key::new("mobile.header", "The header with which the mobile app sends its session.", |it| {
        text(&it.mobile.header)
    }),
    Key::new(
        "mobile.public_url",
        "Where the mobile app reaches this server, for the links to photos; `http://` and the address that is \
         listened on when not given.",
        |it| it.mobile.public_url.as_deref().and_then(text),
    ),
    Key::new(
        "mobile.catalogue",
        "The file of the catalogue of forms that the mobile app shows; the printed forms when not given.",
        |it| it.mobile.catalogue.as_deref().and_then(path),
    ),
    Key::new("mobile.photo_bytes", "The largest photo, in bytes.", |it| {
        Some(it.mobile.photo_bytes.to_string())
    }),
    Key::new("mobile.photo_ttl", "How long a link to a photo is good.", |it| span(it.mobile.photo_ttl)),
    Key::new("mobile.session_ttl", "How long a session of the mobile app is good when nobody says.", |it| {
        span(it.mobile.session_ttl)
    }),
    Key::new("mobile.session_epoch", "Raised, it ends every session that was issued before.", |it| {
        Some(it.mobile.session_epoch.to_string())
    }),
    Key::new(
        "mobile.check_digits",
        "What becomes of a CURP, a CLABE or a card number whose check digit is wrong: `warn` takes it and \
         counts it, `refuse` does not take it.",
        |it| {
            text(match it.mobile.check_digits {
                CheckDigits::Warn => "warn",
                CheckDigits::Refuse => "refuse",
            })
        },
    ),
    Key::new(
        "mobile.recogniser",
        "What reads photos of identity cards: `tesseract`, `none`, or `auto`, Tesseract where it is installed.",
        |it| {
            text(match it.mobile.recogniser {
                Recognition::Auto => "auto",
                Recognition::Tesseract => "tesseract",
                Recognition::None => "none",
            })
        },
    ),
    Key::new(
        "mobile.recogniser_program",
        "The program of Tesseract, by its path or found on `PATH`.",
        |it| path(&it.mobile.recogniser_program),
    ),
];

/// What is given as lists of tables, in a file only: the list, its fields, what it means.
pub(super) const LISTS: [(&str, &[&str], &str); 3] = [
    (
        "partner",
        &[
            "name",
            "product",
            "mobile_products",
            "signature",
            "push_ua",
            "push_secret",
            "push_secret_file",
            "push_secret_old",
            "push_secret_old_file",
            "push_window",
            "callback_url",
            "callback_secret",
            "callback_secret_file",
            "callback_secret_old",
            "callback_secret_old_file",
            "callback_states",
            "callback_timeout",
            "callback_budget",
            "callback_insecure",
        ],
        "The partners, each with the product that its pushes are for; those of the first are taken in at the \
         root too, those of each under `/partners/{name}`. `signature` says how it proves that a push is its \
         own: `none`; `ua-md5`, in an envelope under the id `push_ua` (its name when not given); `qunadai`, the \
         signed push. The last two need `push_secret` (16 to 512 bytes, or in a file that only its owner may \
         read); `push_secret_old` is good as well, if there is one. The time of a signed push may be \
         `push_window` (10m) from ours, or whatever with `off`. With `mobile_products`, a table of products by the \
         app's number of each (`{ \"2\" = \"mobile\" }`), a partner's mobile app is served as well, that of the \
         first such partner at the root too; without a signature such a partner pushes nothing. With \
         `callback_url` (https; http to this machine, \
         or with `callback_insecure`) a partner is told of every change of state, or of those into \
         `callback_states`; what it is told is signed with `callback_secret` (16 to 512 bytes, or in a file \
         that only its owner may read) and with `callback_secret_old` as well, if there is one. A try may \
         take `callback_timeout` (10s), a delivery is given up after `callback_budget` (24h). With a secret \
         alone a partner can ask at `/partners/{name}/outcomes`.",
    ),
    (
        "product",
        &[
            "name",
            "version",
            "evidence",
            "telecom",
            "degree",
            "ebank",
            "ebank_v2",
            "term_days",
            "amount_fen",
            "app_download_url",
            "blacklist",
            "audit",
            "fresh",
        ],
        "The products: `version` is raised with each change, `evidence` lists the kinds that are wanted, \
         `telecom`, `degree`, `ebank` and `ebank_v2` say what is collected: `no`, `optional` or `required`; \
         `term_days` is the loan's term. For signed pushes, which tell neither: `amount_fen` is the loan's \
         amount, `app_download_url` where applicants go on. The provider's blacklist is asked unless \
         `blacklist` is false; `audit` is `provider` (its risk audit decides) or `manual` (a person does); \
         `fresh` says how long evidence of a kind may lie before an audit, as in \
         `{ operator_data = \"720h\" }`.",
    ),
    (
        "role",
        &["name", "clear"],
        "What people may see of applicants who ask for evidence in this role: the kinds in `clear` are shown \
         as they are, the rest is masked.",
    ),
];

/// Gives the variable of a path.
pub(super) fn variable(path: &str) -> String {
    format!("DOCKET_{}", path.replace('.', "_").to_uppercase())
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn path(path: &Path) -> Option<String> {
    text(&path.display().to_string())
}

/// Writes a duration as the settings do: `250ms`, `10m`, `72h`.
fn span(span: Duration) -> Option<String> {
    let millis = span.as_millis();
    let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
    let (size, unit) = units.into_iter().find(|(size, _)| millis.is_multiple_of(*size))?;
    Some(format!("{}{unit}", millis / size))
}

const OPENING: &str =
    "<!-- generated from src/config/keys.rs: edit it, then run UPDATE=1 cargo test --test it references -->

# Settings

A setting comes from the file that `--config` or `DOCKET_CONFIG` names (TOML), from its variable, or from
a flag where there is one; the last wins. A key or a `DOCKET_…` variable that nobody knows is an error.
`docket config show` tells each value and where it came from, `docket config check` all that is wrong.

Durations are written like `250ms`, `90s`, `10m`, `72h`.

| key | variable | default | what it means |
|---|---|---|---|
";

/// Writes the reference of all settings, as Markdown.
pub fn reference() -> String {
    let mut page = OPENING.to_owned();
    for key in KEYS {
        let nobody_says = if key.is_required { "required" } else { "" };
        let default =
            key.default_value().map_or_else(|| nobody_says.to_owned(), |value| format!("`{value}`"));
        let (path, variable, about) = (key.path, key.variable(), key.about);
        let _infallible = writeln!(page, "| `{path}` | `{variable}` | {default} | {about} |");
    }
    page.push_str("\nTwo settings are lists of tables, and can stand in the file only:\n\n");
    page.push_str("| list | fields | what it means |\n|---|---|---|\n");
    for (list, fields, about) in LISTS {
        let fields: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
        let _infallible = writeln!(page, "| `[[{list}]]` | {} | {about} |", fields.join(", "));
    }
    page.push_str("\nThese variables choose how the program runs and are no settings: ");
    let others: Vec<_> = super::OTHER_VARIABLES.iter().map(|name| format!("`{name}`")).collect();
    page.push_str(&others.join(", "));
    page.push_str(".\n");
    page
}
