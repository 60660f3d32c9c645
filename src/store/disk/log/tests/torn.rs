//! What a loss of power leaves of a write that nobody was told of.

use super::super::scan::Torn;
use super::*;

/// What lies under the bytes that did not land.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Under {
    /// The file ends there.
    Nothing,
    Zeros,
    /// Whatever the file held before.
    Before,
}

/// Writes one frame more, of which so many bytes land; the others do not.
fn check_torn(book: &mut Book, under: Under) {
    let at = usize::try_from(book.log.at).unwrap();
    let path = book.current();
    let before = fs::read(&path).unwrap();
    let (frames, entries) = book.lay_out(&[PLAIN]);
    for landed in 0..=frames.len() {
        let mut bytes = before.clone();
        bytes[at..at + landed].copy_from_slice(&frames[..landed]);
        match under {
            Under::Nothing => bytes.truncate(at + landed),
            Under::Zeros => bytes[at + landed..].fill(0),
            Under::Before => {}
        }
        fs::write(&path, &bytes).unwrap();
        let scan = book.scan();
        let is_there = landed == frames.len();
        assert!(scan.is_whole(), "{under:?} {landed}: {scan:?}");
        let expected = if is_there { entries[0].tip } else { book.entries.last().unwrap().tip };
        assert_eq!(scan.runs.last().unwrap().last, expected, "{under:?} {landed}");
        if under != Under::Before {
            let torn = scan.torn.as_ref().map(|torn| (torn.at, torn.bytes > 0, torn.commit));
            let expected = (landed > 0 && !is_there).then_some((at as u64, true, None));
            assert_eq!(torn, expected, "{under:?} {landed}");
        }
        assert_eq!(fs::read(&path).unwrap(), bytes, "a scan changes nothing");
        if landed % 6 != 1 && landed + 1 < frames.len() {
            continue;
        }
        let acknowledged = book.entries.clone();
        if is_there {
            book.entries.extend(entries.clone());
        }
        book.reopen(&scan);
        book.check();
        assert_eq!(book.scan().torn, None, "{under:?} {landed}");
        assert_eq!(fs::metadata(&path).unwrap().len(), BYTES);
        // The same length once more, then others.
        book.put(&[PLAIN]);
        book.put(&[5]);
        book.check();
        book.entries = acknowledged;
    }
    fs::write(&path, &before).unwrap();
    let scan = book.scan();
    book.reopen(&scan);
}

#[test]
fn a_last_frame_torn_anywhere_is_dropped_and_no_other() {
    let mut book = Book::begin();
    book.put(&[PLAIN]);
    book.put(&[PLAIN, 7]);
    for under in [Under::Nothing, Under::Zeros, Under::Before] {
        check_torn(&mut book, under);
    }
}

#[test]
fn so_it_is_among_older_frames() {
    let mut book = Book::reused();
    check_torn(&mut book, Under::Before);
    book.put(&[PLAIN]);
    check_torn(&mut book, Under::Before);
    book.put(&[3, 90]);
    for under in [Under::Nothing, Under::Zeros, Under::Before] {
        check_torn(&mut book, under);
    }
}

/// Writes two commits together, of which only the second lands.
fn reorder(book: &mut Book, under: u8) -> Vec<Entry> {
    let at = usize::try_from(book.log.at).unwrap();
    let (frames, entries) = book.lay_out(&[PLAIN, PLAIN]);
    let mut bytes = fs::read(book.current()).unwrap();
    bytes[at..at + frames.len()].copy_from_slice(&frames);
    bytes[at..at + frames.len() / 2].fill(under);
    fs::write(book.current(), bytes).unwrap();
    entries
}

fn check_reordered(mut book: Book, under: u8) {
    book.put(&[20]);
    let at = book.log.at;
    let lost = reorder(&mut book, under);
    let scan = book.scan();
    assert!(scan.is_whole(), "{scan:?}");
    // Behind it may lie the rest of an older frame.
    let rest = if book.header().reused && under != 0 { 24 } else { 0 };
    let torn = Torn { path: book.current(), at, bytes: 192 + rest, commit: Some(lost[1].tip.commit) };
    assert_eq!(scan.torn, Some(torn));
    book.reopen(&scan);
    book.check();
    assert_eq!(book.scan().torn, None);
    // As long as the one that did not land: the one behind it must not come back.
    book.put(&[PLAIN]);
    book.check();
    book.put(&[PLAIN]);
    book.check();
}

#[test]
fn a_later_frame_that_landed_alone_was_never_acknowledged() {
    check_reordered(Book::begin(), 0);
    check_reordered(Book::begin(), 0x55);
    check_reordered(Book::reused(), 0);
    check_reordered(Book::reused(), 0x55);
}

/// The first of a lost group is written again, byte for byte: what lay behind it must not follow.
#[test]
fn a_lost_frame_does_not_come_back_behind_its_twin() {
    let mut book = Book::begin();
    book.put(&[20]);
    let lost = reorder(&mut book, 0);
    let scan = book.scan();
    book.reopen(&scan);
    book.put(&[PLAIN]);
    assert_eq!(book.entries[1], lost[0]);
    book.check();
}

#[test]
fn the_next_group_tells_that_its_forerunner_was_acknowledged() {
    let mut book = Book::begin();
    book.put(&[20]);
    let at = usize::try_from(book.log.at).unwrap();
    book.put(&[PLAIN]);
    book.put(&[PLAIN]);
    let mut bytes = fs::read(book.current()).unwrap();
    bytes[at..at + 96].fill(0);
    fs::write(book.current(), bytes).unwrap();
    let scan = book.scan();
    assert_eq!((scan.missing(), scan.torn), (vec![(2, 2)], None));
}

/// After a failed sync the page cache holds what the disk does not: it is made to go there.
#[test]
fn what_was_never_synced_is_written_again() {
    let mut book = Book::reused();
    book.put(&[10]);
    book.put(&[PLAIN, 30]);
    let scan = book.scan();
    // The last group, which no later one calls durable.
    let second = book.log.at - 96 - 88;
    assert_eq!((scan.unsure, scan.end.at), (second, book.log.at));
    let before = fs::read(book.current()).unwrap();
    book.reopen(&scan);
    assert_eq!(fs::read(book.current()).unwrap(), before);
    book.put(&[1]);
    assert_eq!(book.scan().unsure, book.log.at - 56);
}

#[test]
fn a_crash_while_a_segment_is_begun_leaves_a_spare_or_an_empty_segment() {
    let mut book = Book::begin();
    book.put(&[20]);
    // The header is there, the name is not.
    let spare = book.log.spares.take(0).unwrap();
    let (path, _file) = book.log.spares.begin(spare, book.log.tip()).unwrap();
    let unnamed = book.path().join("spare-5.log");
    fs::rename(&path, &unnamed).unwrap();
    let scan = book.scan();
    book.reopen(&scan);
    book.check();
    // Both are there.
    fs::rename(&unnamed, &path).unwrap();
    let scan = book.scan();
    assert!(scan.is_whole(), "{scan:?}");
    book.reopen(&scan);
    assert_eq!(book.current(), path);
    book.check();
    book.put(&[20, 30]);
    book.check();
}
