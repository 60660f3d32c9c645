//! Writing an archive file: block after block, so that only one is in memory.

use super::{
    BLOCK_BYTES, FOLDER, Head, Trailer, damaged, path, verify, write_head, write_index, write_trailer,
};
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::StoreError;
use crate::store::archive::{Filed, Journal};
use crate::store::disk::files;
use aws_lc_rs::digest;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file that is being written, under a temporary name.
pub(in crate::store::disk) struct Writer {
    data: PathBuf,
    temporary: PathBuf,
    file: File,
    head: Head,
    hash: digest::Context,
    at: u64,
    block: Vec<u8>,
    index: Vec<(ApplicationId, Filed)>,
}

impl Writer {
    /// Begins a file; what a crash has left of another one is cleared away.
    pub(in crate::store::disk) fn begin(
        data: &Path,
        instance: [u8; 16],
        number: u64,
        time: Time,
    ) -> Result<Self, StoreError> {
        let folder = data.join(FOLDER);
        files::make_folder(&folder)?;
        for name in files::names(&folder)? {
            if name.to_string_lossy().ends_with(".new") {
                let path = folder.join(&name);
                fs::remove_file(&path).map_err(files::failed("delete", &path))?;
            }
        }
        let temporary = path(data, number).with_extension("arch.new");
        let file = files::make(&temporary)?;
        let mut writer = Self {
            data: data.to_owned(),
            temporary,
            file,
            head: Head { instance, number, time },
            hash: digest::Context::new(&digest::SHA256),
            at: 0,
            block: Vec::with_capacity(2 * BLOCK_BYTES),
            index: Vec::new(),
        };
        writer.put(&write_head(&Head { instance, number, time }))?;
        Ok(writer)
    }

    /// Adds a journal.
    pub(in crate::store::disk) fn add(&mut self, journal: &Journal) -> Result<(), StoreError> {
        let Journal { application, entries } = journal;
        let count = u32::try_from(entries.len()).expect("a journal has a limit in bytes");
        self.block.extend_from_slice(application.as_bytes());
        self.block.extend_from_slice(&count.to_be_bytes());
        for entry in entries {
            let len = u32::try_from(entry.body.len()).expect("a record has a limit");
            self.block.extend_from_slice(&entry.version.to_be_bytes());
            self.block.extend_from_slice(&len.to_be_bytes());
            self.block.extend_from_slice(&entry.body);
        }
        let (file, entries) = (self.head.number, u64::from(count));
        self.index.push((*application, Filed { file, block: self.at, entries, chain: journal.chain() }));
        if self.block.len() >= BLOCK_BYTES { self.end_block() } else { Ok(()) }
    }

    /// Closes the file for good, read back and durable on return; gives where each journal is, and its bytes.
    pub(in crate::store::disk) fn finish(mut self) -> Result<(Vec<(ApplicationId, Filed)>, u64), StoreError> {
        if !self.block.is_empty() {
            self.end_block()?;
        }
        let index = write_index(&self.index);
        let offset = self.at;
        self.put(&index)?;
        let trailer = Trailer {
            index: offset,
            journals: self.index.len() as u64,
            index_crc: crc32c::crc32c(&index),
            sha256: *self.hash.clone().finish().as_ref().first_chunk().expect("a SHA-256 has 32 bytes"),
        };
        self.put(&write_trailer(&trailer))?;
        self.file.sync_all().map_err(files::failed("sync", &self.temporary))?;
        if verify(&self.temporary, self.head.instance, self.head.number)? != self.index {
            return Err(damaged(&self.temporary, "it reads back as something else than was written"));
        }
        let path = path(&self.data, self.head.number);
        fs::rename(&self.temporary, &path).map_err(files::failed("rename into", &path))?;
        files::sync(&self.data.join(FOLDER))?;
        Ok((self.index, self.at))
    }

    fn end_block(&mut self) -> Result<(), StoreError> {
        let block = std::mem::take(&mut self.block);
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
        deflated.write_all(&block).expect("memory can be written to");
        let deflated = deflated.finish().expect("memory can be written to");
        let len = |bytes: &[u8]| u32::try_from(bytes.len()).expect("a block has a limit");
        let numbers = [len(&block), len(&deflated), crc32c::crc32c(&deflated)];
        self.put(&numbers.map(u32::to_be_bytes).concat())?;
        self.put(&deflated)?;
        self.block = block;
        self.block.clear();
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(bytes).map_err(files::failed("write", &self.temporary))?;
        self.hash.update(bytes);
        self.at += bytes.len() as u64;
        Ok(())
    }
}
