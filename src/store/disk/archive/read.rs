//! Reading archive files: one journal, the index, or all of it. Nothing of a file is believed before its
//! checksum fits, and nothing is allocated by the word of a length that was not checked.

use super::{
    BLOCK_HEAD_LEN, BLOCK_LIMIT, FORMAT, HEADER_LEN, INDEX_ROW_LEN, TRAILER_LEN, Trailer, damaged, read_head,
};
use crate::machine::id::ApplicationId;
use crate::store::StoreError;
use crate::store::archive::{Filed, Journal};
use crate::store::codec::{CodecError, Encoded, Reader as Fields};
use crate::store::disk::files;
use aws_lc_rs::digest;
use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Reads the journal of an application.
pub(in crate::store::disk) fn journal(
    path: &Path,
    instance: [u8; 16],
    application: ApplicationId,
    filed: &Filed,
) -> Result<Vec<Encoded>, StoreError> {
    let file = Archive::open(path, instance, filed.file)?;
    let found = file.block(filed.block)?.0.into_iter().find(|it| it.application == application);
    let Some(journal) = found else {
        return Err(damaged(path, &format!("the journal of application {application} is not in it")));
    };
    if journal.entries.len() as u64 != filed.entries || journal.chain() != filed.chain {
        let what = format!("the journal of application {application} in it is not the one that was archived");
        return Err(damaged(path, &what));
    }
    Ok(journal.entries)
}

/// Reads the index of a file: its journals, and where each is.
pub(in crate::store::disk) fn index(
    path: &Path,
    instance: [u8; 16],
    number: u64,
) -> Result<Vec<(ApplicationId, Filed)>, StoreError> {
    let file = Archive::open(path, instance, number)?;
    let trailer = file.trailer()?;
    file.index(&trailer)
}

/// Reads a file through and compares all that it says with itself; gives its journals, and where each is.
pub(in crate::store::disk) fn verify(
    path: &Path,
    instance: [u8; 16],
    number: u64,
) -> Result<Vec<(ApplicationId, Filed)>, StoreError> {
    let file = Archive::open(path, instance, number)?;
    let trailer = file.trailer()?;
    let index = file.index(&trailer)?;
    file.compare_hash(&trailer)?;
    let mut found = Vec::with_capacity(index.len());
    let mut at = HEADER_LEN as u64;
    while at < trailer.index {
        let (journals, next) = file.block(at)?;
        for journal in journals {
            let (entries, chain) = (journal.entries.len() as u64, journal.chain());
            found.push((journal.application, Filed { file: number, block: at, entries, chain }));
        }
        at = next;
    }
    if at != trailer.index || found != index {
        return Err(damaged(path, "its index is not that of its journals"));
    }
    Ok(index)
}

/// An open file whose header fits.
struct Archive<'a> {
    path: &'a Path,
    file: File,
    number: u64,
    len: u64,
}

