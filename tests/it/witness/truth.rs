//! What must be there after the deeds: the model.
//!
//! Owns no store and reads none. It must stay simpler than what it judges: maps, and no memory of how
//! rows are laid out.

use super::sum;
use super::work::Deed;
use docket::machine::id::ApplicationId;
use docket::machine::time::Time;
use docket::store::{
    BlobId, Counts, Delivery, DeliveryGroup, DeliveryKey, Document, IndexKey, Item, Outage, OutageGroup,
    Queue, Queued, RequestKey,
};
use docket::vault::AnswerPlace;
use std::collections::{BTreeMap, BTreeSet};

/// What a fact belongs to: each part becomes durable by its own rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Applications, journals, wake-ups, index rows, documents, counts.
    Moves,
    /// Changes and requests, which are forgotten.
    Stream,
    Deliveries,
    Outages,
    /// What the vault opens.
    Keys,
}

impl Part {
    pub(crate) const ALL: [Self; 5] =
        [Self::Moves, Self::Stream, Self::Deliveries, Self::Outages, Self::Keys];
}

/// Facts by part and name.
pub(crate) type Facts = BTreeMap<(Part, String), String>;

/// An application, as far as its next move must know it.
#[derive(Clone, Default)]
pub(crate) struct Head {
    pub(crate) version: u64,
    pub(crate) wake: Option<Time>,
    pub(crate) index: Option<IndexKey>,
    pub(crate) slot: u32,
    pub(crate) documents: BTreeSet<u32>,
    pub(crate) is_erased: bool,
    journal: String,
}

/// An answer that was sealed: where, of whom, to what, and what it says.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) application: ApplicationId,
    /// The version with which it came.
    pub(crate) version: u64,
    pub(crate) sealed: docket::vault::AnswerSealed,
    pub(crate) plain: String,
}

impl Answer {
    pub(super) const fn challenge(&self) -> [u8; 8] {
        self.version.to_be_bytes()
    }
}

/// What must be there.
#[derive(Clone, Default)]
pub(crate) struct Truth {
    pub(crate) facts: Facts,
    pub(crate) heads: BTreeMap<ApplicationId, Head>,
    pub(crate) answers: BTreeMap<AnswerPlace, Answer>,
    pub(crate) counts: Counts,
    /// The oldest change kept.
    pub(crate) oldest: u64,
    pub(crate) indexes: BTreeMap<IndexKey, BTreeSet<ApplicationId>>,
    /// By the change that each made, those not forgotten.
    requests: BTreeMap<u64, RequestKey>,
    pub(crate) requests_ever: BTreeSet<RequestKey>,
    pub(crate) deliveries: BTreeMap<DeliveryKey, Delivery>,
    pub(crate) outages: BTreeSet<(u16, Time)>,
    /// The digest of each document in the clear.
    plain: BTreeMap<(ApplicationId, u32), String>,
}

impl Truth {
    /// The store on which nothing was done.
    pub(crate) fn new() -> Self {
        let mut new = Self { oldest: 1, ..Self::default() };
        new.tell_totals();
        new
    }

    /// Takes a deed in.
    pub(crate) fn apply(&mut self, deed: &Deed) {
        match deed {
            Deed::Group { items, keys, plain, answers } => {
                for (id, slot) in keys {
                    self.heads.insert(*id, Head { slot: *slot, ..Head::default() });
                }
                self.plain.extend(plain.iter().cloned());
                for item in items {
                    self.take(item);
                }
                for answer in answers {
                    let place = answer.sealed.place;
                    self.set(Part::Keys, answer_name(place), answer.plain.clone());
                    self.answers.insert(place, answer.clone());
                }
                self.tell_totals();
            }
            Deed::Deliveries(group) => self.deliver(group),
            Deed::Outages(group) => self.take_outages(group),
            Deed::Sync => {}
            Deed::Forget(before) => self.forget(*before),
            Deed::Erase(id) => {
                let head = self.heads.get_mut(id).expect("only what is there is erased");
                head.is_erased = true;
                for number in head.documents.clone() {
                    self.set(Part::Keys, plain_name(*id, number), "erased".to_owned());
                }
            }
            Deed::Destroy(place) => {
                self.facts.remove(&(Part::Keys, answer_name(*place)));
            }
        }
    }

    /// The answers that were not destroyed.
    pub(crate) fn waiting_answers(&self) -> impl Iterator<Item = AnswerPlace> {
        let is_there = |place: &&AnswerPlace| self.facts.contains_key(&(Part::Keys, answer_name(**place)));
        self.answers.keys().filter(is_there).copied()
    }

