//! Reading a backup through: every byte that the note names is checked.
//!
//! Hash, checksums, numbers and chain must all fit; what does not is named. It changes nothing.

use super::copy;
use super::note::{Base, PartNote};
use crate::store::codec::CodecError;
use crate::store::disk::log::{self, Entry, Tip};
use crate::store::disk::{checkpoint, wire};
use crate::store::plan::Writes;
use crate::store::read::{Row, named};
use crate::store::{BlobId, Document, StoreError, keys, rows};
use std::path::{Path, PathBuf};

/// What is done with each thing that is read.
type Each<'a, T> = &'a mut dyn FnMut(T) -> Result<(), StoreError>;

/// Reads the rows of a base.
pub(super) fn base(
    folder: &Path,
    instance: [u8; 16],
    base: &Base,
    each: Each<'_, Row>,
) -> Result<(), StoreError> {
    let Some((path, hash)) = base.path(folder).zip(base.hash) else { return Ok(()) };
    if copy::hash(&path)?.hash != hash {
        return Err(other(path));
    }
    let reader = checkpoint::Reader::open(&path)?;
    if (reader.head.instance, reader.head.tip) != (instance, base.tip) {
        return Err(other(path));
    }
    for row in reader {
        each(row?)?;
    }
    Ok(())
}

/// Reads the commits of a part, which follow on `before`.
pub(super) fn part(
    folder: &Path,
    instance: [u8; 16],
    before: Tip,
    part: &PartNote,
    each: Each<'_, Entry>,
) -> Result<(), StoreError> {
    let path = part.path(folder);
    let mut tip = before;
    let files = vec![(part.first, path.clone())];
    for entry in log::read_parts(files, instance, before.commit, part.last.commit)? {
        let entry = entry?;
        if tip == before && !entry.follows(before) {
            return Err(other(path));
        }
        tip = entry.tip;
        each(entry)?;
    }
    // Last: what lies before the damage may be all that is wanted.
    let found = copy::hash(&path)?;
    let is_same = (found.bytes, found.hash) == (part.bytes, part.hash);
    if is_same && tip == part.last { Ok(()) } else { Err(other(path)) }
}

/// The rows that a commit writes.
pub(super) fn writes(entry: &Entry) -> Result<Writes, StoreError> {
    let mut writes = Writes::new();
    named(format_args!("commit {}", entry.tip.commit), wire::read(&entry.body, &mut writes))?;
    Ok(writes)
}

/// The blob of a document, if it lies in one.
pub(super) fn blob_of(
    name: &str,
    document: Result<Document, CodecError>,
) -> Result<Option<BlobId>, StoreError> {
    Ok(match named(name, document)? {
        Document::Blob(blob) => Some(blob),
        Document::Inline(_) => None,
    })
}

/// The archive file that a row names, if it is one that names any.
pub(super) fn archive_of(key: &[u8], value: Option<&[u8]>) -> Result<Option<u64>, StoreError> {
    let Some(value) = value.filter(|_| keys::of(key) == Some(keys::Of::Archived)) else { return Ok(None) };
    named("the place of an archived journal", rows::read_archived(value)).map(|filed| Some(filed.file))
}

fn other(path: PathBuf) -> StoreError {
    let what = "it is not the file that was written when the backup was made".to_owned();
    StoreError::FileDamaged { path, what }
}
