//! Checkpoints: all rows as they were after one commit, in a file of our own.
//!
//! ```text
//! header   "DOCKETCP" | format u32 | instance 16 | commit u64 | chain 16 | time u64 | crc32c u32
//! block    length u32 | crc32c u32 | rows: (length of the key u16, key, length of the value u32, value)*
//! trailer  0 u32 | crc32c u32 | rows u64 | hash u64
//! ```
//!
//! With the log after it a checkpoint makes the view anew. Owns the form, which is permanent,
//! and the order of writing: a checkpoint that is there under its name is whole. It is read back
//! before anything that it replaces may go.

use super::files;
use super::log::Tip;
use super::sum::Sum;
use crate::machine::time::Time;
use crate::store::StoreError;
use crate::store::codec::Reader as Fields;
use crate::store::read::Row;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// The name of the folder of checkpoints.
pub(super) const FOLDER: &str = "checkpoint";

const MAGIC: [u8; 8] = *b"DOCKETCP";

/// The form that is written, and the newest that is read.
const FORMAT: u32 = 1;

const HEADER_LEN: usize = 64;
const TRAILER_LEN: usize = 16;

/// Bytes of rows after which a block ends.
const BLOCK_BYTES: usize = 256 << 10;

/// No block is longer: the largest row fits beside a full block.
const BLOCK_LIMIT: usize = 1 << 20;

/// Whose rows, and as of when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) instance: [u8; 16],
    pub(super) tip: Tip,
    /// When it was begun.
    pub(super) time: Time,
}

/// The checkpoints of a data folder, newest first, by the commit in their names.
pub(super) fn list(data: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let folder = data.join(FOLDER);
    let named = |name: &std::ffi::OsStr| {
        let digits = name.to_str()?.strip_suffix(".ckpt")?;
        (digits.len() == 16).then(|| u64::from_str_radix(digits, 16).ok())?
    };
    let names = files::names(&folder)?;
    let mut found: Vec<_> = names.iter().filter_map(|name| Some((named(name)?, folder.join(name)))).collect();
    found.sort_by(|a, b| b.cmp(a));
    Ok(found)
}

/// Where the checkpoint of a commit lies.
pub(super) fn path(data: &Path, commit: u64) -> PathBuf {
    data.join(FOLDER).join(format!("{commit:016x}.ckpt"))
}

/// Writes a checkpoint, durable and read back on return; gives its file, and what it holds.
pub(super) fn write(
    data: &Path,
    head: &Head,
    rows: impl Iterator<Item = Result<Row, StoreError>>,
    tell: &dyn Fn(u64),
) -> Result<(PathBuf, Sum), StoreError> {
    let folder = data.join(FOLDER);
    files::make_folder(&folder)?;
    let path = path(data, head.tip.commit);
    let temporary = path.with_extension("ckpt.new");
    // What a crash has left.
    for name in files::names(&folder)? {
        if name.to_string_lossy().ends_with(".new") {
            let path = folder.join(&name);
            fs::remove_file(&path).map_err(files::failed("delete", &path))?;
        }
    }
    let mut sum = Sum::default();
    let file = files::make(&temporary)?;
    let failed = |error| files::failed("write", &temporary)(error);
    let mut out = BufWriter::new(file);
    out.write_all(&write_head(head)).map_err(failed)?;
    let mut block = Vec::with_capacity(BLOCK_LIMIT);
    for row in rows {
        let (key, value) = row?;
        sum.add(&key, &value);
        write_row(&mut block, &key, &value);
        if block.len() >= BLOCK_BYTES {
            write_block(&mut out, &block).map_err(failed)?;
            block.clear();
        }
        tell(sum.rows);
    }
    if !block.is_empty() {
        write_block(&mut out, &block).map_err(failed)?;
    }
    let trailer = [sum.rows, sum.hash].map(u64::to_be_bytes).concat();
    out.write_all(&0_u32.to_be_bytes()).map_err(failed)?;
    out.write_all(&crc32c::crc32c(&trailer).to_be_bytes()).map_err(failed)?;
    out.write_all(&trailer).map_err(failed)?;
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    read_back(&temporary, head, sum)?;
    fs::rename(&temporary, &path).map_err(files::failed("rename into", &path))?;
    files::sync(&folder)?;
    Ok((path, sum))
}

