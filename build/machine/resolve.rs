//! Turns words into what they mean: names into positions, `2m` into a duration.

use super::names::{EventWord, Form, Names, StateWord};
use super::parse::{Draft, DraftEdge, DraftEvent, DraftOtherwise, DraftSet, DraftState};
use super::{
    At, Cover, Dwell, Edge, Event, Item, Life, Machine, Mention, Mentioned, Notes, Otherwise, Outcome, Owner,
    Set, Source, State, Target, Timer, WakeUp,
};

/// The target of an edge that stays where it is.
pub(super) const SAME: &str = "same";
/// The wake-up of a state that waits for a provider call.
pub(super) const CALL: &str = "call";

/// Resolves every word of a draft. The cells of the machine are still empty.
pub(super) fn machine(draft: &Draft, stem: &str, notes: &Notes<'_>) -> Option<Machine> {
    let names = Names::of(draft, notes);
    let clash = names.clash;
    let resolver = Resolver { names, notes };
    resolver.identity(draft, stem);
    let initial = resolver.state(&draft.initial);
    let call_event = resolver.call_event(draft);
    let sets = all(&draft.sets, |set| resolver.set(set));
    let timers = all(&draft.timers, |timer| Some(timer.with(Timer { event: resolver.event(&timer.body)? })));
    let states = all(&draft.states, |state| Some(state.with(resolver.state_body(state)?)));
    let events = all(&draft.events, |event| Some(event.with(resolver.event_body(&event.body)?)));
    let edges = all(&draft.edges, |edge| Some(edge.with(resolver.edge(&edge.body)?)));
    let otherwise = all(&draft.otherwise, |row| resolver.otherwise(row));
    let machine = Machine {
        name: draft.machine.value.clone(),
        number: draft.number.value,
        version: draft.version.value,
        about: draft.about.clone(),
        initial: initial?,
        retired_states: draft.retired.states.clone(),
        state_classes: draft.state_classes.clone(),
        event_classes: draft.event_classes.clone(),
        sets: sets?,
        timers: timers?,
        guards: draft.guards.clone(),
        states: states?,
        events: events?,
        edges: edges?,
        otherwise: otherwise?,
        call_event: call_event?,
        cells: Vec::new(),
    };
    Some(machine).filter(|_| !clash)
}

/// Resolves each item, even after one has failed.
fn all<D, T>(drafts: &[D], resolve: impl Fn(&D) -> Option<T>) -> Option<Vec<T>> {
    let resolved: Vec<_> = drafts.iter().map(resolve).collect();
    resolved.into_iter().collect()
}

struct Resolver<'d> {
    names: Names<'d>,
    notes: &'d Notes<'d>,
}

