//! Decides what every state does about every event.
//!
//! The rank of a row in a cell is the number of its exact mentions there: the state by name, the
//! event by name. The rows of the highest rank must be one `[[otherwise]]` row or one chain: edges
//! with the same `from` and `on`, all guarded but the last.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cell, Cover, Machine, Mention, Mentioned, Notes, Outcome, Source};

/// Decides all cells and refuses those that no row or several rows decide.
///
/// A refused cell holds the edges that compete for it, so that the checks which follow do not
/// repeat the same complaint.
pub(super) fn decide(machine: &Machine, notes: &Notes<'_>) -> Vec<Vec<Cell>> {
    chains(machine, notes);
    let mut judge =
        Judge { machine, notes, winners: BTreeSet::new(), ties: BTreeMap::new(), rejected: BTreeSet::new() };
    let states = 0..machine.states.len();
    let cells = states.map(|state| judge.state(state)).collect();
    judge.refuse_ties();
    judge.refuse_losers();
    judge.refuse_rejections();
    cells
}

/// Refuses chains whose order or end is wrong.
fn chains(machine: &Machine, notes: &Notes<'_>) {
    let mut chains: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for edge in 0..machine.edges.len() {
        chains.entry(chain(machine, edge)).or_default().push(edge);
    }
    for chain in chains.values() {
        for (i, edge) in chain.iter().enumerate() {
            let item = &machine.edges[*edge];
            let (name, line) = (item.name(), item.name.line);
            let guarded = item.body.guard.is_some();
            if let Some(next) = chain.get(i + 1).map(|next| &machine.edges[*next]).filter(|_| !guarded) {
                let message = format!(
                    "edge `{}` is never asked: `{name}` on line {line} has the same from and on, \
                     comes before it and has no guard; guard that one, or remove this one",
                    next.name()
                );
                notes.refuse(next.name.line, message);
            } else if i + 1 == chain.len() && guarded {
                let message = format!(
                    "edge `{name}` ends its chain with a guard: nothing decides when it says no; \
                     add an edge with the same from and on and without a guard"
                );
                notes.refuse(line, message);
            }
        }
    }
}

/// Names the chain of an edge by its first edge.
fn chain(machine: &Machine, edge: usize) -> usize {
    let cover = &machine.edges[edge].body.cover;
    let same = |first: &usize| {
        let other = &machine.edges[*first].body.cover;
        other.states == cover.states && other.events == cover.events
    };
    (0..edge).find(same).unwrap_or(edge)
}

/// A row that speaks about cells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    Edge(usize),
    Otherwise(usize),
}

struct Judge<'m> {
    machine: &'m Machine,
    notes: &'m Notes<'m>,
    winners: BTreeSet<Row>,
    /// Rows of equal rank, with the cells over which they quarrel.
    ties: BTreeMap<(Row, Row), Vec<(usize, usize)>>,
    /// The `reject` rows that win, with the events that they reject.
    rejected: BTreeSet<(usize, usize)>,
}

