//! Tables and pages for people: no lines, no wrapping but on a terminal.

use super::{Out, words};
use crate::api::proto::v1::application::State;
use comfy_table::{Cell, Color, ContentArrangement, Table, presets};

/// The narrowest terminal, in columns, whose width tables are fitted to: below it a resource name
/// would be broken, and the terminal's own wrapping reads better.
const WRAPPING: u16 = 100;

/// Draws a table.
pub(in super::super) fn table(
    out: Out,
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> String {
    let mut table = bare(out);
    table.set_header(header.iter().copied());
    table.add_rows(rows);
    drawn(table)
}

/// Draws what has a name each: a fact a line.
pub(in super::super) fn page(out: Out, facts: Vec<(&str, Cell)>) -> String {
    let mut table = bare(out);
    table.add_rows(facts.into_iter().map(|(name, value)| vec![Cell::new(name).fg(Color::DarkGrey), value]));
    drawn(table)
}

fn bare(out: Out) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    if table.width().is_some_and(|columns| columns >= WRAPPING) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    if out.is_coloured() {
        table.enforce_styling();
    } else if !table.is_tty() {
        table.force_no_tty();
    }
    table
}

fn drawn(mut table: Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// A cell of text that came from outside.
pub(in super::super) fn text(text: impl AsRef<str>) -> Cell {
    Cell::new(words::plain(text.as_ref()))
}

/// A cell of text of this program's making, which may have several lines.
pub(in super::super) fn lines(lines: &[String]) -> Cell {
    let lines: Vec<_> = lines.iter().map(|line| words::plain(line)).collect();
    Cell::new(if lines.is_empty() { "-".to_owned() } else { lines.join("\n") })
}

/// A cell with a state, in its colour.
pub(in super::super) fn state(out: Out, number: i32) -> Cell {
    state_with(out, number, &words::state(number))
}

/// A cell with a text in the colour of a state.
pub(in super::super) fn state_with(out: Out, number: i32, text: &str) -> Cell {
    let cell = Cell::new(words::plain(text));
    let color = State::try_from(number).ok().and_then(color).filter(|_| out.is_coloured());
    match color {
        Some(color) => cell.fg(color),
        None => cell,
    }
}

/// What needs somebody is bright, what is over has the colour of its ending.
const fn color(state: State) -> Option<Color> {
    match state {
        State::Approved => Some(Color::Green),
        State::Rejected | State::Expired | State::Cancelled => Some(Color::Red),
        State::Suspended | State::ReviewPending => Some(Color::Magenta),
        State::CaptchaRequired => Some(Color::Yellow),
        State::Unspecified | State::Init | State::Collecting | State::DataReady | State::AuditPending => None,
    }
}

/// A state in a line of a stream, padded, in its colour.
pub(in super::super) fn painted(out: Out, number: i32) -> String {
    let name = format!("{:<16}", words::state(number));
    let code = match State::try_from(number).ok().and_then(color).filter(|_| out.is_coloured()) {
        Some(Color::Green) => "32",
        Some(Color::Red) => "31",
        Some(Color::Magenta) => "35",
        Some(Color::Yellow) => "33",
        _plain => return name,
    };
    format!("\x1b[{code}m{name}\x1b[0m")
}