fn read_back(path: &Path, head: &Head, sum: Sum) -> Result<(), StoreError> {
    let mut reader = Reader::open(path)?;
    for row in reader.by_ref() {
        row?;
    }
    if (reader.head, reader.sum) != (*head, sum) {
        return Err(damaged(path, "it reads back as something else than was written"));
    }
    Ok(())
}

/// Deletes all checkpoints but that of one commit.
pub(super) fn keep_only(data: &Path, commit: u64) -> Result<(), StoreError> {
    for (other, path) in list(data)? {
        if other != commit {
            fs::remove_file(&path).map_err(files::failed("delete", &path))?;
        }
    }
    Ok(())
}

/// Reads the rows of a checkpoint; the last one is given only if the trailer fits all of them.
pub(super) struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    pub(super) head: Head,
    /// Of the rows read so far.
    sum: Sum,
    block: Vec<u8>,
    at: usize,
    is_over: bool,
}

impl Reader {
    /// Opens a checkpoint and reads its header.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut file = BufReader::new(File::open(path).map_err(files::failed("open", path))?);
        let mut head = [0; HEADER_LEN];
        file.read_exact(&mut head).map_err(|error| short(path, error))?;
        let head = read_head(path, &head)?;
        let path = path.to_owned();
        let sum = Sum::default();
        Ok(Self { path, file, head, sum, block: Vec::new(), at: 0, is_over: false })
    }

    fn exact<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes).map_err(|error| short(&self.path, error))?;
        Ok(bytes)
    }

    /// Reads the next block; says whether there was one.
    fn next_block(&mut self) -> Result<bool, StoreError> {
        let len = u32::from_be_bytes(self.exact()?) as usize;
        let crc = u32::from_be_bytes(self.exact()?);
        if len == 0 {
            let trailer: [u8; TRAILER_LEN] = self.exact()?;
            let mut fields = Fields::new("the trailer", &trailer);
            let field = "the trailer has its length";
            let told = Sum { rows: fields.u64().expect(field), hash: fields.u64().expect(field) };
            let rest = self.file.read(&mut [0]).map_err(files::failed("read", &self.path))?;
            if crc32c::crc32c(&trailer) != crc || told != self.sum || rest != 0 {
                return Err(damaged(&self.path, "its rows are not those that its end tells of"));
            }
            return Ok(false);
        }
        if len > BLOCK_LIMIT {
            return Err(damaged(&self.path, "a block of it has an impossible length"));
        }
        self.block.resize(len, 0);
        self.at = 0;
        self.file.read_exact(&mut self.block).map_err(|error| short(&self.path, error))?;
        if crc32c::crc32c(&self.block) != crc {
            return Err(damaged(&self.path, "a block of it has another checksum"));
        }
        Ok(true)
    }

    fn next_row(&mut self) -> Result<Option<Row>, StoreError> {
        if self.at == self.block.len() && !self.next_block()? {
            return Ok(None);
        }
        let mut fields = Fields::new("a row of a checkpoint", &self.block[self.at..]);
        let mut read = || {
            let len = usize::from(fields.u16()?);
            let key = fields.take(len)?.to_vec();
            let len = fields.u32()? as usize;
            Ok((key, fields.take(len)?.to_vec()))
        };
        let (key, value): Row = read()
            .map_err(|error: crate::store::codec::CodecError| damaged(&self.path, &error.to_string()))?;
        self.at += 6 + key.len() + value.len();
        self.sum.add(&key, &value);
        Ok(Some((key, value)))
    }
}

impl Iterator for Reader {
    type Item = Result<Row, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let row = self.next_row();
        self.is_over = !matches!(row, Ok(Some(_)));
        row.transpose()
    }
}

fn write_head(head: &Head) -> [u8; HEADER_LEN] {
    let Head { instance, tip, time } = head;
    let mut out = [0; HEADER_LEN];
    let fields: [&[u8]; 6] = [
        &MAGIC,
        &FORMAT.to_be_bytes(),
        instance,
        &tip.commit.to_be_bytes(),
        &tip.chain,
        &time.as_millis().to_be_bytes(),
    ];
    let body = fields.concat();
    out[..body.len()].copy_from_slice(&body);
    out[body.len()..].copy_from_slice(&crc32c::crc32c(&body).to_be_bytes());
    out
}

