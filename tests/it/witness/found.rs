//! What a store and its vault give back: every fact, or the error in its place.

use super::truth::{self, Answer, Part, Truth};
use super::{chain, sum};
use docket::machine::id::ApplicationId;
use docket::machine::time::Time;
use docket::store::{Queue, Store, StoreError, Wake};
use docket::vault::{AnswerPlace, Label, Vault, VaultError};
use std::collections::BTreeMap;

/// Rows read at once.
const PAGE: usize = 256;
const EVER: Time = Time::from_millis(u64::MAX);

/// What was read.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) facts: BTreeMap<(Part, String), Result<String, String>>,
    /// Lists that could not be read: the beginning of the names of all that is on them, and why.
    pub(crate) unread: Vec<(Part, String, String)>,
    /// The oldest change kept.
    pub(crate) oldest: u64,
}

/// The answers that the moves found in a store have: the others are swept up before anything else.
pub(crate) fn live_answers(store: &impl Store, all: &Truth) -> Vec<AnswerPlace> {
    let is_there = |answer: &Answer| {
        let found = store.application(answer.application).ok().flatten();
        found.is_some_and(|found| found.version >= answer.version)
    };
    all.answers.values().filter(|answer| is_there(answer)).map(|answer| answer.sealed.place).collect()
}

/// Reads all that there is, and by name all that there ever was (`all` is the truth of the end).
pub(crate) fn read(store: &impl Store, vault: &Vault, all: &Truth) -> Found {
    let mut found = Found::default();
    read_moves(store, all, &mut found);
    read_stream(store, all, &mut found);
    read_deliveries(store, all, &mut found);
    read_outages(store, &mut found);
    read_keys(store, vault, all, &mut found);
    found
}

impl Found {
    fn set(&mut self, part: Part, name: String, value: Result<String, String>) {
        self.facts.insert((part, name), value);
    }

    /// Notes a list that could not be read.
    fn miss(&mut self, part: Part, list: &str, error: &StoreError) {
        self.unread.push((part, list.to_owned(), chain(error)));
    }

    /// Notes what was read: a fact if it is there, none if it is not, the error if there was one.
    fn note(&mut self, part: Part, name: String, read: Result<Option<String>, StoreError>) {
        match read {
            Ok(Some(value)) => self.set(part, name, Ok(value)),
            Ok(None) => {}
            Err(error) => self.set(part, name, Err(chain(&error))),
        }
    }
}

fn read_moves(store: &impl Store, all: &Truth, found: &mut Found) {
    found.set(Part::Moves, "counts".to_owned(), Ok(format!("{:?}", store.counts())));
    let audit = store.audit().map(|it| Some(truth::audit_value(it.live, it.wakes, it.orphan_count)));
    found.note(Part::Moves, "audit".to_owned(), audit);
    let listed = list_applications(store);
    let value = listed.as_ref().map(|it| truth::ids_value(it.keys().copied()));
    found.set(Part::Moves, "applications".to_owned(), value.map_err(Clone::clone));
    for id in all.heads.keys() {
        let read = store.application(*id);
        let value = read.as_ref().ok().and_then(Option::as_ref).map(|it| {
            let value = truth::application_value(it.version, it.sequence, it.wake, &it.snapshot.body);
            // The list must say the same as the look at one.
            match &listed {
                Ok(listed) if listed.get(id) != Some(&value) => format!("{value}, but listed otherwise"),
                Ok(_) | Err(_) => value,
            }
        });
        found.note(Part::Moves, truth::application_name(*id), read.map(|_| value));
        let journal = store.journal(*id, 0, usize::MAX).map(|entries| {
            let sum = entries
                .iter()
                .fold(String::new(), |sum, (version, entry)| truth::link(&sum, *version, &entry.body));
            let count = entries.len() as u64;
            (count > 0).then(|| truth::journal_value(count, &sum))
        });
        found.note(Part::Moves, truth::journal_name(*id), journal);
    }
    read_wakes(store, found);
    for key in all.indexes.keys() {
        let ids = store.indexed(key, None, usize::MAX);
        let ids = ids.map(|ids| (!ids.is_empty()).then(|| truth::ids_value(ids.into_iter())));
        found.note(Part::Moves, truth::index_name(key), ids);
    }
    for (id, head) in &all.heads {
        for number in &head.documents {
            let document = store.document(*id, *number).map(|bytes| bytes.map(|bytes| sum(&bytes)));
            found.note(Part::Moves, truth::document_name(*id, *number), document);
        }
    }
}

fn list_applications(store: &impl Store) -> Result<BTreeMap<ApplicationId, String>, String> {
    let mut listed = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.applications(after, PAGE).map_err(|error| chain(&error))?;
        let Some((last, _)) = page.last() else { return Ok(listed) };
        after = Some(*last);
        for (id, it) in page {
            let value = truth::application_value(it.version, it.sequence, it.wake, &it.snapshot.body);
            listed.insert(id, value);
        }
    }
}

