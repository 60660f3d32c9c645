//! The products: what each wants to know before an audit.

use crate::machine::application::{Plan, Wanted};
use crate::machine::evidence::EvidenceKind;
use std::collections::BTreeMap;

/// The products by name, and which of them a partner's pushes are for.
#[derive(Debug, Clone, Default)]
pub struct Products {
    plans: BTreeMap<String, Plan>,
}

impl Products {
    /// Takes plans; a later one takes the place of an earlier one of the same name.
    pub fn new(plans: impl IntoIterator<Item = Plan>) -> Self {
        Self { plans: plans.into_iter().map(|plan| (plan.product.clone(), plan)).collect() }
    }

    /// Finds a product's plan.
    pub fn plan(&self, product: &str) -> Option<&Plan> {
        self.plans.get(product)
    }

    /// Lists the names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.plans.keys().map(String::as_str)
    }
}

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
