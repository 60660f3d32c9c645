//! The files by themselves.

use super::*;
use crate::store::archive::Journal;
use crate::store::conformance::{encoded, id};
use std::fs;
use tempfile::TempDir;

const INSTANCE: [u8; 16] = [7; 16];
const TIME: Time = Time::from_millis(1_700_000_000_000);

fn journal_of(number: u8, entries: usize, size: usize) -> Journal {
    let entry = |at: usize| {
        let text = format!("entry {number}.{at} ");
        encoded(&text.repeat(1 + size / text.len()))
    };
    Journal { application: id(number), entries: (1..=entries).map(entry).collect() }
}

type Index = Vec<(ApplicationId, Filed)>;

fn write(folder: &TempDir, number: u64, journals: &[Journal]) -> (PathBuf, Index) {
    let mut writer = Writer::begin(folder.path(), INSTANCE, number, TIME).unwrap();
    for journal in journals {
        writer.add(journal).unwrap();
    }
    let (index, bytes) = writer.finish().unwrap();
    let path = path(folder.path(), number);
    assert_eq!(fs::metadata(&path).unwrap().len(), bytes);
    (path, index)
}

#[test]
fn journals_read_back_from_their_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let journals: Vec<_> = (0..60).map(|n| journal_of(n, 1 + usize::from(n) % 9, 900)).collect();
    let (path, filed) = write(&folder, 0x2a, &journals);
    assert!(path.ends_with("archive/000000000000002a.arch"));
    let mut blocks: Vec<_> = filed.iter().map(|(_, filed)| filed.block).collect();
    blocks.dedup();
    assert!(blocks.len() > 2 && blocks.len() < 20, "{blocks:?}");
    for (written, (application, filed)) in journals.iter().zip(&filed) {
        assert_eq!(journal(&path, INSTANCE, *application, filed).unwrap(), written.entries);
    }
    assert_eq!(index(&path, INSTANCE, 0x2a).unwrap(), filed);
    assert_eq!(verify(&path, INSTANCE, 0x2a).unwrap(), filed);
    let raw: usize = journals.iter().flat_map(|it| &it.entries).map(|entry| entry.body.len()).sum();
    assert!(fs::metadata(&path).unwrap().len() < raw as u64 / 5, "it is compressed");
}

#[test]
fn any_damage_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (path, filed) = write(&folder, 3, &[journal_of(1, 3, 10), journal_of(2, 2, 10)]);
    let whole = fs::read(&path).unwrap();
    let check = |bytes: &[u8], what: &str| {
        fs::write(&path, bytes).unwrap();
        let error = verify(&path, INSTANCE, 3).expect_err(what);
        assert!(error.to_string().contains("0000000000000003.arch"), "{what}: {error}");
    };
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        check(&bytes, &format!("byte {at}"));
        check(&whole[..at], &format!("cut at {at}"));
    }
    check(&[&whole[..], b"x"].concat(), "longer");
    // What a page needs is its own block.
    let end = whole.len();
    for at in [0, HEADER_LEN, HEADER_LEN + 5, HEADER_LEN + 20] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(journal(&path, INSTANCE, id(2), &filed[1].1).is_err(), "byte {at}");
    }
    fs::write(&path, &whole[..end - TRAILER_LEN]).unwrap();
    assert_eq!(journal(&path, INSTANCE, id(2), &filed[1].1).unwrap().len(), 2);
}

#[test]
fn files_that_are_exchanged_foreign_newer_or_gone_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (first, filed) = write(&folder, 1, &[journal_of(1, 3, 10)]);
    let (second, _) = write(&folder, 2, &[journal_of(1, 3, 10)]);
    let refusal = || journal(&first, INSTANCE, id(1), &filed[0].1).unwrap_err().to_string();
    let error = journal(&first, [8; 16], id(1), &filed[0].1).unwrap_err().to_string();
    assert!(error.contains("belongs to another store"), "{error}");
    let whole = fs::read(&first).unwrap();
    fs::copy(&second, &first).unwrap();
    assert!(refusal().contains("is number 2 under another name"), "{}", refusal());
    let mut newer = whole.clone();
    newer[11] = 9;
    let crc = crc32c::crc32c(&newer[..HEADER_LEN - 4]);
    newer[HEADER_LEN - 4..HEADER_LEN].copy_from_slice(&crc.to_be_bytes());
    fs::write(&first, newer).unwrap();
    assert!(refusal().contains("format 9, the newest that this docket knows is 1"), "{}", refusal());
    fs::remove_file(&first).unwrap();
    assert!(refusal().contains("it is missing (put it back from a backup"), "{}", refusal());
    // Another journal of the same application is not the one that was archived.
    fs::write(&first, &whole).unwrap();
    let other = Filed { chain: [1; 16], ..filed[0].1 };
    let error = journal(&first, INSTANCE, id(1), &other).unwrap_err().to_string();
    assert!(error.contains("is not the one that was archived"), "{error}");
}

#[test]
fn what_a_crash_has_left_half_written_goes() {
    let folder = tempfile::tempdir().unwrap();
    let mut half = Writer::begin(folder.path(), INSTANCE, 1, TIME).unwrap();
    half.add(&journal_of(1, 3, 10)).unwrap();
    drop(half);
    write(&folder, 2, &[journal_of(2, 1, 1)]);
    assert_eq!(files::names(&folder.path().join(FOLDER)).unwrap(), ["0000000000000002.arch"]);
    let numbers: Vec<_> = list(folder.path()).unwrap().into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, [2]);
}

/// The form but for what is deflated, whose bytes are its encoder's.
#[test]
fn its_form_is_a_promise() {
    let head = write_head(&Head { instance: INSTANCE, number: 5, time: TIME });
    let filed = Filed { file: 5, block: 48, entries: 3, chain: [9; 16] };
    let trailer = Trailer { index: 77, journals: 1, index_crc: 0x0102_0304, sha256: [0xab; 32] };
    let written =
        [head.to_vec(), write_index(&[(id(1), filed)]), write_trailer(&trailer)].map(hex::encode).join("\n");
    assert_eq!(written, include_str!("../../../../tests/fixtures/store/v2/archive.txt").trim_end());
    // A whole file, whose block another deflater made.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("released");
    let released = include_str!("../../../../tests/fixtures/store/v2/archive-file.txt").trim_end();
    fs::write(&path, hex::decode(released).unwrap()).unwrap();
    let filed = verify(&path, INSTANCE, 5).unwrap();
    let read_back = journal(&path, INSTANCE, id(2), &filed[1].1).unwrap();
    assert_eq!(read_back, journal_of(2, 3, 30).entries);
}
