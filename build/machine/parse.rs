//! Reads the TOML: every key known, every value of its type, every word with its line.
//!
//! Never asks what a word means.

use super::reader::Reader;
use super::{At, Class, Item, Notes};

/// A file of the right shape, whose names are still mere words.
pub(super) struct Draft {
    pub(super) machine: At<String>,
    pub(super) number: At<u16>,
    pub(super) version: At<u16>,
    pub(super) about: String,
    pub(super) initial: At<String>,
    pub(super) call_event: Option<At<String>>,
    pub(super) retired: Retired,
    pub(super) state_classes: Vec<Class>,
    pub(super) event_classes: Vec<Class>,
    pub(super) sets: Vec<DraftSet>,
    /// Each with its event.
    pub(super) timers: Vec<Item<At<String>>>,
    pub(super) guards: Vec<Item<()>>,
    pub(super) states: Vec<Item<DraftState>>,
    pub(super) events: Vec<Item<DraftEvent>>,
    pub(super) edges: Vec<Item<DraftEdge>>,
    pub(super) otherwise: Vec<DraftOtherwise>,
}

#[derive(Default)]
pub(super) struct Retired {
    pub(super) states: Vec<u16>,
    pub(super) events: Vec<u16>,
    pub(super) edges: Vec<u16>,
    pub(super) guards: Vec<u16>,
    pub(super) timers: Vec<u16>,
}

pub(super) struct DraftSet {
    pub(super) name: At<String>,
    pub(super) about: String,
    pub(super) states: Vec<At<String>>,
}

pub(super) struct DraftState {
    pub(super) class: At<String>,
    pub(super) terminal: bool,
    pub(super) owner: Option<At<String>>,
    pub(super) dwell: Option<At<String>>,
    pub(super) wakeup: Option<At<String>>,
}

pub(super) struct DraftEvent {
    pub(super) class: At<String>,
    pub(super) source: At<String>,
}

pub(super) struct DraftEdge {
    pub(super) from: Vec<At<String>>,
    pub(super) on: Vec<At<String>>,
    pub(super) guard: Option<At<String>>,
    pub(super) to: At<String>,
}

pub(super) struct DraftOtherwise {
    pub(super) line: usize,
    pub(super) states: Vec<At<String>>,
    pub(super) events: Vec<At<String>>,
    pub(super) outcome: At<String>,
}

/// Reads the whole file, or refuses it.
pub(super) fn draft<'t>(text: &'t str, notes: &'t Notes<'t>) -> Option<Draft> {
    let mut file = Reader::file(text, notes)?;
    let mut classes = file.table("class").unwrap_or_else(|| file.empty("[class]"));
    let retired = file.table("retired").map(retired).unwrap_or_default();
    let state_classes = classes.table("states").map(Reader::classes).unwrap_or_default();
    let event_classes = classes.table("events").map(Reader::classes).unwrap_or_default();
    classes.finish();
    // Everything is read before anything may fail: one run then tells all that is wrong.
    let (machine, number) = (file.text("machine"), file.number("number"));
    let (version, about) = (file.number("version"), file.text("about"));
    let (initial, call_event) = (file.text("initial"), file.text_if("call_event"));
    let sets = file.each("set", set);
    let timers = file.each("timer", |reader| item(reader, |reader| reader.text("event")));
    let guards = file.each("guard", |reader| item(reader, |_| Some(())));
    let states = file.each("state", |reader| item(reader, state));
    let events = file.each("event", |reader| item(reader, event));
    let edges = file.each("edge", |reader| item(reader, edge));
    let otherwise = file.each("otherwise", otherwise);
    file.finish();
    Some(Draft {
        machine: machine?,
        number: number?,
        version: version?,
        about: about?.value,
        initial: initial?,
        call_event,
        retired,
        state_classes,
        event_classes,
        sets: sets?,
        timers: timers?,
        guards: guards?,
        states: states?,
        events: events?,
        edges: edges?,
        otherwise: otherwise?,
    })
}

fn retired(mut reader: Reader<'_>) -> Retired {
    let retired = Retired {
        states: reader.numbers("states"),
        events: reader.numbers("events"),
        edges: reader.numbers("edges"),
        guards: reader.numbers("guards"),
        timers: reader.numbers("timers"),
    };
    reader.finish();
    retired
}

fn set(mut reader: Reader<'_>) -> Option<DraftSet> {
    let (name, about) = (reader.name(), reader.text("about"));
    let states = reader.words("states");
    reader.finish();
    Some(DraftSet { name: name?, about: about?.value, states: states? })
}

fn item<T>(mut reader: Reader<'_>, body: impl FnOnce(&mut Reader<'_>) -> Option<T>) -> Option<Item<T>> {
    let (name, number) = (reader.name(), reader.number("number"));
    let (about, body) = (reader.text("about"), body(&mut reader));
    reader.finish();
    Some(Item { name: name?, number: number?, about: about?.value, body: body? })
}

fn state(reader: &mut Reader<'_>) -> Option<DraftState> {
    let class = reader.text("class");
    let terminal = reader.flag("terminal");
    let owner = reader.text_if("owner");
    let dwell = reader.text_if("dwell");
    let wakeup = reader.text_if("wakeup");
    Some(DraftState { class: class?, terminal, owner, dwell, wakeup })
}

fn event(reader: &mut Reader<'_>) -> Option<DraftEvent> {
    let (class, source) = (reader.text("class"), reader.text("source"));
    Some(DraftEvent { class: class?, source: source? })
}

fn edge(reader: &mut Reader<'_>) -> Option<DraftEdge> {
    let (from, on) = (reader.words("from"), reader.words("on"));
    let (guard, to) = (reader.text_if("guard"), reader.text("to"));
    Some(DraftEdge { from: from?, on: on?, guard, to: to? })
}

fn otherwise(mut reader: Reader<'_>) -> Option<DraftOtherwise> {
    let (states, events) = (reader.words("states"), reader.words("events"));
    let outcome = reader.text("outcome");
    let line = reader.line;
    reader.finish();
    Some(DraftOtherwise { line, states: states?, events: events?, outcome: outcome? })
}