fn read_head(path: &Path, bytes: &[u8; HEADER_LEN]) -> Result<Head, StoreError> {
    let (body, crc) = bytes.split_at(HEADER_LEN - 4);
    if body[..8] != MAGIC || crc32c::crc32c(body).to_be_bytes() != crc {
        return Err(damaged(path, "its header is not one of a checkpoint"));
    }
    let mut fields = Fields::new("the header of a checkpoint", &body[8..]);
    let field = "the header has its length";
    let found = fields.u32().expect(field);
    if found > FORMAT {
        return Err(StoreError::NewerFolder { folder: path.to_owned(), found, known: FORMAT });
    }
    let instance = fields.array().expect(field);
    let tip = Tip { commit: fields.u64().expect(field), chain: fields.array().expect(field) };
    Ok(Head { instance, tip, time: Time::from_millis(fields.u64().expect(field)) })
}

fn write_row(block: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let key_len = u16::try_from(key.len()).expect("no key is longer than its index value");
    let value_len = u32::try_from(value.len()).expect("no value is longer than a record");
    block.extend_from_slice(&key_len.to_be_bytes());
    block.extend_from_slice(key);
    block.extend_from_slice(&value_len.to_be_bytes());
    block.extend_from_slice(value);
}

fn write_block(out: &mut impl Write, block: &[u8]) -> io::Result<()> {
    let len = u32::try_from(block.len()).expect("a block has a limit");
    out.write_all(&len.to_be_bytes())?;
    out.write_all(&crc32c::crc32c(block).to_be_bytes())?;
    out.write_all(block)
}

fn short(path: &Path, error: io::Error) -> StoreError {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return damaged(path, "it is cut short");
    }
    files::failed("read", path)(error)
}

fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError::FileDamaged { path: path.to_owned(), what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Head = Head {
        instance: [7; 16],
        tip: Tip { commit: 0x1234, chain: [9; 16] },
        time: Time::from_millis(1_700_000_000_000),
    };

    fn rows(count: u32) -> impl Iterator<Item = Result<Row, StoreError>> {
        (0..count).map(|n| Ok((n.to_be_bytes().to_vec(), vec![n as u8; (n % 7_000) as usize])))
    }

    fn read(path: &Path) -> Result<Vec<Row>, StoreError> {
        Reader::open(path)?.collect()
    }

    #[test]
    fn it_reads_back() {
        let data = tempfile::tempdir().unwrap();
        for count in [0, 1, 5_000] {
            let (path, sum) = write(data.path(), &HEAD, rows(count), &|_| {}).unwrap();
            assert_eq!(sum.rows, u64::from(count));
            let expected: Vec<Row> = rows(count).map(Result::unwrap).collect();
            assert_eq!(read(&path).unwrap(), expected);
            assert_eq!(Reader::open(&path).unwrap().head, HEAD);
            assert_eq!(list(data.path()).unwrap(), [(0x1234, path)]);
        }
    }

    #[test]
    fn any_damage_is_an_error() {
        let data = tempfile::tempdir().unwrap();
        let (path, _) = write(data.path(), &HEAD, rows(9), &|_| {}).unwrap();
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert!(read(&path).is_err(), "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert!(read(&path).is_err(), "cut at {at}");
        }
        fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
        assert!(read(&path).is_err());
    }

    #[test]
    fn only_one_is_kept_and_half_ones_go() {
        let data = tempfile::tempdir().unwrap();
        let at = |commit| Head { tip: Tip { commit, ..HEAD.tip }, ..HEAD };
        write(data.path(), &at(1), rows(1), &|_| {}).unwrap();
        fs::write(data.path().join("checkpoint/0000000000000002.ckpt.new"), b"half").unwrap();
        write(data.path(), &at(3), rows(1), &|_| {}).unwrap();
        let commits = |all: Vec<(u64, PathBuf)>| -> Vec<u64> { all.into_iter().map(|(c, _)| c).collect() };
        assert_eq!(commits(list(data.path()).unwrap()), [3, 1]);
        keep_only(data.path(), 3).unwrap();
        assert_eq!(files::names(&data.path().join(FOLDER)).unwrap(), ["0000000000000003.ckpt"]);
    }
}
