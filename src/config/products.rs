//! Products and partners, as written in the settings.

use super::SecretText;
use super::patience::optional;
use crate::machine::application::{Plan, Wanted};
use crate::machine::evidence::EvidenceKind;
use crate::machine::products::Products;
use serde::{Deserialize, Deserializer, de};
use std::path::PathBuf;
use std::time::Duration;

/// The product whose operator data comes with the push.
pub const PUSHED: &str = "pushed";

/// The product whose operator data is collected.
pub const COLLECTED: &str = "collected";

/// The two products of the demo.
pub fn demo() -> Products {
    use EvidenceKind as E;
    let common = [E::Identity, E::Loan, E::IdentityCard, E::Contacts, E::Work, E::Device, E::AddressBook];
    let plan = |product: &str, evidence: Vec<E>, telecom| Plan {
        product: product.to_owned(),
        version: 1,
        evidence,
        telecom,
        term_days: 14,
    };
    let with_operator_data = common.into_iter().chain([E::OperatorData]).collect();
    Products::new([
        plan(PUSHED, with_operator_data, Wanted::No),
        plan(COLLECTED, common.to_vec(), Wanted::Required),
    ])
}

/// A partner whose pushes are taken in.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partner {
    /// The partner's name.
    pub name: String,
    /// The product that the pushes are for.
    pub product: String,
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
    /// Whether telecom data is collected: `no`, `optional` or `required`.
    #[serde(deserialize_with = "wanted")]
    pub telecom: Wanted,
    /// The loan's term in days.
    pub term_days: u32,
}

impl Product {
    /// Gives what an application of the product is created with.
    pub fn plan(&self) -> Plan {
        Plan {
            product: self.name.clone(),
            version: self.version,
            evidence: self.evidence.clone(),
            telecom: self.telecom,
            term_days: self.term_days,
        }
    }

    fn of(plan: &Plan) -> Self {
        Self {
            name: plan.product.clone(),
            version: plan.version,
            evidence: plan.evidence.clone(),
            telecom: plan.telecom,
            term_days: plan.term_days,
        }
    }
}

/// The two products of the demo, as settings.
pub(super) fn products() -> Vec<Product> {
    let demo = demo();
    demo.names().filter_map(|name| demo.plan(name)).map(Product::of).collect()
}

/// A partner for each product of the demo; the one that brings operator data comes first.
pub(super) fn partners() -> Vec<Partner> {
    let partner = |product: &str| Partner {
        name: product.to_owned(),
        product: product.to_owned(),
        ..Partner::default()
    };
    vec![partner(PUSHED), partner(COLLECTED)]
}

fn kinds<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<EvidenceKind>, D::Error> {
    let names = Vec::<String>::deserialize(from)?;
    let kind = |name: String| {
        EvidenceKind::from_name(&name)
            .ok_or_else(|| de::Error::custom(format!("no kind of evidence is called `{name}`")))
    };
    names.into_iter().map(kind).collect()
}

fn wanted<'de, D: Deserializer<'de>>(from: D) -> Result<Wanted, D::Error> {
    match String::deserialize(from)?.as_str() {
        "no" => Ok(Wanted::No),
        "optional" => Ok(Wanted::Optional),
        "required" => Ok(Wanted::Required),
        other => Err(de::Error::custom(format!("`{other}` is none of `no`, `optional`, `required`"))),
    }
}