impl<'a> Archive<'a> {
    fn open(path: &'a Path, instance: [u8; 16], number: u64) -> Result<Self, StoreError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(damaged(path, "it is missing"));
            }
            Err(error) => return Err(files::failed("open", path)(error)),
        };
        let len = file.metadata().map_err(files::failed("look at", path))?.len();
        let archive = Self { path, file, number, len };
        let head = read_head(path, &archive.exact(0)?)?;
        if head.instance != instance {
            return Err(damaged(path, "it belongs to another store"));
        }
        if head.number != number {
            return Err(damaged(path, &format!("it is number {} under another name", head.number)));
        }
        Ok(archive)
    }

    fn exact<const N: usize>(&self, at: u64) -> Result<[u8; N], StoreError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes, at).map(|()| bytes)
    }

    fn bytes(&self, at: u64, len: usize) -> Result<Vec<u8>, StoreError> {
        if at.checked_add(len as u64).is_none_or(|end| end > self.len) {
            return Err(damaged(self.path, "it is cut short"));
        }
        let mut bytes = vec![0; len];
        self.fill(&mut bytes, at).map(|()| bytes)
    }

    fn fill(&self, bytes: &mut [u8], at: u64) -> Result<(), StoreError> {
        match self.file.read_exact_at(bytes, at) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(damaged(self.path, "it is cut short"))
            }
            Err(error) => Err(files::failed("read", self.path)(error)),
        }
    }

    fn trailer(&self) -> Result<Trailer, StoreError> {
        let Some(at) = self.len.checked_sub(TRAILER_LEN as u64) else {
            return Err(damaged(self.path, "it is cut short"));
        };
        let bytes: [u8; TRAILER_LEN] = self.exact(at)?;
        let (body, crc) = bytes.split_at(TRAILER_LEN - 4);
        let mut fields = Fields::new("the end of an archive file", body);
        let field = "the trailer has its length";
        let trailer = Trailer {
            index: fields.u64().expect(field),
            journals: fields.u64().expect(field),
            index_crc: fields.u32().expect(field),
            sha256: fields.array().expect(field),
        };
        let index_len = trailer.journals.checked_mul(INDEX_ROW_LEN as u64);
        let is_fitting = index_len.and_then(|len| trailer.index.checked_add(len)) == Some(at);
        if crc32c::crc32c(body).to_be_bytes() != crc || !is_fitting {
            return Err(damaged(self.path, "its end is not one of an archive file"));
        }
        Ok(trailer)
    }

    fn index(&self, trailer: &Trailer) -> Result<Vec<(ApplicationId, Filed)>, StoreError> {
        let len = usize::try_from(trailer.journals).unwrap_or(usize::MAX).saturating_mul(INDEX_ROW_LEN);
        let bytes = self.bytes(trailer.index, len)?;
        if crc32c::crc32c(&bytes) != trailer.index_crc {
            return Err(damaged(self.path, "its index has another checksum"));
        }
        let row = |row: &[u8]| {
            let mut fields = Fields::new("a row of the index", row);
            let application = ApplicationId::from_bytes(fields.array()?);
            let (block, entries) = (fields.u64()?, fields.u64()?);
            Ok((application, Filed { file: self.number, block, entries, chain: fields.array()? }))
        };
        bytes.chunks(INDEX_ROW_LEN).map(row).collect::<Result<_, CodecError>>().map_err(|e| self.codec(&e))
    }

    /// Reads the block that begins at a place; gives its journals, and where the next one begins.
    fn block(&self, at: u64) -> Result<(Vec<Journal>, u64), StoreError> {
        let head: [u8; BLOCK_HEAD_LEN] = self.exact(at)?;
        let mut fields = Fields::new("the head of a block", &head);
        let field = "the head of a block has its length";
        let [len, deflated_len, crc] = [(); 3].map(|()| fields.u32().expect(field));
        let (len, deflated_len) = (len as usize, deflated_len as usize);
        let from = at + BLOCK_HEAD_LEN as u64;
        let deflated = self.bytes(from, deflated_len)?;
        if crc32c::crc32c(&deflated) != crc || len > BLOCK_LIMIT {
            return Err(damaged(self.path, &format!("the block at {at} has another checksum")));
        }
        let mut block = Vec::with_capacity(len);
        let inflated = DeflateDecoder::new(&deflated[..]).take(len as u64 + 1).read_to_end(&mut block);
        if inflated.is_err() || block.len() != len {
            return Err(damaged(self.path, &format!("the block at {at} does not inflate to what it was")));
        }
        let journals = read_block(&block).map_err(|error| self.codec(&error))?;
        Ok((journals, from + deflated_len as u64))
    }

    fn compare_hash(&self, trailer: &Trailer) -> Result<(), StoreError> {
        let mut hash = digest::Context::new(&digest::SHA256);
        let end = self.len - TRAILER_LEN as u64;
        let mut at = 0;
        while at < end {
            let len = usize::try_from(end - at).unwrap_or(usize::MAX).min(64 << 10);
            hash.update(&self.bytes(at, len)?);
            at += len as u64;
        }
        if *hash.finish().as_ref() != trailer.sha256 {
            return Err(damaged(self.path, "its bytes make another hash than its end tells of"));
        }
        Ok(())
    }

    fn codec(&self, error: &CodecError) -> StoreError {
        damaged(self.path, &error.to_string())
    }
}

fn read_block(block: &[u8]) -> Result<Vec<Journal>, CodecError> {
    const { assert!(FORMAT == 1, "a new form gets its own reader beside this one") };
    let mut journals = Vec::new();
    let mut rest = block;
    while !rest.is_empty() {
        let mut fields = Fields::new("a journal in a block", rest);
        let application = ApplicationId::from_bytes(fields.array()?);
        let count = fields.u32()?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let version = fields.u16()?;
            let len = fields.u32()? as usize;
            entries.push(Encoded { version, body: fields.take(len)?.to_vec() });
        }
        rest = fields.rest();
        journals.push(Journal { application, entries });
    }
    Ok(journals)
}
