//! The view: sled, which holds all rows as they were after some commit.
//!
//! It is written behind, with the net effect of many commits, and can be thrown away: the
//! checkpoint and the log make it anew. So nothing that sled says is believed unseen: its mark
//! says what it must hold, and every row of it is counted before it serves. Owns sled's
//! folder. It must never be ahead of the log.

use super::log::Tip;
use super::sum::Sum;
use super::{files, quiet};
use crate::store::codec::{self, CodecError, Kind, Reader};
use crate::store::plan::Writes;
use crate::store::read::{Row, named};
use crate::store::{StoreError, keys, rows};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The size of sled's segments in bytes. sled writes a leaf of sixteen or so rows as one page, and
/// a page of more than a quarter of a segment into a file that it never syncs: with its default
/// of 512 KiB, eight values of 16 KiB are enough. Changing this is a new format of the folder.
const SEGMENT_BYTES: usize = 4 << 20;

/// Rows that are read at once.
const ROWS_AT_ONCE: usize = 512;

/// What a view holds, by its own word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The last commit that is in it whole.
    pub(super) tip: Tip,
    /// The last commit of which rows may be in it: above `tip` while, or since, a write was cut off.
    pub(super) until: u64,
    /// Of all rows but the mark, and but those that the commits above `tip` write.
    pub(super) sum: Sum,
}

/// sled, and what it holds.
pub(super) struct View {
    folder: PathBuf,
    db: ::sled::Db,
    /// Our own handle on sled's file: what is synced is the file, whoever wrote to it.
    file: File,
    /// Names in sled's own folder of blobs that are synced already.
    synced: Vec<OsString>,
    mark: Mark,
}

impl View {
    /// Makes an empty view in a folder that is not there.
    pub(super) fn make(folder: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        files::make_folder(folder)?;
        let db = open(folder, cache_bytes)?;
        let mark = Mark { tip: Tip::START, until: 0, sum: Sum::default() };
        let mut view = Self::around(folder, db, mark)?;
        view.note(mark)?;
        view.sync()?;
        Ok(view)
    }

    /// Opens a view that was written before; its mark must be there.
    pub(super) fn open(folder: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let db = open_written(folder, cache_bytes)?;
        let Some(mark) = quiet::sled("read the mark", || db.get(keys::MARK))? else {
            return Err(damaged(folder, "its mark is missing"));
        };
        let mark = named("the mark of the view", read_mark(&mark))?;
        Self::around(folder, db, mark)
    }

    /// Opens a view of the first format of the folder, which had no marks and was all there was.
    pub(super) fn adopt(folder: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let db = open_written(folder, cache_bytes)?;
        let mark = Mark { tip: Tip::START, until: 0, sum: Sum::default() };
        let mut view = Self::around(folder, db, mark)?;
        view.mark.sum = view.count(&BTreeSet::new(), &|_| {})?.0;
        Ok(view)
    }

    fn around(folder: &Path, db: ::sled::Db, mark: Mark) -> Result<Self, StoreError> {
        let file = files::open_or_make(&folder.join("db"))?;
        Ok(Self { folder: folder.to_owned(), db, file, synced: Vec::new(), mark })
    }

    /// A handle for readers.
    pub(super) fn db(&self) -> ::sled::Db {
        self.db.clone()
    }

