//! Seeded work: what Docket does to a store and its vault in a busy hour, in little.
//!
//! Applications come and move in groups, some of them twice in one; they carry documents beside them and
//! in blobs, sealed under keys of their own, and answers; index rows, wake-ups and requests go along.
//! Between the groups deliveries and outages are written, changes forgotten, answers destroyed, ended
//! applications erased. The same seed does the same on any store whose vault has the same seed. It waits
//! for each deed before the next, and tells when it begins one and when it has been answered.

use super::sum;
use super::truth::{Answer, Truth};
use docket::machine::id::ApplicationId;
use docket::machine::time::Time;
use docket::store::codec::Encoded;
use docket::store::{
    Delivery, DeliveryGroup, DeliveryKey, Document, INLINE_LIMIT, IndexKey, Item, Outage, OutageGroup, Place,
    Queue, Request, RequestKey, Store, Verdict,
};
use docket::vault::{AnswerPlace, Label, Secret, Vault};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeMap;

pub(super) const PARTNERS: [&str; 2] = ["agency", "lender"];
pub(super) const DOCUMENT_KIND: u8 = 3;

/// A deed, as it was done.
pub(crate) enum Deed {
    /// A group of moves, with what the vault made for it: keys, the digests of its documents in the
    /// clear, answers.
    Group {
        items: Vec<Item>,
        keys: Vec<(ApplicationId, u32)>,
        plain: Vec<((ApplicationId, u32), String)>,
        answers: Vec<Answer>,
    },
    Deliveries(DeliveryGroup),
    Outages(OutageGroup),
    Sync,
    /// Changes below this.
    Forget(u64),
    /// The key of an ended application.
    Erase(ApplicationId),
    /// The key of an answer.
    Destroy(AnswerPlace),
}

impl Deed {
    /// Says whether all deeds before it are durable with it.
    pub(crate) const fn makes_durable(&self) -> bool {
        match self {
            Self::Group { .. } | Self::Sync => true,
            Self::Deliveries(_) | Self::Outages(_) | Self::Forget(_) | Self::Erase(_) | Self::Destroy(_) => {
                false
            }
        }
    }
}

/// What is heard of the work: how many deeds were begun, how many answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Begun(usize),
    Acknowledged(usize),
}

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) deeds: usize,
    pub(crate) applications: u64,
    /// The most moves of a group.
    pub(crate) group: u64,
    /// The largest document beside its application, in bytes.
    pub(crate) document: u64,
}

/// Does the work and gives what was done; the last deed is a sync.
pub(crate) fn perform(
    seed: u64,
    size: Size,
    store: &impl Store,
    vault: &Vault,
    told: &mut dyn FnMut(Told),
) -> Vec<Deed> {
    let chance = ChaCha8Rng::seed_from_u64(seed);
    let mut work = Work { size, chance, store, vault, truth: Truth::new(), cursor: 0, told };
    let mut deeds = Vec::new();
    while deeds.len() < size.deeds {
        let Some(deed) = work.draw() else { continue };
        work.perform(&deed, deeds.len());
        work.truth.apply(&deed);
        deeds.push(deed);
    }
    work.perform(&Deed::Sync, deeds.len());
    deeds.push(Deed::Sync);
    deeds
}

struct Work<'a, S> {
    size: Size,
    chance: ChaCha8Rng,
    store: &'a S,
    vault: &'a Vault,
    truth: Truth,
    /// Up to where the stream was taken over.
    cursor: u64,
    told: &'a mut dyn FnMut(Told),
}

