//! Which applications are meant: the flags that `list` and `watch` share.

use crate::machine::graph::application::State;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Which applications are meant.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct Selection {
    /// For which this holds, as in `owner = applicant AND age > 2h` (docs/reference/filter.md)
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,
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
    /// Suspended, or held
    #[arg(long)]
    stuck: bool,
}

impl Selection {
    /// Gives the filter of the contract: all flags must hold.
    pub(super) fn filter(&self) -> String {
        let Self { filter, states, partner, order, product, stuck } = self;
        let mut all = Vec::new();
        if !states.is_empty() {
            let states: Vec<_> = states.iter().map(|state| format!("state = {}", state.name())).collect();
            all.push(format!("({})", states.join(" OR ")));
        }
        for (field, value) in [("partner", partner), ("order_number", order), ("product", product)] {
            all.extend(value.as_ref().map(|value| equals(field, value)));
        }
        all.extend(stuck.then(|| "stuck = true".to_owned()));
        match filter {
            // As it was written: what is wrong with it is told by the place.
            Some(filter) if all.is_empty() => filter.clone(),
            Some(filter) => format!("({filter}) AND {}", all.join(" AND ")),
            None => all.join(" AND "),
        }
    }
}

/// A comparison with a text, whatever is in it.
pub(super) fn equals(field: &str, value: &str) -> String {
    format!("{field} = \"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
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