    pub(super) const fn mark(&self) -> Mark {
        self.mark
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Counts every row, and compares with the mark; `touched` are the keys that the commits above
    /// its tip write. `tell` hears how many rows are counted.
    pub(super) fn verify(
        &mut self,
        touched: &BTreeSet<Vec<u8>>,
        tell: &dyn Fn(u64),
    ) -> Result<(), StoreError> {
        let (all, rest) = self.count(touched, tell)?;
        if rest != self.mark.sum {
            let (expected, found) = (self.mark.sum.rows, rest.rows);
            let what = format!("it must hold {expected} rows of a certain sum, it holds {found} of another");
            return Err(damaged(&self.folder, &what));
        }
        self.mark.sum = all;
        Ok(())
    }

    /// The sums of all rows, and of those not touched.
    fn count(&self, touched: &BTreeSet<Vec<u8>>, tell: &dyn Fn(u64)) -> Result<(Sum, Sum), StoreError> {
        let (mut all, mut rest) = (Sum::default(), Sum::default());
        for row in self.rows() {
            let (key, value) = row?;
            all.add(&key, &value);
            if !touched.contains(&key) {
                rest.add(&key, &value);
            }
            tell(all.rows);
        }
        Ok((all, rest))
    }

    /// Reads all rows but the mark, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Result<Row, StoreError>> + use<> {
        let db = self.db.clone();
        let mut iter = db.iter();
        let mut rows = Vec::new().into_iter();
        std::iter::from_fn(move || {
            loop {
                match rows.next() {
                    Some(Ok((key, _))) if key == keys::MARK => {}
                    Some(row) => return Some(row),
                    None => {
                        let read = quiet::sled("read rows", || {
                            let page = iter.by_ref().take(ROWS_AT_ONCE);
                            page.map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec()))).collect()
                        });
                        let page: Vec<Row> = match read {
                            Ok(page) => page,
                            Err(error) => return Some(Err(error)),
                        };
                        if page.is_empty() {
                            return None;
                        }
                        rows = page.into_iter().map(Ok).collect::<Vec<_>>().into_iter();
                    }
                }
            }
        })
    }

    /// Fills an empty view with rows as they were after `tip`; durable on return.
    pub(super) fn fill(
        &mut self,
        rows: impl Iterator<Item = Result<Row, StoreError>>,
        tip: Tip,
        tell: &dyn Fn(u64),
    ) -> Result<(), StoreError> {
        let mut sum = Sum::default();
        for row in rows {
            let (key, value) = row?;
            sum.add(&key, &value);
            put(&self.db, &key, Some(&value))?;
            tell(sum.rows);
        }
        self.note(Mark { tip, until: tip.commit, sum })?;
        self.sync()
    }

    /// Writes the net effect of the commits after the mark's up to `tip`; durable on return.
    pub(super) fn write(&mut self, writes: &Writes, tip: Tip) -> Result<(), StoreError> {
        let mut sum = self.begin_write(writes, tip.commit)?;
        for (key, value) in writes {
            if let Some(value) = value {
                sum.add(key, value);
            }
            put(&self.db, key, value.as_deref())?;
        }
        self.note(Mark { tip, until: tip.commit, sum })?;
        self.sync()
    }

    /// Says in the mark what is about to be written, before the first row, so that a write that is cut
    /// off is known as one; gives the sum of all other rows.
    fn begin_write(&mut self, writes: &Writes, until: u64) -> Result<Sum, StoreError> {
        let mut sum = self.mark.sum;
        for key in writes.keys() {
            if let Some(before) = quiet::sled("read a row", || self.db.get(key))? {
                sum.take(key, &before);
            }
        }
        self.note(Mark { tip: self.mark.tip, until, sum })?;
        Ok(sum)
    }

    /// Begins to write, and gets no further than the first row, as in a crash.
    #[cfg(test)]
    pub(super) fn write_half(&mut self, writes: &Writes, until: u64) -> Result<(), StoreError> {
        self.begin_write(writes, until)?;
        let (key, _) = writes.first_key_value().expect("there is something to write");
        quiet::sled("write a row", || self.db.insert(key, b"half"))?;
        self.sync()
    }

    fn note(&mut self, mark: Mark) -> Result<(), StoreError> {
        quiet::sled("write the mark", || self.db.insert(keys::MARK, write_mark(&mark)))?;
        self.mark = mark;
        Ok(())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        quiet::sled("flush the view", || self.db.flush())?;
        files::sync_new_files(&self.folder.join("blobs"), &mut self.synced)?;
        self.file.sync_data().map_err(files::failed("sync", &self.folder.join("db")))?;
        Ok(())
    }
}