impl Resolver<'_> {
    fn identity(&self, draft: &Draft, stem: &str) {
        let At { value: name, line } = &draft.machine;
        if name != stem {
            let message = format!("machine `{name}` stands in {stem}.toml: rename one of them");
            self.notes.refuse(*line, message);
        }
        if !Form::Snake.fits(name) {
            self.notes.refuse(*line, format!("machine `{name}` must be written in snake_case"));
        }
        for (noun, number) in [("number", &draft.number), ("version", &draft.version)] {
            if number.value == 0 {
                self.notes.refuse(number.line, format!("the {noun} is 0: it begins with 1"));
            }
        }
    }

    fn call_event(&self, draft: &Draft) -> Option<Option<usize>> {
        if let Some(word) = &draft.call_event {
            return self.event(word).map(Some);
        }
        let wakeups = draft.states.iter().filter_map(|state| state.body.wakeup.as_ref());
        let Some(call) = wakeups.into_iter().find(|wakeup| wakeup.value == CALL) else {
            return Some(None);
        };
        let message = "a state waits for a call, but the file has no `call_event`: \
                       name the event that ends a call whose budget is gone";
        self.notes.refuse(call.line, message);
        None
    }

    fn state_body(&self, item: &Item<DraftState>) -> Option<State> {
        let class = match self.names.states.find(&item.body.class.value) {
            Some(StateWord::Class(class)) => Some(class),
            Some(StateWord::State(_) | StateWord::Set(_)) | None => {
                self.undeclared("state class", &item.body.class)
            }
        };
        let life = if item.body.terminal { self.ends(item) } else { self.waits(item) };
        Some(State { class: class?, life: life? })
    }

    fn ends(&self, item: &Item<DraftState>) -> Option<Life> {
        let DraftState { owner, dwell, wakeup, .. } = &item.body;
        let keys = [("owner", owner), ("dwell", dwell), ("wakeup", wakeup)];
        for (key, word) in keys {
            let Some(word) = word else { continue };
            let name = item.name();
            let message = format!("terminal state `{name}` waits for nothing: remove its `{key}`");
            self.notes.refuse(word.line, message);
        }
        Some(Life::Ends)
    }

    fn waits(&self, item: &Item<DraftState>) -> Option<Life> {
        let missing = |key: &str, why: &str| {
            let name = item.name();
            let message = format!("state `{name}` has no `{key}`: {why}");
            self.notes.refuse(item.name.line, message);
        };
        let DraftState { owner, dwell, wakeup, .. } = &item.body;
        if owner.is_none() {
            missing("owner", "say who owes the next move");
        }
        if dwell.is_none() {
            missing("dwell", "say how long it is expected to last");
        }
        if wakeup.is_none() {
            missing("wakeup", "nothing ends it; name a timer, or `call`");
        }
        let owner = owner.as_ref().and_then(|word| self.word(word, Owner::ALL, Owner::name));
        let dwell = dwell.as_ref().and_then(|word| self.dwell(word));
        let wakeup = wakeup.as_ref().and_then(|word| self.wakeup(word));
        Some(Life::Waits { owner: owner?, dwell: dwell?, wakeup: wakeup? })
    }

    fn wakeup(&self, word: &At<String>) -> Option<At<WakeUp<usize>>> {
        let value = if word.value == CALL {
            WakeUp::Call
        } else {
            let timer = self.names.timers.find(&word.value);
            WakeUp::Timer(timer.or_else(|| self.undeclared("timer", word))?)
        };
        Some(At { value, line: word.line })
    }

    fn dwell(&self, word: &At<String>) -> Option<Dwell> {
        let text = &word.value;
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let unit = match unit {
            "ms" => Some(1),
            "s" => Some(1_000),
            "m" => Some(60_000),
            "h" => Some(3_600_000),
            "d" => Some(86_400_000),
            _ => None,
        };
        let number = number.parse::<u64>().ok().filter(|number| *number > 0);
        let millis = number.zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
        if millis.is_none() {
            let message =
                format!("`{text}` is no duration: write a whole number above 0 and ms, s, m, h or d");
            self.notes.refuse(word.line, message);
        }
        Some(Dwell { text: text.clone(), millis: millis? })
    }

    fn event_body(&self, draft: &DraftEvent) -> Option<Event> {
        let class = match self.names.events.find(&draft.class.value) {
            Some(EventWord::Class(class)) => Some(class),
            Some(EventWord::Event(_)) | None => self.undeclared("event class", &draft.class),
        };
        let source = self.word(&draft.source, Source::ALL, Source::name);
        Some(Event { class: class?, source: source? })
    }

    fn set(&self, draft: &DraftSet) -> Option<Set> {
        self.once(&draft.states);
        let members = all(&draft.states, |word| self.state(word))?;
        Some(Set { name: draft.name.clone(), about: draft.about.clone(), members })
    }

    fn edge(&self, draft: &DraftEdge) -> Option<Edge> {
        let cover = self.cover(&draft.from, &draft.on);
        let guard = match &draft.guard {
            Some(word) => {
                self.names.guards.find(&word.value).or_else(|| self.undeclared("guard", word)).map(Some)
            }
            None => Some(None),
        };
        let to = self.target(&draft.to);
        Some(Edge { cover: cover?, guard: guard?, to: to? })
    }

    fn target(&self, word: &At<String>) -> Option<Target<usize, usize>> {
        if word.value == SAME {
            return Some(Target::Same);
        }
        match self.names.states.find(&word.value) {
            Some(StateWord::State(state)) => Some(Target::State(state)),
            Some(StateWord::Set(set)) => Some(Target::Set(set)),
            Some(StateWord::Class(_)) | None => self.undeclared("state or set", word),
        }
    }

    fn otherwise(&self, draft: &DraftOtherwise) -> Option<Otherwise> {
        let cover = self.cover(&draft.states, &draft.events);
        let outcome = self.word(&draft.outcome, Outcome::ALL, Outcome::name);
        Some(Otherwise { line: draft.line, cover: cover?, outcome: outcome? })
    }

    fn cover(&self, states: &[At<String>], events: &[At<String>]) -> Option<Cover> {
        self.once(states);
        self.once(events);
        let states = all(states, |word| {
            let of = match self.names.states.find(&word.value) {
                Some(StateWord::State(state)) => Mentioned::One(state),
                Some(StateWord::Class(class)) => Mentioned::Class(class),
                Some(StateWord::Set(_)) | None => {
                    return self.undeclared("state or state class", word);
                }
            };
            Some(Mention { word: word.value.clone(), of })
        });
        let events = all(events, |word| {
            let of = match self.names.events.find(&word.value) {
                Some(EventWord::Event(event)) => Mentioned::One(event),
                Some(EventWord::Class(class)) => Mentioned::Class(class),
                None => return self.undeclared("event or event class", word),
            };
            Some(Mention { word: word.value.clone(), of })
        });
        Some(Cover { states: states?, events: events? })
    }

    /// Refuses a word that a list holds twice.
    fn once(&self, words: &[At<String>]) {
        for (i, word) in words.iter().enumerate() {
            if words[..i].iter().any(|before| before.value == word.value) {
                let message = format!("`{}` stands twice in one list: remove one", word.value);
                self.notes.refuse(word.line, message);
            }
        }
    }

    fn state(&self, word: &At<String>) -> Option<usize> {
        match self.names.states.find(&word.value) {
            Some(StateWord::State(state)) => Some(state),
            Some(StateWord::Class(_) | StateWord::Set(_)) | None => self.undeclared("state", word),
        }
    }

    fn event(&self, word: &At<String>) -> Option<usize> {
        match self.names.events.find(&word.value) {
            Some(EventWord::Event(event)) => Some(event),
            Some(EventWord::Class(_)) | None => self.undeclared("event", word),
        }
    }

    fn undeclared<T>(&self, noun: &str, word: &At<String>) -> Option<T> {
        let message = format!("no {noun} `{}` is declared: declare it, or correct the name", word.value);
        self.notes.refuse(word.line, message);
        None
    }

    /// Looks a word of the format up in the closed list of its kind.
    fn word<T: Copy>(&self, word: &At<String>, list: &[T], name: fn(T) -> &'static str) -> Option<T> {
        let found = list.iter().copied().find(|one| name(*one) == word.value);
        if found.is_none() {
            let words: Vec<_> = list.iter().copied().map(name).collect();
            let message = format!("`{}` is none of {}: choose one", word.value, words.join(", "));
            self.notes.refuse(word.line, message);
        }
        found
    }
}
