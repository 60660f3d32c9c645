//! `docket machine`: the state machines that a server runs, and whether what is stored fits them.

mod plan;

use super::client::{Client, Reach};
use super::failure::{Ended, Exit, Failure};
use super::out::{Form, Out, Show, table, words};
use crate::api::proto::v1::machine::event::Source;
use crate::api::proto::v1::{GetMachineRequest, ListMachinesRequest, Machine};
use clap::Subcommand;
use serde_json::json;
use std::process::ExitCode;

/// What `docket machine` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    show: Show,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the machines
    List,
    /// Show a machine's states, events and edges
    #[command(after_help = "Examples:
  docket machine show application
  docket machine show telecom --state CHECKING")]
    Show {
        /// The machine: `machines/{name}`, or its bare name
        name: String,
        /// Show what every event does in this state instead
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
    },
    /// Print a machine's picture, as a Mermaid state diagram
    #[command(after_help = "Examples:
  docket machine diagram application > application.mmd")]
    Diagram {
        /// The machine: `machines/{name}`, or its bare name
        name: String,
    },
    /// Say whether everything that is stored fits: what became of the states and products in which
    /// applications stand
    Plan(plan::Options),
}

impl Options {
    pub(super) const fn form(&self) -> Form {
        self.show.form()
    }
}

pub(super) async fn run(options: Options) -> Ended {
    let (client, out) = (Client::new(&options.reach)?, options.show.out());
    match options.command {
        Command::List => {
            let listed = client.answer(client.machines().list_machines(ListMachinesRequest {})).await?;
            out.many(&listed.machines, |machines| list(out, machines))?;
        }
        Command::Show { name, state } => {
            let machine = fetch(&client, &name).await?;
            match state {
                None => out.one(&machine, |machine| page(out, machine))?,
                Some(state) => show_state(out, &machine, &state)?,
            }
        }
        Command::Diagram { name } => {
            let Machine { name, mermaid, .. } = fetch(&client, &name).await?;
            out.object(&name, &json!({ "name": name, "mermaid": mermaid }), &mermaid)?;
        }
        Command::Plan(options) => return plan::run(&client, out, options).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn fetch(client: &Client, name: &str) -> Result<Machine, Failure> {
    let name = if name.contains('/') { name.to_owned() } else { format!("machines/{name}") };
    client.answer(client.machines().get_machine(GetMachineRequest { name })).await
}

fn list(out: Out, machines: &[Machine]) -> String {
    let row = |it: &Machine| {
        vec![
            table::text(&it.name),
            table::text(it.version.to_string()),
            table::text(it.states.len().to_string()),
            table::text(it.events.len().to_string()),
            table::text(it.edges.len().to_string()),
            table::text(&it.about),
        ]
    };
    table::table(out, &["NAME", "VERSION", "STATES", "EVENTS", "EDGES", "ABOUT"], machines.iter().map(row))
}

fn page(out: Out, it: &Machine) -> String {
    let states = it.states.iter().map(|state| {
        let owner = words::owner(state.owner);
        let cells = [&state.number.to_string(), &state.state_name, &state.class_name, &owner];
        let more = [&state.expected_dwell, &state.wake_up, &state.about];
        cells.into_iter().chain(more).map(table::text).collect()
    });
    let states =
        table::table(out, &["NUMBER", "STATE", "CLASS", "NEXT MOVE", "EXPECTED", "WAKE-UP", "ABOUT"], states);
    let events = it.events.iter().map(|event| {
        let cells = [&event.number.to_string(), &event.event_name, &source(event.source()), &event.about];
        cells.into_iter().map(table::text).collect()
    });
    let events = table::table(out, &["NUMBER", "EVENT", "FROM", "ABOUT"], events);
    let edges = it.edges.iter().map(|edge| {
        let (from, on) = (edge.from.join(", "), edge.on.join(", "));
        let cells = [&edge.number.to_string(), &edge.edge_name, &from, &on, &edge.guard, &edge.to];
        cells.into_iter().map(table::text).collect()
    });
    let edges = table::table(out, &["NUMBER", "EDGE", "FROM", "ON", "IF", "TO"], edges);
    let (name, version, about, first) = (&it.name, it.version, &it.about, &it.initial_state);
    format!("{name}, version {version}: {about}\nIt starts in {first}.\n\n{states}\n\n{events}\n\n{edges}")
}

fn source(source: Source) -> String {
    source.as_str_name().trim_start_matches("SOURCE_").to_lowercase()
}

fn show_state(out: Out, machine: &Machine, state: &str) -> Result<(), Failure> {
    let row = machine.matrix.iter().find(|row| row.state.eq_ignore_ascii_case(state));
    let Some(row) = row else {
        let states: Vec<_> = machine.states.iter().map(|state| state.state_name.as_str()).collect();
        return Err(Failure::new(Exit::NotFound, format!("{} has no state {state}", machine.name))
            .hint(format!("its states are {}", states.join(", "))));
    };
    let told = |cell: &crate::api::proto::v1::machine::Cell| {
        (cell.event.clone(), json!({ "state": row.state, "event": cell.event, "text": cell.text }))
    };
    let rows: Vec<_> = row.cells.iter().map(told).collect();
    let cells = row.cells.iter().map(|cell| vec![table::text(&cell.event), table::text(&cell.text)]);
    out.rows(&rows, || table::table(out, &["EVENT", &format!("IN {}", row.state)], cells))
}