/// Writes one row: never many in a batch of sled's, for which all reads wait.
fn put(db: &::sled::Db, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
    let put = || match value {
        Some(value) => db.insert(key, value),
        None => db.remove(key),
    };
    quiet::sled("write a row", put).map(drop)
}

/// Reads one row.
pub(super) fn row(db: &::sled::Db, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let row = quiet::sled("read a row", || db.get(key))?;
    Ok(row.map(|value| value.to_vec()))
}

/// Reads rows in order, `limit` at most.
pub(super) fn page(db: &::sled::Db, range: Range<Vec<u8>>, limit: usize) -> Result<Vec<Row>, StoreError> {
    quiet::sled("read rows", || {
        let rows = db.range(range).take(limit);
        rows.map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec()))).collect()
    })
}

fn open(folder: &Path, cache_bytes: u64) -> Result<::sled::Db, StoreError> {
    quiet::sled("open sled", || {
        let config = ::sled::Config::new().path(folder).cache_capacity(cache_bytes);
        // Whoever writes flushes: the timer would only add a thread.
        config.segment_size(SEGMENT_BYTES).flush_every_ms(None).open()
    })
}

/// Opens what was written before: looks for sled's file before sled would make an empty one.
fn open_written(folder: &Path, cache_bytes: u64) -> Result<::sled::Db, StoreError> {
    match fs::metadata(folder.join("db")) {
        Ok(found) if found.len() > 0 => {}
        Ok(_) => return Err(damaged(folder, "sled's file is empty")),
        Err(_) => return Err(damaged(folder, "sled's file is missing")),
    }
    // The snapshots that sled did not finish, on which it would fail for ever.
    for name in files::names(folder)? {
        let text = name.to_string_lossy();
        if text.starts_with("snap.") && text.ends_with(".generating") {
            let path = folder.join(&name);
            fs::remove_file(&path).map_err(files::failed("delete", &path))?;
        }
    }
    open(folder, cache_bytes)
}

fn damaged(folder: &Path, what: &str) -> StoreError {
    StoreError::FileDamaged { path: folder.to_owned(), what: what.to_owned() }
}

/// Lays a mark out: commit u64, chain 16, until u64, rows u64, hash u64.
fn write_mark(mark: &Mark) -> Vec<u8> {
    let Mark { tip, until, sum } = mark;
    let numbers = [*until, sum.rows, sum.hash].map(u64::to_be_bytes).concat();
    let body = [&tip.commit.to_be_bytes()[..], &tip.chain, &numbers].concat();
    codec::seal(Kind::Mark, rows::FORM, &body)
}

fn read_mark(row: &[u8]) -> Result<Mark, CodecError> {
    let (_, body) = codec::open(Kind::Mark, rows::FORM, row)?;
    let mut reader = Reader::new("the body of the mark", body);
    let tip = Tip { commit: reader.u64()?, chain: reader.array()? };
    let until = reader.u64()?;
    let sum = Sum { rows: reader.u64()?, hash: reader.u64()? };
    reader.end().map(|()| Mark { tip, until, sum })
}

/// Reads a mark, whatever it says.
#[cfg(test)]
pub(in crate::store) fn read_any_mark(row: &[u8]) -> Result<(), CodecError> {
    read_mark(row).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_written_and_read_as_released() {
        let tip = Tip { commit: 0x0102_0304, chain: *b"chain of 16 byte" };
        let mark = Mark { tip, until: 0x0102_0309, sum: Sum { rows: 7, hash: 0x1122_3344_5566_7788 } };
        let released = include_str!("../../../tests/fixtures/store/v1/marks.txt");
        assert_eq!(hex::encode(write_mark(&mark)), released.trim_end());
        assert_eq!(read_mark(&hex::decode(released.trim_end()).unwrap()).unwrap(), mark);
    }
}
