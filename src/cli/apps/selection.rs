//! Which applications are meant: the flags that `list` and `watch` share.

use crate::api::proto::v1::ApplicationSelector;
use crate::machine::graph::application::State;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Which applications are meant.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct Selection {
    /// In this state; may be given more than once
    #[arg(
        long = "state",
        value_name = "STATE",
        value_parser = state(),
        ignore_case = true,
        value_delimiter = ',',
    )]
    states: Vec<State>,
    /// Brought by this partner
    #[arg(long, value_name = "NAME")]
    partner: Option<String>,
    /// Under this order number
    #[arg(long, value_name = "NUMBER")]
    order: Option<String>,
    /// For this product
    #[arg(long, value_name = "NAME")]
    product: Option<String>,
}

impl Selection {
    /// Gives the selector of the contract.
    pub(super) fn selector(&self) -> ApplicationSelector {
        let Self { states, partner, order, product } = self.clone();
        ApplicationSelector {
            states: states.iter().map(|state| state.number().into()).collect(),
            partner: partner.unwrap_or_default(),
            order_number: order.unwrap_or_default(),
            product: product.unwrap_or_default(),
            names: Vec::new(),
        }
    }
}

/// Reads the name of a state.
fn state() -> impl TypedValueParser<Value = State> {
    PossibleValuesParser::new(State::ALL.iter().map(|state| state.name()))
        .map(|name| named(&name).expect("only names of states are possible values"))
}

/// The state of a name, in whatever case.
pub(super) fn named(name: &str) -> Option<State> {
    State::ALL.iter().copied().find(|state| state.name().eq_ignore_ascii_case(name))
}
