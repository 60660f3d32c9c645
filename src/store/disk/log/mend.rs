//! Opening a log for writing after a scan.
//!
//! Owns the only writing over what is there: what was never acknowledged becomes zeros, and what
//! may not be on disk is written once more, byte by byte the same. It must never write over a
//! commit of a run, and never go on where a segment is not what it says.

use super::scan::{Part, Scan};
use super::segment::{HEADER, Header};
use super::source::Source;
use super::spares::{Spares, write_header, write_zeros};
use super::{InUse, Log};
use crate::store::StoreError;
use crate::store::disk::files;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes written once more at a time.
const PIECE: u64 = 256 << 10;

pub(super) fn open(folder: &Path, instance: [u8; 16], scan: &Scan, bytes: u64) -> Result<Log, StoreError> {
    let lost = |lost: String| StoreError::Lost { folder: folder.to_owned(), lost };
    let (Some(run), Some(last)) = (scan.runs.last(), scan.segments.last()) else {
        return Err(lost("the log holds nothing that can be read".to_owned()));
    };
    let tip = run.last;
    if tip.commit < scan.durable {
        let (first, last) = (tip.commit + 1, scan.durable);
        return Err(lost(format!("commits {first} to {last} are lost from the log")));
    }
    // Names that a loss of power would take back are not built on.
    files::sync(folder)?;
    let ends = &scan.segments[scan.end.segment];
    let file = mend(ends, scan)?;
    let mut spares = Spares::open(folder, instance, bytes)?;
    let in_use = |part: &Part| InUse { path: part.path.clone(), first: part.first, bytes: part.bytes };
    let segments = scan.segments.iter().map(in_use).collect();
    let is_last = scan.end.segment + 1 == scan.segments.len();
    let is_begun = last.header.is_none() && last.first == tip.commit + 1;
    let mut log = if is_last && last.is_named && (last.header.is_some() || is_begun) {
        fill_up(&file, last.bytes, bytes).map_err(files::failed("fill with zeros", &last.path))?;
        if is_begun {
            // All that it held is known. Whether it was full of older frames is not.
            let header = Header { instance, before: tip, reused: true };
            write_header(&file, &header).map_err(files::failed("write the header of", &last.path))?;
        }
        Log { folder: folder.to_owned(), spares, segments, file, at: scan.end.at, tip, stopped: None }
    } else {
        let spare = spares.take(0)?;
        let (path, file) = spares.begin(spare, tip)?;
        let mut log =
            Log { folder: folder.to_owned(), spares, segments, file, at: HEADER, tip, stopped: None };
        log.segments.push_back(InUse { path, first: tip.commit + 1, bytes });
        log
    };
    let current = log.segments.back_mut().expect("one is written to");
    current.bytes = current.bytes.max(bytes);
    Ok(log)
}

/// Wipes what is torn, and makes durable what nobody knows to be. A sync that failed before may
/// have left the page cache calling bytes clean that are not on disk: these are made dirty again.
fn mend(part: &Part, scan: &Scan) -> Result<File, StoreError> {
    let file = files::open_or_make(&part.path)?;
    let mut source = Source::open(&part.path)?;
    let mut at = scan.unsure;
    while at < scan.end.at {
        let piece = source.at(at, PIECE.min(scan.end.at - at))?;
        if piece.is_empty() {
            // The padding of the last frame was cut.
            break;
        }
        file.write_all_at(piece, at).map_err(files::failed("write to", &part.path))?;
        at += piece.len() as u64;
    }
    if let Some(torn) = &scan.torn {
        let wiped = write_zeros(&file, torn.at, torn.at + torn.bytes);
        wiped.map_err(files::failed("wipe the end of", &part.path))?;
    }
    file.sync_all().map_err(files::failed("sync", &part.path))?;
    Ok(file)
}

/// Makes a file longer, with zeros that are on disk.
pub(super) fn fill_up(file: &File, found: u64, bytes: u64) -> io::Result<()> {
    if found >= bytes {
        return Ok(());
    }
    write_zeros(file, found, bytes)?;
    file.sync_all()
}
