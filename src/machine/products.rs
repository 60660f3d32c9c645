//! The products by name: what each wants to know before an audit.

use super::application::Plan;
use std::collections::BTreeMap;

/// The products by name.
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
