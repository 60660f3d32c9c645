//! A file of fixed slots, overwritten in place.
//!
//! ```text
//! "DKSL" | version u8 | use u8 | 0 u16 | generation u64 | application 16 | nonce 12 | wrapped key 48 | 0 ... | crc32c u32
//! ```
//!
//! 128 bytes, big-endian; a slot of zeroes is free. A slot never crosses a sector, so loss of power
//! leaves it old or new. Owns this format and the durability of the file; what a slot is for is
//! decided above.

use super::crypt::{self, OVERHEAD};
use super::secret::KEY_BYTES;
use super::{Random, VaultError};
use crate::machine::id::ApplicationId;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

pub(super) const SLOT_BYTES: usize = 128;
pub(super) const VERSION: u8 = 1;
const MAGIC: &[u8; 4] = b"DKSL";
const WRAPPED: usize = OVERHEAD + KEY_BYTES;
const CRC_AT: usize = SLOT_BYTES - 4;

/// Slots by which the file grows: written as zeroes ahead of use, so that a sync of new keys seldom
/// has to write the file's length too.
const GROWTH: u32 = 512;

/// What a slot is used for. The numbers are permanent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Use {
    DataKey = 1,
    AnswerKey = 2,
    /// A data key was here; nothing will be again.
    Erased = 3,
}

/// A slot that is not free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) purpose: Use,
    /// Tells one use of an answer's slot from the next; 0 for data keys.
    pub(super) generation: u64,
    pub(super) application: ApplicationId,
    /// Nonce, key, tag; zeroes when erased.
    wrapped: [u8; WRAPPED],
}

impl Slot {
    /// Wraps a key for one slot of one file.
    pub(super) fn wrap(
        at: (Use, u32, u64, ApplicationId),
        key: &[u8; KEY_BYTES],
        wrap: &[u8; KEY_BYTES],
        random: &Random,
    ) -> Self {
        let (purpose, slot, generation, application) = at;
        let mut this = Self { purpose, generation, application, wrapped: [0; WRAPPED] };
        let wrapped = crypt::seal(wrap, &this.aad(slot), key, random);
        this.wrapped.copy_from_slice(&wrapped);
        this
    }

    /// A slot whose key is gone.
    pub(super) const fn erased(application: ApplicationId) -> Self {
        Self { purpose: Use::Erased, generation: 0, application, wrapped: [0; WRAPPED] }
    }

    /// Takes the key out; `None` if it was not wrapped for this slot under this key.
    pub(super) fn unwrap(&self, slot: u32, wrap: &[u8; KEY_BYTES]) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
        let key = crypt::open(wrap, &self.aad(slot), &self.wrapped).ok()?;
        Some(Zeroizing::new(key.as_slice().try_into().ok()?))
    }

    fn aad(&self, slot: u32) -> Vec<u8> {
        let (generation, slot) = (self.generation.to_be_bytes(), slot.to_be_bytes());
        let head = [VERSION, self.purpose as u8];
        [b"docket slot".as_slice(), &head, &slot, &generation, self.application.as_bytes()].concat()
    }

    pub(super) fn to_bytes(&self) -> [u8; SLOT_BYTES] {
        let mut bytes = [0; SLOT_BYTES];
        bytes[..4].copy_from_slice(MAGIC);
        bytes[4] = VERSION;
        bytes[5] = self.purpose as u8;
        bytes[8..16].copy_from_slice(&self.generation.to_be_bytes());
        bytes[16..32].copy_from_slice(self.application.as_bytes());
        bytes[32..32 + WRAPPED].copy_from_slice(&self.wrapped);
        let sum = crc32c::crc32c(&bytes[..CRC_AT]);
        bytes[CRC_AT..].copy_from_slice(&sum.to_be_bytes());
        bytes
    }
}

/// A file of slots, or memory that behaves like one.
pub(super) struct Slots {
    /// How errors name it.
    pub(super) file: &'static str,
    medium: Medium,
    /// Something was written that no sync has begun to make durable.
    dirty: AtomicBool,
    /// Held over a sync: who comes meanwhile may have written what it takes along, and waits for it.
    /// Who writes does not.
    sync: Mutex<Sync>,
}

enum Medium {
    File { file: File, path: PathBuf },
    Memory(Mutex<Vec<u8>>),
}

#[derive(Default)]
struct Sync {
    stopped: Option<Arc<io::Error>>,
}

impl Slots {
    pub(super) fn in_file(name: &'static str, file: File, path: PathBuf) -> Self {
        Self {
            file: name,
            medium: Medium::File { file, path },
            dirty: AtomicBool::new(false),
            sync: Mutex::default(),
        }
    }

    pub(super) fn in_memory(name: &'static str) -> Self {
        Self {
            file: name,
            medium: Medium::Memory(Mutex::default()),
            dirty: AtomicBool::new(false),
            sync: Mutex::default(),
        }
    }

    /// Reads a slot; `None` if it is free.
    pub(super) fn read(&self, slot: u32) -> Result<Option<Slot>, VaultError> {
        let mut bytes = [0; SLOT_BYTES];
        self.read_at(&mut bytes, offset(slot))?;
        self.parse(slot, &bytes)
    }

