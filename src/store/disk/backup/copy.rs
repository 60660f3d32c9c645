//! Copying files: whole, durable, and with their hash.

use crate::store::disk::{blobs, files};
use crate::store::{BlobId, StoreError};
use aws_lc_rs::digest;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

/// Bytes copied at a time.
const PIECE: usize = 1 << 20;

/// A file that was copied, or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Copied {
    pub(super) bytes: u64,
    /// The SHA-256 of it.
    pub(super) hash: [u8; 32],
}

/// Hears how many bytes of how many are copied.
pub(super) type Told<'a> = &'a dyn Fn(u64, u64) -> Result<(), StoreError>;

/// Copies a file into place, durable on return, its folder too.
pub(super) fn file(from: &Path, to: &Path, told: Told<'_>) -> Result<Copied, StoreError> {
    let folder = to.parent().expect("it lies in a folder");
    files::make_folder(folder)?;
    let mut name = to.file_name().expect("it has a name").to_owned();
    name.push(".new");
    let temporary = folder.join(name);
    let mut out = files::make(&temporary)?;
    let copied =
        through(from, told, |piece| out.write_all(piece).map_err(files::failed("write to", &temporary)))?;
    out.sync_all().map_err(files::failed("sync", &temporary))?;
    fs::rename(&temporary, to).map_err(files::failed("rename into", to))?;
    files::sync(folder)?;
    Ok(copied)
}

/// Reads a file for its hash.
pub(super) fn hash(path: &Path) -> Result<Copied, StoreError> {
    through(path, &|_, _| Ok(()), |_| Ok(()))
}

fn through(
    from: &Path,
    told: Told<'_>,
    mut each: impl FnMut(&[u8]) -> Result<(), StoreError>,
) -> Result<Copied, StoreError> {
    let mut file = File::open(from).map_err(files::failed("open", from))?;
    let all = file.metadata().map_err(files::failed("look at", from))?.len();
    let mut hash = digest::Context::new(&digest::SHA256);
    let mut piece = vec![0; PIECE];
    let mut bytes = 0;
    loop {
        let read = match file.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(files::failed("read", from)(error)),
        };
        hash.update(&piece[..read]);
        each(&piece[..read])?;
        bytes += read as u64;
        told(bytes, all)?;
    }
    let hash = *hash.finish().as_ref().first_chunk().expect("a SHA-256 has 32 bytes");
    Ok(Copied { bytes, hash })
}

/// The blobs that were copied.
#[derive(Debug, Default)]
pub(super) struct Blobs {
    pub(super) files: u64,
    pub(super) bytes: u64,
    /// Those that are gone meanwhile, or are not what their names say.
    pub(super) left_out: Vec<BlobId>,
}

/// Copies the blobs that are not there yet, durable and read back on return.
pub(super) fn blobs(from: &Path, to: &Path, told: Told<'_>) -> Result<Blobs, StoreError> {
    let all = blobs::list(from)?;
    let count = all.len() as u64;
    let (mut copied, mut touched) = (Blobs::default(), BTreeSet::new());
    for (done, blob) in (1..).zip(all) {
        match self::blob(from, to, blob)? {
            Blob::Written { bytes } => {
                copied.files += 1;
                copied.bytes += bytes;
                touched.insert(blobs::path(to, blob).parent().expect("it lies in a folder").to_owned());
            }
            Blob::IsThere => {}
            Blob::LeftOut => copied.left_out.push(blob),
        }
        told(done, count)?;
    }
    touched.iter().try_for_each(|folder| files::sync(folder))?;
    Ok(copied)
}

enum Blob {
    Written { bytes: u64 },
    IsThere,
    LeftOut,
}

fn blob(from: &Path, to: &Path, blob: BlobId) -> Result<Blob, StoreError> {
    let (source, path) = (blobs::path(from, blob), blobs::path(to, blob));
    let len = match fs::metadata(&source) {
        Ok(found) => found.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Blob::LeftOut),
        Err(error) => return Err(files::failed("look at", &source)(error)),
    };
    if fs::metadata(&path).is_ok_and(|found| found.len() == len) {
        return Ok(Blob::IsThere);
    }
    let Some(bytes) = files::read_if_there(&source)?.filter(|bytes| BlobId::of(bytes) == blob) else {
        return Ok(Blob::LeftOut);
    };
    let folder = path.parent().expect("it lies in a folder");
    if !folder.exists() {
        files::make_folder(folder)?;
    }
    files::write_whole(&path, &folder.join(format!("{blob}.new")), &bytes)?;
    if hash(&path)?.hash != blob.0 {
        let what = "it reads back as something else than was written".to_owned();
        return Err(StoreError::FileDamaged { path, what });
    }
    Ok(Blob::Written { bytes: bytes.len() as u64 })
}