    fn take(&mut self, item: &Item) {
        let id = item.application;
        let head = self.heads.get_mut(&id).expect("its key was made before");
        assert_eq!(head.version, item.expected, "the work moves what is there");
        let before = head.wake;
        let is_new = head.version == 0;
        head.version += 1;
        head.wake = item.wake;
        head.journal = link(&head.journal, head.version, &item.entry.body);
        let (version, journal) = (head.version, head.journal.clone());
        self.counts.moves += 1;
        self.counts.applications += u64::from(is_new);
        self.counts.live += u64::from(item.wake.is_some());
        self.counts.live -= u64::from(before.is_some());
        let sequence = self.counts.moves;

        let value = application_value(version, sequence, item.wake, &item.snapshot.body);
        self.set(Part::Moves, application_name(id), value);
        self.set(Part::Moves, journal_name(id), journal_value(version, &journal));
        self.set(Part::Stream, change_name(sequence), change_value(id, version, &item.change.body));
        if let Some(at) = before {
            self.facts.remove(&(Part::Moves, wake_name(id, at)));
        }
        if let Some(at) = item.wake {
            self.set(Part::Moves, wake_name(id, at), String::new());
        }
        for (keys, is_there) in [(&item.unindex, false), (&item.index, true)] {
            for key in keys {
                self.index(key, id, is_there);
            }
        }
        for (number, document) in &item.documents {
            let sum = match document {
                Document::Inline(bytes) => sum(bytes),
                Document::Blob(blob) => blob_sum(*blob),
            };
            let plain = self.plain[&(id, *number)].clone();
            self.set(Part::Moves, document_name(id, *number), sum);
            self.set(Part::Keys, plain_name(id, *number), plain);
            self.heads.get_mut(&id).expect("it was there").documents.insert(*number);
        }
        if let Some(request) = item.request {
            self.requests.insert(sequence, request.key);
            self.requests_ever.insert(request.key);
            let value = request_value(sequence, id, request.fingerprint);
            self.set(Part::Stream, request_name(request.key), value);
        }
    }

    fn index(&mut self, key: &IndexKey, id: ApplicationId, is_there: bool) {
        let head = self.heads.get_mut(&id).expect("it was there");
        let ids = self.indexes.entry(key.clone()).or_default();
        if is_there {
            ids.insert(id);
            head.index = Some(key.clone());
        } else {
            ids.remove(&id);
        }
        let value = (!ids.is_empty()).then(|| ids_value(ids.iter().copied()));
        match value {
            Some(value) => self.set(Part::Moves, index_name(key), value),
            None => drop(self.facts.remove(&(Part::Moves, index_name(key)))),
        }
    }

    /// Forgets changes below `before` and their requests.
    pub(crate) fn forget(&mut self, before: u64) {
        let before = before.min(self.counts.moves + 1).max(self.oldest);
        for sequence in self.oldest..before {
            self.facts.remove(&(Part::Stream, change_name(sequence)));
            if let Some(key) = self.requests.remove(&sequence) {
                self.facts.remove(&(Part::Stream, request_name(key)));
            }
        }
        self.oldest = before;
        self.tell_totals();
    }

    fn deliver(&mut self, group: &DeliveryGroup) {
        for (partner, cursor) in &group.cursors {
            self.set(Part::Deliveries, cursor_name(partner), cursor.to_string());
        }
        for key in &group.forget {
            self.deliveries.remove(key);
            self.facts.remove(&(Part::Deliveries, delivery_name(*key)));
        }
        for put in &group.put {
            self.deliveries.insert(put.key, put.clone());
            self.set(Part::Deliveries, delivery_name(put.key), delivery_value(put));
        }
        let mut queues: BTreeMap<(Queue, &str), Vec<Queued>> = BTreeMap::new();
        for Delivery { key, place, .. } in self.deliveries.values() {
            let row = Queued { time: place.time, key: *key, since: place.since };
            queues.entry((place.queue, &place.partner)).or_default().push(row);
        }
        self.facts.retain(|(part, name), _| *part != Part::Deliveries || !name.starts_with("queue "));
        for ((queue, partner), mut rows) in queues {
            rows.sort();
            self.facts.insert((Part::Deliveries, queue_name(queue, partner)), queue_value(&rows));
        }
    }

    fn take_outages(&mut self, group: &OutageGroup) {
        for key in &group.forget {
            self.outages.remove(key);
            self.facts.remove(&(Part::Outages, outage_name(*key)));
        }
        for put in &group.put {
            self.outages.insert((put.system, put.start));
            self.set(Part::Outages, outage_name((put.system, put.start)), outage_value(put));
        }
    }