impl<S: Store> Work<'_, S> {
    fn draw(&mut self) -> Option<Deed> {
        match self.below(100) {
            0..70 => self.draw_group(),
            70..80 => self.draw_deliveries(),
            80..85 => Some(self.draw_outages()),
            85..90 => Some(Deed::Sync),
            90..93 => Some(Deed::Forget(self.truth.counts.moves * self.below(80) / 100)),
            93..97 => self.draw_answer().map(Deed::Destroy),
            _ => self.draw_ended().map(Deed::Erase),
        }
    }

    fn perform(&mut self, deed: &Deed, number: usize) {
        (self.told)(Told::Begun(number + 1));
        match deed {
            Deed::Group { items, .. } => {
                self.vault.sync().expect("the keys are written");
                let verdicts = self.store.commit(items).expect("the group is written");
                let first = self.truth.counts.moves + 1;
                for (sequence, verdict) in (first..).zip(verdicts) {
                    assert_eq!(verdict, Verdict::Committed { sequence });
                }
            }
            Deed::Deliveries(group) => self.store.write_deliveries(group).expect("deliveries are written"),
            Deed::Outages(group) => self.store.write_outages(group).expect("outages are written"),
            Deed::Sync => {
                self.store.sync().expect("it is synced");
            }
            Deed::Forget(before) => {
                self.store.forget_changes(*before).expect("changes are forgotten");
                self.store.sync().expect("it is synced");
            }
            Deed::Erase(id) => {
                self.vault.erase(self.truth.heads[id].slot, *id).expect("the key is there");
            }
            Deed::Destroy(place) => {
                self.vault.destroy_answer(*place).expect("the answer is there");
                self.vault.sync().expect("the keys are written");
            }
        }
        (self.told)(Told::Acknowledged(number + 1));
    }

    fn draw_group(&mut self) -> Option<Deed> {
        let (mut items, mut keys) = (Vec::new(), Vec::new());
        let (mut plain, mut answers) = (Vec::new(), Vec::new());
        // As it will be when the moves drawn so far are made.
        let mut ahead: BTreeMap<ApplicationId, (u64, Option<Time>, Option<IndexKey>, u32)> = BTreeMap::new();
        for _ in 0..=self.below(self.size.group) {
            let id = id(self.below(self.size.applications));
            let head = ahead.get(&id).cloned().or_else(|| {
                let head = self.truth.heads.get(&id)?;
                Some((head.version, head.wake, head.index.clone(), head.slot))
            });
            let (expected, _, index, slot) = match head {
                // It is ended.
                Some((_, None, _, _)) => continue,
                Some(head) => head,
                None => {
                    let slot = self.vault.create_key(id).expect("there is room for a key");
                    keys.push((id, slot));
                    (0, None, None, slot)
                }
            };
            let mut item = self.draw_item(id, expected);
            let documents = if self.below(4) == 0 { 1 + self.below(2) } else { 0 };
            for _ in 0..documents {
                let (number, document, sum) = self.draw_document(id, slot);
                item.documents.retain(|(other, _)| *other != number);
                item.documents.push((number, document));
                plain.retain(|(other, _)| *other != (id, number));
                plain.push(((id, number), sum));
            }
            item.unindex.extend(index);
            let next = item.index.first().cloned();
            if self.below(10) == 0 {
                answers.push(self.draw_sealed_answer(id, expected + 1));
            }
            ahead.insert(id, (expected + 1, item.wake, next, slot));
            items.push(item);
        }
        (!items.is_empty()).then_some(Deed::Group { items, keys, plain, answers })
    }

    fn draw_item(&mut self, id: ApplicationId, expected: u64) -> Item {
        let version = expected + 1;
        let wake = (self.below(8) > 0).then(|| Time::from_millis(1_000 * self.below(500)));
        let (state, moves) = (self.below(6) as u8, self.truth.counts.moves);
        let request = (self.below(5) < 2).then(|| Request {
            key: RequestKey(self.bytes(16).try_into().expect("16 bytes")),
            fingerprint: [version as u8; 16],
        });
        let snapshot_bytes = 200 + self.below(1_500);
        Item {
            application: id,
            expected,
            snapshot: Encoded { version: 1, body: self.bytes(snapshot_bytes) },
            entry: Encoded { version: 1, body: format!("move {version} of {id} at {moves}").into_bytes() },
            change: Encoded { version: 1, body: format!("to {state} at {moves}").into_bytes() },
            wake,
            documents: Vec::new(),
            unindex: Vec::new(),
            index: vec![IndexKey { index: 2, value: vec![state] }],
            request,
        }
    }

    fn draw_document(&mut self, id: ApplicationId, slot: u32) -> (u32, Document, String) {
        let number = self.below(5) as u32;
        let size =
            if self.below(10) == 0 { 17_000 + self.below(40_000) } else { self.below(self.size.document) };
        let bytes = self.bytes(size);
        let label = Label { application: id, kind: DOCUMENT_KIND, number };
        let sealed = self.vault.seal(slot, label, &bytes).expect("it can be sealed");
        let document = if sealed.len() > INLINE_LIMIT {
            Document::Blob(self.store.put_blob(&sealed).expect("the blob is written"))
        } else {
            Document::Inline(sealed)
        };
        (number, document, sum(&bytes))
    }

    fn draw_sealed_answer(&mut self, application: ApplicationId, version: u64) -> Answer {
        let plain = self.bytes(6);
        let secret = Secret::new(plain.clone());
        let challenge = version.to_be_bytes();
        let sealed = self.vault.seal_answer(application, &challenge, &secret).expect("it can be sealed");
        Answer { application, version, sealed, plain: sum(&plain) }
    }

    /// The next changes become deliveries, some of the former go on to another queue or are forgotten.
    fn draw_deliveries(&mut self) -> Option<Deed> {
        let partner = PARTNERS[self.below(2) as usize].to_owned();
        let moved: Vec<_> = self.truth.heads.iter().filter(|(_, head)| head.version > 0).collect();
        let moved: Vec<_> = moved.into_iter().map(|(id, head)| (*id, head.version)).collect();
        let mut group = DeliveryGroup::default();
        if moved.is_empty() {
            return None;
        }
        self.cursor = self.truth.counts.moves;
        group.cursors.insert(partner.clone(), self.cursor);
        for _ in 0..=self.below(5) {
            let (application, version) = moved[self.below(moved.len() as u64) as usize];
            let key = DeliveryKey { application, version };
            let place = self.draw_place(Queue::Next, partner.clone());
            group.put.retain(|put: &Delivery| put.key != key);
            group.put.push(Delivery { key, place, body: Encoded { version: 1, body: self.bytes(90) } });
        }
        let stood: Vec<_> = self.truth.deliveries.values().cloned().collect();
        for delivery in stood {
            if group.put.iter().any(|put| put.key == delivery.key) {
                continue;
            }
            match (self.below(6), delivery.place.queue) {
                (0, Queue::Delivered | Queue::Dead) => group.forget.push(delivery.key),
                (1, queue) => {
                    let next = if queue == Queue::Next { Queue::Delivered } else { Queue::Behind };
                    let place = self.draw_place(next, delivery.place.partner.clone());
                    group.put.push(Delivery { place, ..delivery });
                }
                _ => {}
            }
        }
        Some(Deed::Deliveries(group))
    }

    fn draw_place(&mut self, queue: Queue, partner: String) -> Place {
        let (time, since) = (self.below(9_999), self.below(9_999));
        Place { queue, partner, time: Time::from_millis(time), since: Time::from_millis(since) }
    }

    fn draw_outages(&mut self) -> Deed {
        let (system, start) = (self.below(5) as u16, Time::from_millis(self.below(50_000)));
        let lasted = self.below(9_000);
        let end = (lasted > 3_000).then(|| Time::from_millis(start.as_millis() + lasted));
        let mut group = OutageGroup { put: vec![Outage { system, start, end }], forget: Vec::new() };
        if let Some(old) = self.truth.outages.first()
            && self.truth.outages.len() > 12
            && *old != (system, start)
        {
            group.forget.push(*old);
        }
        Deed::Outages(group)
    }

    fn draw_answer(&mut self) -> Option<AnswerPlace> {
        let waiting: Vec<_> = self.truth.waiting_answers().collect();
        let count = waiting.len() as u64;
        (count > 0).then(|| waiting[self.below(count) as usize])
    }

    fn draw_ended(&mut self) -> Option<ApplicationId> {
        let is_ended = |head: &super::truth::Head| head.version > 0 && head.wake.is_none() && !head.is_erased;
        let ended: Vec<_> =
            self.truth.heads.iter().filter(|(_, head)| is_ended(head)).map(|(id, _)| *id).collect();
        let count = ended.len() as u64;
        (count > 0).then(|| ended[self.below(count) as usize])
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.chance.next_u64() % bound
    }

    /// Bytes that nothing makes smaller.
    fn bytes(&mut self, count: u64) -> Vec<u8> {
        let mut bytes = vec![0; count as usize];
        self.chance.fill_bytes(&mut bytes);
        bytes
    }
}

/// The id of an application by its number: as of a moment, each a while after the former.
fn id(number: u64) -> ApplicationId {
    let mut bytes = [0x01, 0x9a, 0xff, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0];
    bytes[2..6].copy_from_slice(&(number as u32 * 7_919).to_be_bytes());
    bytes[8..].copy_from_slice(&(number | 0x8000_0000_0000_0000).to_be_bytes());
    ApplicationId::from_bytes(bytes)
}
