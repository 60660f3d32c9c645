//! Products and partners, as written in the settings.

use super::agreements::{URL_LIMIT, is_web_address};
use super::patience::optional;
use super::push::{Scheme, Window};
use super::{SecretText, SettingsError};
use crate::machine::application::{Decider, Plan, Wish};
use crate::machine::collection::CollectionKind;
use crate::machine::evidence::EvidenceKind;
use crate::machine::products::Products;
use serde::{Deserialize, Deserializer, de};
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The product whose operator data comes with the push.
pub const PUSHED: &str = "pushed";

/// The product whose operator data is collected.
pub const COLLECTED: &str = "collected";

/// The products that collect from one system each, besides what comes with the push.
pub const SINGLES: [(&str, CollectionKind); 3] = [
    ("degree", CollectionKind::Degree),
    ("ebank", CollectionKind::Ebank),
    ("ebank_v2", CollectionKind::EbankV2),
];

/// The product about which a person decides, and the provider is asked nothing.
pub const MANUAL: &str = "manual";

/// The product that collects whatever can be collected: telecom it needs, the rest it takes if it can be had.
pub const EVERYTHING: &str = "everything";

/// The product of the signed push: what that push lacks is brought and collected afterwards.
pub const SIGNED: &str = "signed";

/// The partner of the demo that sends signed pushes.
pub const QUNADAI: &str = "qunadai";

/// The secret that it signs with: a demo guards nothing.
pub const QUNADAI_SECRET: &str = "a demo guards nothing";

/// The amount of the signed product, in fen: 1,500 yuan.
const SIGNED_AMOUNT_FEN: u64 = 150_000;

/// Where the signed product's applicants go on.
const SIGNED_DOWNLOAD_URL: &str = "https://app.example.com/download";
/// The product whose applicants certify in the mobile app.
pub const MOBILE: &str = "mobile";

/// The partner of the demo whose app that is.
pub const CRAPIDO: &str = "crapido";

/// The number of the product in the app of the demo (spec 004 `product_id`).
pub const MOBILE_NUMBER: &str = "2";

/// The products of the demo.
pub fn demo() -> Products {
    use EvidenceKind as E;
    let common = [E::Identity, E::Loan, E::IdentityCard, E::Contacts, E::Work, E::Device, E::AddressBook];
    let plan = |product: &str, evidence: &[E], collections| Plan {
        product: product.to_owned(),
        version: 1,
        evidence: evidence.to_vec(),
        collections,
        term_days: 14,
        blacklist: true,
        decider: Decider::Provider,
        fresh: Vec::new(),
    };
    let with_operator_data: Vec<_> = common.into_iter().chain([E::OperatorData]).collect();
    let wish = |kind, required| Wish { kind, required };
    let everything = CollectionKind::ALL.map(|kind| wish(kind, kind == CollectionKind::Telecom));
    let pushed = plan(PUSHED, &with_operator_data, Vec::new());
    let collected = plan(COLLECTED, &common, vec![wish(CollectionKind::Telecom, true)]);
    let singles = SINGLES.map(|(name, kind)| plan(name, &with_operator_data, vec![wish(kind, true)]));
    let signed = [E::Identity, E::Loan, E::Contacts, E::IdentityCard, E::AddressBook];
    let signed = plan(SIGNED, &signed, vec![wish(CollectionKind::Telecom, true)]);
    let certified = [
        E::Questionnaire,
        E::Identity,
        E::FacePhoto,
        E::FrontPhoto,
        E::BackPhoto,
        E::Personal,
        E::Work,
        E::Contacts,
        E::Card,
    ];
    let manual =
        Plan { decider: Decider::Person, blacklist: false, ..plan(MANUAL, &with_operator_data, Vec::new()) };
    let mobile = Plan { decider: Decider::Person, blacklist: false, ..plan(MOBILE, &certified, Vec::new()) };
    let all = [pushed, collected, manual].into_iter().chain(singles);
    Products::new(all.chain([plan(EVERYTHING, &common, everything.to_vec()), signed, mobile]))
}

