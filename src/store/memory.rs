//! The store in memory, for simulations: the same rows as on disk, in a map.
//!
//! It must never behave better than the store on disk: what was not synced is lost in a crash. A
//! clone is another handle on the same rows; what a crash leaves is given by
//! [`MemoryStore::crashed`].

use super::archive::{self, ARCHIVE_LIMIT, Archived, Filed};
use super::codec::Encoded;
use super::definition;
use super::delivery;
use super::outage;
use super::plan::{self, Writes};
use super::read::{self, Row, Rows};
use super::rows::Totals;
use super::{
    ApplicationId, Audit, BLOB_LIMIT, BlobId, Change, Counts, Definition, DefinitionGroup, Delivery,
    DeliveryGroup, DeliveryKey, Document, IndexKey, Item, Outage, OutageGroup, Part, Queue, Queued,
    Remembered, RequestKey, Room, Store, StoreError, Stored, Swept, Time, Verdict, Wake,
};
use crate::clock;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A store in memory; clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Held while a group is planned and written.
    writer: Mutex<()>,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The rows written since the last sync, as they were then.
    before: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// With when they were last put.
    blobs: BTreeMap<BlobId, (Vec<u8>, Time)>,
    archive: BTreeMap<ApplicationId, Vec<Encoded>>,
    totals: Totals,
    /// The totals at the last sync.
    synced: Totals,
}

impl Default for State {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            before: BTreeMap::new(),
            blobs: BTreeMap::new(),
            archive: BTreeMap::new(),
            totals: Totals::EMPTY,
            synced: Totals::EMPTY,
        }
    }
}

