//! Names and permanent numbers: their form, and that each is given once.

use std::collections::BTreeMap;

use super::parse::Draft;
use super::{At, Item, Notes, resolve};

/// The four name spaces in which a word is looked up.
pub(super) struct Names<'d> {
    pub(super) states: Space<'d, StateWord>,
    pub(super) events: Space<'d, EventWord>,
    pub(super) guards: Space<'d, usize>,
    pub(super) timers: Space<'d, usize>,
    /// Whether a name has two meanings, so that words cannot be trusted.
    pub(super) clash: bool,
}

#[derive(Clone, Copy)]
pub(super) enum StateWord {
    State(usize),
    Class(usize),
    Set(usize),
}

#[derive(Clone, Copy)]
pub(super) enum EventWord {
    Event(usize),
    Class(usize),
}

impl<'d> Names<'d> {
    /// Collects the names of a draft and checks all names and numbers.
    pub(super) fn of(draft: &'d Draft, notes: &'d Notes<'d>) -> Self {
        let (mut states, mut events) = (Space::new(notes), Space::new(notes));
        let (mut guards, mut timers) = (Space::new(notes), Space::new(notes));
        let mut edges = Space::new(notes);
        for (i, class) in draft.state_classes.iter().enumerate() {
            states.declare(&class.name, StateWord::Class(i), "state class", Form::Snake);
        }
        for (i, set) in draft.sets.iter().enumerate() {
            states.declare(&set.name, StateWord::Set(i), "set", Form::Snake);
            reserved(&set.name, resolve::SAME, notes);
        }
        for (i, state) in draft.states.iter().enumerate() {
            states.declare(&state.name, StateWord::State(i), "state", Form::Screaming);
        }
        for (i, class) in draft.event_classes.iter().enumerate() {
            events.declare(&class.name, EventWord::Class(i), "event class", Form::Snake);
        }
        for (i, event) in draft.events.iter().enumerate() {
            events.declare(&event.name, EventWord::Event(i), "event", Form::Camel);
        }
        for (i, guard) in draft.guards.iter().enumerate() {
            guards.declare(&guard.name, i, "guard", Form::Snake);
        }
        for (i, timer) in draft.timers.iter().enumerate() {
            timers.declare(&timer.name, i, "timer", Form::Snake);
            reserved(&timer.name, resolve::CALL, notes);
        }
        for (i, edge) in draft.edges.iter().enumerate() {
            edges.declare(&edge.name, i, "edge", Form::Snake);
        }
        numbers("state", &draft.states, &draft.retired.states, notes);
        numbers("event", &draft.events, &draft.retired.events, notes);
        numbers("guard", &draft.guards, &draft.retired.guards, notes);
        numbers("timer", &draft.timers, &draft.retired.timers, notes);
        numbers("edge", &draft.edges, &draft.retired.edges, notes);
        let clash = states.clash || events.clash || guards.clash || timers.clash || edges.clash;
        Self { states, events, guards, timers, clash }
    }
}

/// The words of one name space.
pub(super) struct Space<'d, K> {
    words: BTreeMap<&'d str, (K, &'static str, usize)>,
    clash: bool,
    notes: &'d Notes<'d>,
}

impl<'d, K: Copy> Space<'d, K> {
    fn new(notes: &'d Notes<'d>) -> Self {
        Self { words: BTreeMap::new(), clash: false, notes }
    }

    fn declare(&mut self, name: &'d At<String>, kind: K, noun: &'static str, form: Form) {
        let (word, line) = (name.value.as_str(), name.line);
        if !form.fits(word) {
            let form = form.name();
            self.notes.refuse(line, format!("{noun} `{word}` must be written in {form}"));
        }
        if let Some((_, other, first)) = self.words.get(word) {
            let message =
                format!("{noun} `{word}` has the name of the {other} on line {first}: rename one of them");
            self.notes.refuse(line, message);
            self.clash = true;
        } else {
            self.words.insert(word, (kind, noun, line));
        }
    }

    /// Says what a word was declared as.
    pub(super) fn find(&self, word: &str) -> Option<K> {
        self.words.get(word).map(|(kind, ..)| *kind)
    }
}

fn reserved(name: &At<String>, word: &str, notes: &Notes<'_>) {
    if name.value == word {
        notes.refuse(name.line, format!("`{word}` is a word of the format: choose another name"));
    }
}

fn numbers<T>(noun: &str, items: &[Item<T>], retired: &[u16], notes: &Notes<'_>) {
    let mut taken: BTreeMap<u16, &Item<T>> = BTreeMap::new();
    for item in items {
        let (name, At { value: number, line }) = (item.name(), &item.number);
        let refuse = |why: String| notes.refuse(*line, format!("{noun} `{name}` {why}"));
        if *number == 0 {
            refuse("has number 0: numbers begin with 1".into());
        } else if retired.contains(number) {
            refuse(format!("takes number {number}, which is retired: choose a new one"));
        } else if let Some(first) = taken.get(number) {
            let first = first.name();
            refuse(format!("takes number {number}, which `{first}` has: choose a new one"));
        } else {
            taken.insert(*number, item);
        }
    }
}

/// How names of a kind are written.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Screaming,
    Camel,
    Snake,
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Screaming => "SCREAMING_SNAKE_CASE",
            Self::Camel => "CamelCase",
            Self::Snake => "snake_case",
        }
    }

    pub(super) fn fits(self, word: &str) -> bool {
        let snake = |is_letter: fn(&char) -> bool| {
            let plain = |c: char| is_letter(&c) || c.is_ascii_digit();
            let part = |part: &str| !part.is_empty() && part.chars().all(plain);
            word.starts_with(|c| is_letter(&c)) && word.split('_').all(part)
        };
        match self {
            Self::Screaming => snake(char::is_ascii_uppercase),
            Self::Snake => snake(char::is_ascii_lowercase),
            Self::Camel => {
                let capital = word.starts_with(|c: char| c.is_ascii_uppercase());
                let shouted = word.len() > 1 && !word.contains(|c: char| c.is_ascii_lowercase());
                capital && !shouted && word.chars().all(|c| c.is_ascii_alphanumeric())
            }
        }
    }
}