/// A partner whose pushes are taken in.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partner {
    /// The partner's name.
    pub name: String,
    /// The product that the pushes are for.
    pub product: String,
    /// By which scheme it signs its pushes.
    #[serde(default)]
    pub signature: Scheme,
    /// The id by which it calls itself in an envelope; its name when not given.
    pub push_ua: Option<String>,
    /// The secret that signs its pushes.
    pub push_secret: Option<SecretText>,
    /// The file of that secret.
    pub push_secret_file: Option<PathBuf>,
    /// The former secret, while the partner still signs with it.
    pub push_secret_old: Option<SecretText>,
    /// The file of the former secret.
    pub push_secret_old_file: Option<PathBuf>,
    /// How far the time of a signed push may be from ours.
    pub push_window: Option<Window>,
    /// The products of the partner's mobile app, by the app's number of each; with one the app's calls
    /// are served (spec 004 `product_id`), and no pushes are taken in that are not signed.
    #[serde(default)]
    pub mobile_products: BTreeMap<String, String>,
    /// Where the partner is told of its applications' states.
    pub callback_url: Option<String>,
    /// The secret that signs what it is told.
    pub callback_secret: Option<SecretText>,
    /// The file of that secret.
    pub callback_secret_file: Option<PathBuf>,
    /// The former secret, while the partner still checks by it.
    pub callback_secret_old: Option<SecretText>,
    /// The file of the former secret.
    pub callback_secret_old_file: Option<PathBuf>,
    /// The states that it is told of; all when empty.
    #[serde(default)]
    pub callback_states: Vec<String>,
    /// How long one try may take in all.
    #[serde(default, deserialize_with = "optional")]
    pub callback_timeout: Option<Duration>,
    /// How long a delivery is tried in vain.
    #[serde(default, deserialize_with = "optional")]
    pub callback_budget: Option<Duration>,
    /// Whether the URL may be `http` to another machine.
    #[serde(default)]
    pub callback_insecure: bool,
}

/// A product.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its name.
    pub name: String,
    /// The version of what follows: raise it with each change; applications keep theirs.
    pub version: u32,
    /// The evidence that it wants, besides what is collected.
    #[serde(deserialize_with = "kinds")]
    pub evidence: Vec<EvidenceKind>,
    /// Whether telecom data is collected: `no`, `optional` or `required`; whether it must be, if it is.
    #[serde(default, deserialize_with = "wanted")]
    pub telecom: Option<bool>,
    /// The same of the record of degrees.
    #[serde(default, deserialize_with = "wanted")]
    pub degree: Option<bool>,
    /// The same of online banking, first version.
    #[serde(default, deserialize_with = "wanted")]
    pub ebank: Option<bool>,
    /// The same of online banking, second version.
    #[serde(default, deserialize_with = "wanted")]
    pub ebank_v2: Option<bool>,
    /// The loan's term in days.
    pub term_days: u32,
    /// The amount of the loan in fen, for pushes that tell none (spec 003).
    pub amount_fen: Option<NonZeroU64>,
    /// Where applicants of a signed push go on (spec 003, "Response").
    pub app_download_url: Option<String>,
    /// Whether the provider's blacklist is asked about the person.
    #[serde(default = "asked")]
    pub blacklist: bool,
    /// Whose word decides: `provider`, its risk audit, or `manual`, a person.
    #[serde(default = "by_provider", deserialize_with = "decider")]
    pub audit: Decider,
    /// How long evidence of a kind is fresh; other evidence is for ever.
    #[serde(default, deserialize_with = "spans")]
    pub fresh: Vec<(EvidenceKind, Duration)>,
}

impl Product {
    /// Checks what no type checks.
    ///
    /// # Errors
    /// The first that makes no sense.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let wrong = |field: &str, problem: String| SettingsError::Senseless {
            key: format!("product.{}.{field}", self.name),
            problem,
        };
        if self.evidence.contains(&EvidenceKind::Questionnaire) {
            let why = "is for numbers that the provider knows, and whoever certifies has a CURP";
            if self.audit == Decider::Provider {
                return Err(wrong(
                    "audit",
                    format!("must be `manual` with a certification: the provider's {why}"),
                ));
            }
            if self.blacklist {
                return Err(wrong(
                    "blacklist",
                    format!("must be false with a certification: the provider's {why}"),
                ));
            }
        }
        if self.amount_fen.is_some_and(|amount| i64::try_from(amount.get()).is_err()) {
            return Err(wrong("amount_fen", format!("must be at most {}", i64::MAX)));
        }
        if let Some(url) = &self.app_download_url
            && !is_web_address(url)
        {
            let problem = format!("must be an http or https URL of at most {URL_LIMIT} bytes");
            return Err(wrong("app_download_url", problem));
        }
        Ok(())
    }

    /// Gives what an application of the product is created with.
    pub fn plan(&self) -> Plan {
        let wish = |kind| Some(Wish { kind, required: self.wants(kind)? });
        Plan {
            product: self.name.clone(),
            version: self.version,
            evidence: self.evidence.clone(),
            collections: CollectionKind::ALL.into_iter().filter_map(wish).collect(),
            term_days: self.term_days,
            blacklist: self.blacklist,
            decider: self.audit,
            fresh: self.fresh.clone(),
        }
    }

    const fn wants(&self, kind: CollectionKind) -> Option<bool> {
        match kind {
            CollectionKind::Telecom => self.telecom,
            CollectionKind::Degree => self.degree,
            CollectionKind::Ebank => self.ebank,
            CollectionKind::EbankV2 => self.ebank_v2,
        }
    }

    fn of(plan: &Plan) -> Self {
        let wants = |kind| plan.collections.iter().find(|wish| wish.kind == kind).map(|wish| wish.required);
        Self {
            name: plan.product.clone(),
            version: plan.version,
            evidence: plan.evidence.clone(),
            telecom: wants(CollectionKind::Telecom),
            degree: wants(CollectionKind::Degree),
            ebank: wants(CollectionKind::Ebank),
            ebank_v2: wants(CollectionKind::EbankV2),
            term_days: plan.term_days,
            amount_fen: None,
            app_download_url: None,
            blacklist: plan.blacklist,
            audit: plan.decider,
            fresh: plan.fresh.clone(),
        }
    }
}