impl Judge<'_> {
    fn state(&mut self, state: usize) -> Vec<Cell> {
        let (mut cells, mut bare) = (Vec::new(), Vec::new());
        for (event, item) in self.machine.events.iter().enumerate() {
            let rows = self.best(state, event);
            self.winners.extend(&rows);
            let edges = rows.iter().filter_map(|row| match row {
                Row::Edge(edge) => Some(*edge),
                Row::Otherwise(_) => None,
            });
            let edges: Vec<_> = edges.collect();
            let Some(&first) = rows.first() else {
                bare.push(item.name());
                cells.push(Cell::Edges(edges));
                continue;
            };
            let rival = rows.iter().copied().find(|row| self.group(*row) != self.group(first));
            if let Some(rival) = rival {
                self.ties.entry((first, rival)).or_default().push((state, event));
            }
            cells.push(match first {
                Row::Edge(_) => Cell::Edges(edges),
                Row::Otherwise(row) => {
                    let outcome = self.machine.otherwise[row].outcome;
                    self.rejected.extend((outcome == Outcome::Reject).then_some((row, event)));
                    Cell::Otherwise(outcome)
                }
            });
        }
        if !bare.is_empty() {
            let item = &self.machine.states[state];
            let message = format!(
                "no row decides state `{}` on {}: add an edge or an [[otherwise]] row",
                item.name(),
                bare.join(", ")
            );
            self.notes.refuse(item.name.line, message);
        }
        cells
    }

    /// The rows of the highest rank in a cell, edges first, in the order of the file.
    fn best(&self, state: usize, event: usize) -> Vec<Row> {
        let edges = self.machine.edges.iter().enumerate();
        let edges = edges.map(|(i, edge)| (Row::Edge(i), &edge.body.cover));
        let otherwise = self.machine.otherwise.iter().enumerate();
        let otherwise = otherwise.map(|(i, row)| (Row::Otherwise(i), &row.cover));
        let ranked = edges.chain(otherwise);
        let ranked = ranked.filter_map(|(row, cover)| Some((self.rank(cover, state, event)?, row)));
        let ranked: Vec<_> = ranked.collect();
        let highest = ranked.iter().map(|(rank, _)| *rank).max();
        ranked.into_iter().filter(|(rank, _)| Some(*rank) == highest).map(|(_, row)| row).collect()
    }

    fn rank(&self, cover: &Cover, state: usize, event: usize) -> Option<u8> {
        let of_state = exactness(&cover.states, state, self.machine.states[state].body.class)?;
        let of_event = exactness(&cover.events, event, self.machine.events[event].body.class)?;
        Some(of_state + of_event)
    }

    /// Rows of one group may share a cell.
    fn group(&self, row: Row) -> Row {
        match row {
            Row::Edge(edge) => Row::Edge(chain(self.machine, edge)),
            Row::Otherwise(_) => row,
        }
    }

    fn refuse_rejections(&self) {
        for (row, event) in &self.rejected {
            let item = &self.machine.events[*event];
            let source = match item.body.source {
                Source::Caller => continue,
                source @ (Source::Provider | Source::Timer | Source::Docket) => source.name(),
            };
            let message = format!(
                "`reject` answers a caller, but {} comes from {source}: use ignore or late",
                item.name(),
            );
            self.notes.refuse(self.machine.otherwise[*row].line, message);
        }
    }

    fn refuse_ties(&self) {
        for ((first, rival), cells) in &self.ties {
            let Some((state, event)) = cells.first() else {
                continue;
            };
            let more = match cells.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            let message = format!(
                "{} decides {} on {}{more} as exactly as {} on line {}: name the state or the \
                 event in the row that should win",
                self.name(*rival),
                self.machine.states[*state].name(),
                self.machine.events[*event].name(),
                self.name(*first),
                self.line(*first),
            );
            self.notes.refuse(self.line(*rival), message);
        }
    }

    fn refuse_losers(&self) {
        let edges = (0..self.machine.edges.len()).map(Row::Edge);
        let rows = edges.chain((0..self.machine.otherwise.len()).map(Row::Otherwise));
        for row in rows.filter(|row| !self.winners.contains(row)) {
            let message = format!(
                "{} covers no cell: more exact rows decide all that it names; remove it",
                self.name(row)
            );
            self.notes.refuse(self.line(row), message);
        }
    }

    fn name(&self, row: Row) -> String {
        match row {
            Row::Edge(edge) => format!("edge `{}`", self.machine.edges[edge].name()),
            Row::Otherwise(row) => {
                format!("otherwise `{}`", self.machine.otherwise[row].outcome.name())
            }
        }
    }

    fn line(&self, row: Row) -> usize {
        match row {
            Row::Edge(edge) => self.machine.edges[edge].name.line,
            Row::Otherwise(row) => self.machine.otherwise[row].line,
        }
    }
}

/// 1 if the thing is named, 0 if its class is, nothing if neither is.
fn exactness(mentions: &[Mention], one: usize, class: usize) -> Option<u8> {
    let exactness = |mention: &Mention| match mention.of {
        Mentioned::One(named) => (named == one).then_some(1),
        Mentioned::Class(named) => (named == class).then_some(0),
    };
    mentions.iter().filter_map(exactness).max()
}