fn read_wakes(store: &impl Store, found: &mut Found) {
    let mut after: Option<Wake> = None;
    loop {
        match store.wakes(after, EVER, PAGE) {
            Ok(page) => {
                let Some(last) = page.last() else { return };
                after = Some(*last);
                for Wake { at, application } in page {
                    found.set(Part::Moves, truth::wake_name(application, at), Ok(String::new()));
                }
            }
            Err(error) => return found.miss(Part::Moves, "wake-up of", &error),
        }
    }
}

fn read_stream(store: &impl Store, all: &Truth, found: &mut Found) {
    let (oldest, newest) = match store.span() {
        Ok(span) => span,
        Err(error) => return found.set(Part::Stream, "span".to_owned(), Err(chain(&error))),
    };
    found.oldest = oldest;
    found.set(Part::Stream, "span".to_owned(), Ok(format!("{oldest} to {newest}")));
    let mut after = oldest - 1;
    while after < newest {
        let read = match store.changes(after, PAGE) {
            Ok(page) if page.is_empty() => return,
            Ok(page) => page,
            Err(error) => {
                // One by one, so that an error stands for as little as it can.
                let sequence = after + 1;
                match store.changes(after, 1) {
                    Ok(one) if !one.is_empty() => one,
                    Ok(_) | Err(_) => {
                        let error = Err(chain(&error));
                        found.set(Part::Stream, truth::change_name(sequence), error);
                        after = sequence;
                        continue;
                    }
                }
            }
        };
        for change in read {
            after = change.sequence;
            let value = truth::change_value(change.application, change.version, &change.body.body);
            found.set(Part::Stream, truth::change_name(after), Ok(value));
        }
    }
    for key in &all.requests_ever {
        let request = store
            .request(*key)
            .map(|it| it.map(|it| truth::request_value(it.sequence, it.application, it.fingerprint)));
        found.note(Part::Stream, truth::request_name(*key), request);
    }
}

fn read_deliveries(store: &impl Store, all: &Truth, found: &mut Found) {
    match store.delivery_cursors() {
        Ok(cursors) => {
            for (partner, cursor) in cursors {
                found.set(Part::Deliveries, truth::cursor_name(&partner), Ok(cursor.to_string()));
            }
        }
        Err(error) => found.miss(Part::Deliveries, "cursor of", &error),
    }
    for id in all.heads.keys() {
        match store.deliveries(*id, 0, usize::MAX) {
            Ok(deliveries) => {
                for it in deliveries {
                    let value = truth::delivery_value(&it);
                    found.set(Part::Deliveries, truth::delivery_name(it.key), Ok(value));
                }
            }
            Err(error) => found.miss(Part::Deliveries, &truth::deliveries_name(*id), &error),
        }
    }
    for partner in super::work::PARTNERS {
        for queue in Queue::ALL {
            let rows = store.queued(queue, partner, None, EVER, usize::MAX);
            let value = rows.map(|rows| (!rows.is_empty()).then(|| truth::queue_value(&rows)));
            found.note(Part::Deliveries, truth::queue_name(queue, partner), value);
        }
    }
}

fn read_outages(store: &impl Store, found: &mut Found) {
    match store.outages(None, usize::MAX) {
        Ok(outages) => {
            for it in outages {
                let name = truth::outage_name((it.system, it.start));
                found.set(Part::Outages, name, Ok(truth::outage_value(&it)));
            }
        }
        Err(error) => found.miss(Part::Outages, "outage of", &error),
    }
}

fn read_keys(store: &impl Store, vault: &Vault, all: &Truth, found: &mut Found) {
    for (id, head) in &all.heads {
        for number in &head.documents {
            let label = Label { application: *id, kind: super::work::DOCUMENT_KIND, number: *number };
            let unseal = |sealed: Vec<u8>| match vault.unseal(head.slot, label, &sealed) {
                Ok(plain) => Ok(sum(plain.expose())),
                Err(VaultError::Erased { .. }) => Ok("erased".to_owned()),
                Err(error) => Err(chain(&error)),
            };
            let value = match store.document(*id, *number) {
                Ok(None) => continue,
                Ok(Some(sealed)) => unseal(sealed),
                Err(error) => Err(chain(&error)),
            };
            found.set(Part::Keys, truth::plain_name(*id, *number), value);
        }
    }
    for (place, answer) in &all.answers {
        let value = match vault.open_answer(answer.application, &answer.challenge(), &answer.sealed) {
            Ok(Some(plain)) => Ok(sum(plain.expose())),
            Ok(None) => continue,
            Err(error) => Err(chain(&error)),
        };
        found.set(Part::Keys, truth::answer_name(*place), value);
    }
}