/// The products of the demo, as settings.
pub(super) fn products() -> Vec<Product> {
    let demo = demo();
    let mut products: Vec<_> = demo.names().filter_map(|name| demo.plan(name)).map(Product::of).collect();
    for product in products.iter_mut().filter(|product| product.name == SIGNED) {
        product.amount_fen = NonZeroU64::new(SIGNED_AMOUNT_FEN);
        product.app_download_url = Some(SIGNED_DOWNLOAD_URL.to_owned());
    }
    products
}

/// A partner for each product of the demo; the one that brings operator data comes first.
pub(super) fn partners() -> Vec<Partner> {
    let partner = |product: &str| Partner {
        name: product.to_owned(),
        product: product.to_owned(),
        ..Partner::default()
    };
    let singles = SINGLES.map(|(name, _)| name);
    let names = [PUSHED, COLLECTED].into_iter().chain(singles).chain([EVERYTHING, MANUAL]);
    let signed = Partner {
        name: QUNADAI.to_owned(),
        signature: Scheme::Qunadai,
        push_secret: Some(SecretText::new(QUNADAI_SECRET.to_owned())),
        ..partner(SIGNED)
    };
    let mobile_products = [(MOBILE_NUMBER.to_owned(), MOBILE.to_owned())].into();
    let app = Partner { name: CRAPIDO.to_owned(), mobile_products, ..partner(MOBILE) };
    names.map(partner).chain([signed, app]).collect()
}

const fn asked() -> bool {
    true
}

const fn by_provider() -> Decider {
    Decider::Provider
}

fn decider<'de, D: Deserializer<'de>>(from: D) -> Result<Decider, D::Error> {
    match String::deserialize(from)?.as_str() {
        "provider" => Ok(Decider::Provider),
        "manual" => Ok(Decider::Person),
        other => Err(de::Error::custom(format!("`{other}` is none of `provider`, `manual`"))),
    }
}

fn spans<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(EvidenceKind, Duration)>, D::Error> {
    let told = BTreeMap::<String, String>::deserialize(from)?;
    let span = |(name, span): (String, String)| {
        let kind = kind(name)?;
        let span = jiff::SignedDuration::from_str(&span).ok().and_then(|span| Duration::try_from(span).ok());
        let span = span.filter(|span| !span.is_zero());
        let wrong = || de::Error::custom(format!("how long `{}` is fresh must be like `720h`", kind.name()));
        Ok((kind, span.ok_or_else(wrong)?))
    };
    told.into_iter().map(span).collect()
}

fn kind<E: de::Error>(name: String) -> Result<EvidenceKind, E> {
    EvidenceKind::from_name(&name).ok_or_else(|| E::custom(format!("no kind of evidence is called `{name}`")))
}

pub(super) fn kinds<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<EvidenceKind>, D::Error> {
    Vec::<String>::deserialize(from)?.into_iter().map(kind).collect()
}

fn wanted<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    match String::deserialize(from)?.as_str() {
        "no" => Ok(None),
        "optional" => Ok(Some(false)),
        "required" => Ok(Some(true)),
        other => Err(de::Error::custom(format!("`{other}` is none of `no`, `optional`, `required`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_decide_about_who_certifies() {
        let problem = |change: fn(&mut Product)| {
            let mut product = products().into_iter().find(|product| product.name == MOBILE).unwrap();
            change(&mut product);
            product.check().map_or_else(|error| error.to_string(), |()| "none".to_owned())
        };
        assert_eq!(problem(|_| {}), "none");
        let told = problem(|it| it.audit = Decider::Provider);
        assert!(told.contains("product.mobile.audit: must be `manual` with a certification"), "{told}");
        let told = problem(|it| it.blacklist = true);
        assert!(told.contains("product.mobile.blacklist: must be false with a certification"), "{told}");
    }
}