    fn tell_totals(&mut self) {
        let counts = self.counts;
        let moved = self.heads.iter().filter(|(_, head)| head.version > 0).map(|(id, _)| *id);
        let all = ids_value(moved);
        self.set(Part::Moves, "counts".to_owned(), format!("{counts:?}"));
        self.set(Part::Moves, "applications".to_owned(), all);
        self.set(Part::Moves, "audit".to_owned(), audit_value(counts.live, counts.live, 0));
        self.set(Part::Stream, "span".to_owned(), format!("{} to {}", self.oldest, counts.moves));
    }

    fn set(&mut self, part: Part, name: String, value: String) {
        self.facts.insert((part, name), value);
    }
}

// Names and values, the same for what must be there and for what is found.

pub(super) fn application_name(id: ApplicationId) -> String {
    format!("application {id}")
}

pub(super) fn application_value(version: u64, sequence: u64, wake: Option<Time>, snapshot: &[u8]) -> String {
    let wake = wake.map_or_else(|| "ended".to_owned(), |at| at.to_string());
    format!("version {version}, sequence {sequence}, wake-up {wake}, snapshot {}", sum(snapshot))
}

pub(super) fn journal_name(id: ApplicationId) -> String {
    format!("journal of {id}")
}

/// The digest of a journal, entry by entry.
pub(super) fn link(before: &str, version: u64, entry: &[u8]) -> String {
    sum(&[before.as_bytes(), &version.to_be_bytes(), entry].concat())
}

pub(super) fn journal_value(entries: u64, sum: &str) -> String {
    format!("{entries} entries {sum}")
}

pub(super) fn change_name(sequence: u64) -> String {
    format!("change {sequence}")
}

pub(super) fn change_value(id: ApplicationId, version: u64, body: &[u8]) -> String {
    format!("version {version} of {id} {}", sum(body))
}

pub(super) fn wake_name(id: ApplicationId, at: Time) -> String {
    format!("wake-up of {id} at {at}")
}

pub(super) fn index_name(key: &IndexKey) -> String {
    format!("index {} {}", key.index, hex::encode(&key.value))
}

pub(super) fn ids_value(ids: impl Iterator<Item = ApplicationId>) -> String {
    let bytes: Vec<_> = ids.map(|id| *id.as_bytes()).collect();
    format!("{} applications {}", bytes.len(), sum(&bytes.concat()))
}

pub(super) fn document_name(id: ApplicationId, number: u32) -> String {
    format!("document {number} of {id}")
}

pub(super) fn plain_name(id: ApplicationId, number: u32) -> String {
    format!("document {number} of {id} in the clear")
}

pub(super) fn answer_name(place: AnswerPlace) -> String {
    format!("answer {}.{:x}", place.slot, place.generation)
}

pub(super) fn request_name(key: RequestKey) -> String {
    format!("request {}", hex::encode(key.0))
}

pub(super) fn request_value(sequence: u64, id: ApplicationId, fingerprint: [u8; 16]) -> String {
    format!("change {sequence} of {id} {}", hex::encode(fingerprint))
}

pub(super) fn cursor_name(partner: &str) -> String {
    format!("cursor of {partner}")
}

pub(super) fn delivery_name(key: DeliveryKey) -> String {
    format!("{}version {}", deliveries_name(key.application), key.version)
}

/// How the names of all deliveries of an application begin.
pub(super) fn deliveries_name(id: ApplicationId) -> String {
    format!("delivery of {id} ")
}

pub(super) fn delivery_value(delivery: &Delivery) -> String {
    format!("{:?} {}", delivery.place, sum(&delivery.body.body))
}

pub(super) fn queue_name(queue: Queue, partner: &str) -> String {
    format!("queue {queue:?} of {partner}")
}

pub(super) fn queue_value(rows: &[Queued]) -> String {
    format!("{} rows {}", rows.len(), sum(format!("{rows:?}").as_bytes()))
}

pub(super) fn outage_name((system, start): (u16, Time)) -> String {
    format!("outage of {system} from {start}")
}

pub(super) fn outage_value(outage: &Outage) -> String {
    format!("until {:?}", outage.end.map(Time::as_millis))
}

pub(super) fn audit_value(live: u64, wakes: u64, orphans: u64) -> String {
    format!("{live} live, {wakes} wake-ups, {orphans} orphans")
}

fn blob_sum(blob: BlobId) -> String {
    hex::encode(&blob.0[..8])
}