impl MemoryStore {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a store as this one was at the last sync: what a crash would leave of it now.
    pub fn crashed(&self) -> Self {
        let state = self.state();
        let mut rows = state.rows.clone();
        for (key, value) in &state.before {
            match value {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        let (blobs, archive, totals) = (state.blobs.clone(), state.archive.clone(), state.synced);
        let left = State { rows, before: BTreeMap::new(), blobs, archive, totals, synced: totals };
        Self { shared: Arc::new(Shared { writer: Mutex::default(), state: RwLock::new(left) }) }
    }

    /// Gives all stored bytes, keys and values, what is archived and blobs last: to search them for what must not be
    /// there in the clear.
    pub fn dump(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let state = self.state();
        let rows = state.rows.iter().map(|(key, value)| (key.clone(), value.clone()));
        let journals = state.archive.iter().flat_map(|(id, journal)| journal.iter().map(move |it| (id, it)));
        let journals = journals.map(|(id, entry)| (id.as_bytes().to_vec(), entry.body.clone()));
        let blobs = state.blobs.iter().map(|(id, (bytes, _))| (id.0.to_vec(), bytes.clone()));
        rows.chain(journals).chain(blobs).collect()
    }

    // A panic under a lock is a bug elsewhere (a failed assertion of a simulation): what lies
    // under it is changed in one step, so it is whole.

    fn writer(&self) -> MutexGuard<'_, ()> {
        self.shared.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.shared.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.shared.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn write(&mut self, writes: Writes, totals: Totals) {
        for (key, value) in writes {
            let before = match value {
                Some(value) => self.rows.insert(key.clone(), value),
                None => self.rows.remove(&key),
            };
            self.before.entry(key).or_insert(before);
        }
        self.totals = totals;
    }
}

impl Rows for MemoryStore {
    fn row(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state().rows.get(key).cloned())
    }

    fn page(&self, range: Range<Vec<u8>>, limit: usize) -> Result<Vec<Row>, StoreError> {
        let state = self.state();
        let rows = state.rows.range(range).take(limit);
        Ok(rows.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn blob(&self, blob: BlobId) -> Result<Vec<u8>, StoreError> {
        let bytes = self.state().blobs.get(&blob).map(|(bytes, _)| bytes.clone());
        bytes.ok_or(StoreError::BlobDamaged { blob, what: "is missing" })
    }

    fn archived(&self, id: ApplicationId, _filed: &Filed) -> Result<Vec<Encoded>, StoreError> {
        let journal = self.state().archive.get(&id).cloned();
        let what = || format!("the archived journal of application {id} is missing");
        journal.ok_or_else(|| StoreError::Inconsistent { what: what() })
    }

    fn durable_span(&self) -> (u64, u64) {
        let state = self.state();
        (state.totals.oldest, state.synced.counts.moves)
    }

    fn between_groups<T>(&self, f: impl FnOnce() -> T) -> T {
        let _writer = self.writer();
        f()
    }
}

impl Store for MemoryStore {
    fn append(&self, group: &[Item]) -> Result<Vec<Verdict>, StoreError> {
        plan::check(group)?;
        let _writer = self.writer();
        let mut heads = BTreeMap::new();
        for item in group {
            for (number, document) in &item.documents {
                match document {
                    Document::Inline(_) => {}
                    Document::Blob(blob) if self.state().blobs.contains_key(blob) => {}
                    Document::Blob(blob) => {
                        return Err(StoreError::NoBlob {
                            application: item.application,
                            number: *number,
                            blob: *blob,
                        });
                    }
                }
            }
            if let Some(head) = read::head(self, item.application)? {
                heads.insert(item.application, head);
            }
        }
        let plan = plan::plan(group, heads, self.state().totals);
        self.state_mut().write(plan.writes, plan.totals);
        Ok(plan.verdicts)
    }

    fn sync(&self) -> Result<u64, StoreError> {
        let mut state = self.state_mut();
        state.before.clear();
        state.synced = state.totals;
        Ok(state.synced.counts.moves)
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<BlobId, StoreError> {
        if bytes.len() > BLOB_LIMIT {
            return Err(StoreError::BlobTooLarge { size: bytes.len(), limit: BLOB_LIMIT });
        }
        let blob = BlobId::of(bytes);
        self.state_mut().blobs.insert(blob, (bytes.to_vec(), clock::now()));
        Ok(blob)
    }

    fn sweep_blobs(&self, before: Time) -> Result<Swept, StoreError> {
        let _writer = self.writer();
        let mut named = BTreeSet::new();
        read::blobs_named(self, |blob| {
            named.insert(blob);
        })?;
        let mut swept = Swept::default();
        self.state_mut().blobs.retain(|blob, (bytes, put)| {
            let is_kept = *put >= before || named.contains(blob);
            if !is_kept {
                swept.blobs += 1;
                swept.bytes += bytes.len() as u64;
            }
            is_kept
        });
        Ok(swept)
    }

    fn application(&self, id: ApplicationId) -> Result<Option<Stored>, StoreError> {
        read::application(self, id)
    }

    fn applications(
        &self,
        after: Option<ApplicationId>,
        limit: usize,
    ) -> Result<Vec<(ApplicationId, Stored)>, StoreError> {
        read::applications(self, after, limit)
    }

    fn journal(
        &self,
        id: ApplicationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Encoded)>, StoreError> {
        read::journal(self, id, after, limit)
    }

    fn archive(&self, ids: &[ApplicationId]) -> Result<Archived, StoreError> {
        let _writer = self.writer();
        let mut archived = Archived::default();
        for id in ids.iter().take(ARCHIVE_LIMIT) {
            let journal = match archive::gather(self, *id) {
                Ok(Some(journal)) => journal,
                Ok(None) => continue,
                Err(error) => {
                    archived.damaged.push((*id, error));
                    continue;
                }
            };
            let entries = journal.entries.len() as u64;
            let filed = Filed { file: 0, block: 0, entries, chain: journal.chain() };
            archived.journals += 1;
            archived.entries += entries;
            archived.bytes += journal.entries.iter().map(|entry| entry.body.len() as u64).sum::<u64>();
            self.state_mut().archive.insert(*id, journal.entries);
            for writes in archive::plan(&[(*id, filed)]) {
                let totals = self.state().totals;
                self.state_mut().write(writes, totals);
            }
        }
        Ok(archived)
    }

    fn archived(&self, after: Option<ApplicationId>, limit: usize) -> Result<Vec<ApplicationId>, StoreError> {
        archive::archived(self, after, limit)
    }

    fn changes(&self, after: u64, limit: usize) -> Result<Vec<Change>, StoreError> {
        read::changes(self, after, limit)
    }

    fn span(&self) -> Result<(u64, u64), StoreError> {
        Ok(self.durable_span())
    }

    fn forget_changes(&self, before: u64) -> Result<(), StoreError> {
        let _writer = self.writer();
        loop {
            let (totals, (_, newest)) = (self.state().totals, self.durable_span());
            let before = before.min(newest + 1);
            let Some(span) = plan::forgettable(&totals, before) else { return Ok(()) };
            let (writes, totals) = plan::forget(&totals, span, &read::requests_of(self, span)?);
            self.state_mut().write(writes, totals);
        }
    }

    fn wakes(&self, after: Option<Wake>, until: Time, limit: usize) -> Result<Vec<Wake>, StoreError> {
        read::wakes(self, after, until, limit)
    }

    fn indexed(
        &self,
        key: &IndexKey,
        after: Option<ApplicationId>,
        limit: usize,
    ) -> Result<Vec<ApplicationId>, StoreError> {
        read::indexed(self, key, after, limit)
    }

    fn request(&self, key: RequestKey) -> Result<Option<Remembered>, StoreError> {
        read::request(self, key)
    }

    fn document(&self, id: ApplicationId, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        read::document(self, id, number)
    }

    fn delivery_cursors(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        delivery::cursors(self)
    }

    fn delivery(&self, key: DeliveryKey) -> Result<Option<Delivery>, StoreError> {
        delivery::delivery(self, key)
    }

    fn deliveries(
        &self,
        application: ApplicationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        delivery::deliveries(self, application, after, limit)
    }

    fn queued(
        &self,
        queue: Queue,
        partner: &str,
        after: Option<(Time, DeliveryKey)>,
        until: Time,
        limit: usize,
    ) -> Result<Vec<Queued>, StoreError> {
        delivery::queued(self, queue, partner, after, until, limit)
    }

    fn write_deliveries(&self, group: &DeliveryGroup) -> Result<(), StoreError> {
        delivery::check(group)?;
        let _writer = self.writer();
        let writes = delivery::plan(self, group)?;
        let totals = self.state().totals;
        self.state_mut().write(writes, totals);
        Ok(())
    }

    fn outages(&self, after: Option<(u16, Time)>, limit: usize) -> Result<Vec<Outage>, StoreError> {
        outage::outages(self, after, limit)
    }

    fn write_outages(&self, group: &OutageGroup) -> Result<(), StoreError> {
        let _writer = self.writer();
        let totals = self.state().totals;
        self.state_mut().write(outage::plan(group), totals);
        Ok(())
    }

    fn definitions(&self, after: Option<&Part>, limit: usize) -> Result<Vec<Definition>, StoreError> {
        definition::definitions(self, after, limit)
    }

    fn write_definitions(&self, group: &DefinitionGroup) -> Result<(), StoreError> {
        let _writer = self.writer();
        let totals = self.state().totals;
        self.state_mut().write(definition::plan(group), totals);
        Ok(())
    }

    fn room(&self) -> Room {
        Room::Ample
    }

    fn counts(&self) -> Counts {
        self.state().synced.counts
    }

    fn audit(&self) -> Result<Audit, StoreError> {
        read::audit(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::{self, Raw, item};

    impl Raw for MemoryStore {
        fn put_raw(&self, key: Vec<u8>, value: Option<Vec<u8>>) {
            let totals = self.state().totals;
            self.state_mut().write(BTreeMap::from([(key, value)]), totals);
        }
    }

    #[test]
    fn it_keeps_the_contract() {
        conformance::run(MemoryStore::new);
    }

    #[test]
    fn a_crash_leaves_what_was_synced() {
        let store = MemoryStore::new();
        store.commit(&[item(1, 0), item(2, 0)]).unwrap();
        let synced = store.dump();
        store.append(&[item(1, 1), item(3, 0)]).unwrap();
        store.append(&[item(1, 2)]).unwrap();
        store.forget_changes(2).unwrap();
        store
            .write_outages(&OutageGroup { forget: vec![(1, Time::default())], ..Default::default() })
            .unwrap();
        let left = store.crashed();
        assert_eq!(left.dump(), synced);
        assert_eq!((left.span().unwrap(), left.counts()), ((1, 2), left.state().totals.counts));
        assert_eq!(left.commit(&[item(1, 1)]).unwrap(), [Verdict::Committed { sequence: 3 }]);
        // The one that was left alone goes on as if nothing had happened.
        assert_eq!(store.sync().unwrap(), 5);
        assert_eq!(store.crashed().dump(), store.dump());
    }

    #[test]
    fn a_clone_survives_and_the_dump_shows_all_bytes() {
        let store = MemoryStore::new();
        let kept = store.clone();
        let blob = store.put_blob(b"large thing").unwrap();
        let mut first = item(1, 0);
        first.documents = vec![(1, Document::Inline(b"small thing".to_vec())), (2, Document::Blob(blob))];
        store.commit(&[first]).unwrap();
        drop(store);
        assert_eq!(kept.counts().applications, 1);
        let bytes = kept.dump();
        let holds = |sought: &[u8]| bytes.iter().any(|(_, v)| v.windows(sought.len()).any(|w| w == sought));
        assert!(holds(b"small thing") && holds(b"large thing") && !holds(b"no thing"));
    }
}