    fn parse(&self, slot: u32, bytes: &[u8; SLOT_BYTES]) -> Result<Option<Slot>, VaultError> {
        if bytes.iter().all(|b| *b == 0) {
            return Ok(None);
        }
        let damaged = VaultError::DamagedSlot { file: self.file, slot };
        if &bytes[..4] != MAGIC || crc32c::crc32c(&bytes[..CRC_AT]).to_be_bytes() != bytes[CRC_AT..] {
            return Err(damaged);
        }
        let found = bytes[4];
        if found > VERSION {
            return Err(VaultError::NewerSlot { file: self.file, slot, found, known: VERSION });
        }
        let purpose = match bytes[5] {
            1 => Use::DataKey,
            2 => Use::AnswerKey,
            3 => Use::Erased,
            _ => return Err(damaged),
        };
        let field = "the fields of a slot lie inside it";
        Ok(Some(Slot {
            purpose,
            generation: u64::from_be_bytes(*bytes[8..].first_chunk().expect(field)),
            application: ApplicationId::from_bytes(*bytes[16..].first_chunk().expect(field)),
            wrapped: *bytes[32..].first_chunk().expect(field),
        }))
    }

    /// Overwrites a slot; not durable before [`sync`](Self::sync).
    pub(super) fn write(&self, slot: u32, content: &Slot) -> Result<(), VaultError> {
        if slot >= self.len()? {
            let end = slot - slot % GROWTH;
            self.write_at(&vec![0; SLOT_BYTES * GROWTH as usize], offset(end))?;
        }
        self.write_at(&content.to_bytes(), offset(slot))
    }

    /// Overwrites a slot with zeroes; not durable before [`sync`](Self::sync).
    pub(super) fn clear(&self, slot: u32) -> Result<(), VaultError> {
        self.write_at(&[0; SLOT_BYTES], offset(slot))
    }

    /// Makes all writes so far durable; costs nothing if there are none.
    pub(super) fn sync(&self) -> Result<(), VaultError> {
        let mut sync = self.lock_sync();
        if let Some(cause) = &sync.stopped {
            return Err(VaultError::Stopped { file: self.file, cause: Arc::clone(cause) });
        }
        // Before the sync: what is written from here on is for the next one.
        let is_dirty = self.dirty.swap(false, Ordering::SeqCst);
        match &self.medium {
            Medium::File { file, .. } if is_dirty => {
                if let Err(error) = file.sync_data() {
                    let cause = Arc::new(error);
                    sync.stopped = Some(Arc::clone(&cause));
                    return Err(VaultError::Stopped { file: self.file, cause });
                }
            }
            Medium::File { .. } | Medium::Memory(_) => {}
        }
        Ok(())
    }

    /// Slots that the file has room for.
    pub(super) fn len(&self) -> Result<u32, VaultError> {
        let bytes = match &self.medium {
            Medium::File { file, path } => file.metadata().map_err(self.failed("look at", path))?.len(),
            Medium::Memory(bytes) => lock(bytes).len() as u64,
        };
        Ok(u32::try_from(bytes.div_ceil(SLOT_BYTES as u64)).unwrap_or(u32::MAX))
    }

    /// Reads all of it; every key in it is wrapped.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, VaultError> {
        let mut bytes = vec![0; SLOT_BYTES * self.len()? as usize];
        self.read_at(&mut bytes, 0)?;
        Ok(bytes)
    }

    /// Finds the slot after the last that is not free, reading back from the end.
    pub(super) fn end(&self) -> Result<u32, VaultError> {
        let mut end = self.len()?;
        let mut bytes = vec![0; SLOT_BYTES * GROWTH as usize];
        while end > 0 {
            let start = (end - 1) / GROWTH * GROWTH;
            let bytes = &mut bytes[..SLOT_BYTES * (end - start) as usize];
            self.read_at(bytes, offset(start))?;
            if let Some(last) = bytes.iter().rposition(|b| *b != 0) {
                return Ok(start + (last / SLOT_BYTES) as u32 + 1);
            }
            end = start;
        }
        Ok(0)
    }

    /// Reads; what lies after the end is zeroes.
    fn read_at(&self, mut bytes: &mut [u8], mut at: u64) -> Result<(), VaultError> {
        bytes.fill(0);
        match &self.medium {
            Medium::File { file, path } => {
                while !bytes.is_empty() {
                    match file.read_at(bytes, at) {
                        Ok(0) => break,
                        Ok(read) => (bytes, at) = (&mut bytes[read..], at + read as u64),
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(self.failed("read", path)(error)),
                    }
                }
            }
            Medium::Memory(memory) => {
                let memory = lock(memory);
                let from = memory.get(at as usize..).unwrap_or_default();
                let len = from.len().min(bytes.len());
                bytes[..len].copy_from_slice(&from[..len]);
            }
        }
        Ok(())
    }

    pub(super) fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), VaultError> {
        let written = match &self.medium {
            Medium::File { file, path } => file.write_all_at(bytes, at).map_err(self.failed("write", path)),
            Medium::Memory(memory) => {
                let (mut memory, at) = (lock(memory), at as usize);
                let end = memory.len().max(at + bytes.len());
                memory.resize(end, 0);
                memory[at..at + bytes.len()].copy_from_slice(bytes);
                Ok(())
            }
        };
        // After the write: a sync that came in between may have missed it.
        self.dirty.store(true, Ordering::SeqCst);
        written
    }

    fn failed(&self, doing: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> VaultError {
        let path = path.to_owned();
        move |source| VaultError::Io { doing, path, source }
    }

    fn lock_sync(&self) -> MutexGuard<'_, Sync> {
        self.sync.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn offset(slot: u32) -> u64 {
    u64::from(slot) * SLOT_BYTES as u64
}
