//! Files that are not what they were: named, and never silently short.

use super::*;

/// A book of six segments, and the files with their bytes.
fn long() -> (Book, Vec<(PathBuf, Vec<u8>)>) {
    let mut book = Book::begin();
    while book.log.segments.len() < 6 {
        book.put(&[PLAIN, 700]);
    }
    let files = book.log.segments.iter().map(|s| (s.path.clone(), fs::read(&s.path).unwrap())).collect();
    (book, files)
}

/// The first and the last commits of the runs.
fn spans(scan: &Scan) -> Vec<(u64, u64)> {
    scan.runs.iter().map(|run| (run.first, run.last.commit)).collect()
}

fn faults(scan: &Scan) -> Vec<&str> {
    scan.faults.iter().map(|fault| fault.what.as_str()).collect()
}

/// The one error of reading all of it, and how many entries come before.
fn refusal(book: &Book) -> (u64, String) {
    let entries = match read(&book.path(), INSTANCE, 0, book.log.tip().commit) {
        Ok(entries) => entries,
        Err(error) => return (0, error.to_string()),
    };
    for (given, entry) in (0..).zip(entries) {
        match entry {
            Ok(entry) => assert_eq!(entry, book.entries[entry.tip.commit as usize - 1]),
            Err(error) => return (given, error.to_string()),
        }
    }
    panic!("all of it was read")
}

#[test]
fn a_flipped_bit_in_any_byte_of_a_middle_frame_is_named() {
    let mut book = Book::begin();
    let mut ends = Vec::new();
    for _ in 0..4 {
        book.put(&[PLAIN]);
        ends.push(usize::try_from(book.log.at).unwrap());
    }
    let path = book.current();
    let whole = fs::read(&path).unwrap();
    for (number, span) in ends.windows(2).enumerate() {
        let commit = number as u64 + 2;
        for at in span[0]..span[1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(&path, &bytes).unwrap();
            let scan = book.scan();
            let rest = scan.missing();
            // Nobody knows of the very last one, but that something is torn.
            if commit == 4 {
                assert_eq!((spans(&scan), rest), (vec![(1, 3)], vec![]), "byte {at}");
                assert!(scan.torn.is_some(), "byte {at}");
                continue;
            }
            assert_eq!(rest, [(commit, commit)], "byte {at}");
            assert_eq!(spans(&scan), [(1, commit - 1), (commit + 1, 4)], "byte {at}");
            assert!(!scan.is_whole() && scan.torn.is_none());
            let (given, text) = refusal(&book);
            assert_eq!(given, commit - 1);
            let name = "0000000000000001.log";
            let start = format!("commit {commit} cannot be read from the log in {name}: ");
            assert!(text.starts_with(&start), "{text}");
            // What was not asked for is in nobody's way.
            assert_eq!(book.read(commit, 4), book.entries[commit as usize..]);
        }
    }
}

#[test]
fn each_flipped_bit_of_a_long_log_is_named_or_takes_nothing() {
    let (mut book, files) = long();
    book.put(&[30]);
    let all = book.log.tip().commit;
    let current = book.current();
    let mut seed = 1_u64;
    for round in 0..200 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (path, _) = &files[(seed >> 33) as usize % files.len()];
        let whole = fs::read(path).unwrap();
        let mut bytes = whole.clone();
        let bit = (seed >> 20) as usize % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(path, &bytes).unwrap();
        let scan = book.scan();
        let is_full = scan.is_whole() && spans(&scan) == [(1, all)];
        let is_last = path == &current && scan.torn.is_some();
        assert!(is_full || is_last || !scan.is_whole(), "round {round}, bit {bit} of {}", path.display());
        if is_full {
            assert_eq!(book.read(0, all), book.entries, "round {round}");
        }
        fs::write(path, &whole).unwrap();
    }
}

#[test]
fn a_last_frame_of_a_segment_is_missed_by_the_next_segment() {
    let mut book = Book::begin();
    while book.log.room() >= 96 {
        book.put(&[PLAIN]);
    }
    let (path, end, last) = (book.current(), book.log.at, book.log.tip().commit);
    let spare = book.log.spares.take(0).unwrap();
    book.log.roll(spare).unwrap();
    book.check();
    let mut bytes = fs::read(&path).unwrap();
    bytes[usize::try_from(end).unwrap() - 1] ^= 1;
    fs::write(&path, bytes).unwrap();
    let scan = book.scan();
    assert_eq!((scan.missing(), spans(&scan)), (vec![(last, last)], vec![(1, last - 1), (last + 1, last)]));
}

#[test]
fn a_missing_segment_is_a_hole() {
    let (book, files) = long();
    let firsts: Vec<_> = book.log.segments.iter().map(|s| s.first).collect();
    fs::remove_file(&files[2].0).unwrap();
    let scan = book.scan();
    assert_eq!(scan.missing(), [(firsts[2], firsts[3] - 1)]);
    assert_eq!(spans(&scan), [(1, firsts[2] - 1), (firsts[3], book.log.tip().commit)]);
    assert!(scan.runs[1].before.is_some() && scan.faults.is_empty());
    let (given, text) = refusal(&book);
    assert_eq!(given, firsts[2] - 1);
    assert!(text.starts_with(&format!("commit {} cannot be read from the log in ", firsts[2])), "{text}");
    assert_eq!(book.read(firsts[3] - 1, firsts[3] + 1).len(), 2);
}

#[test]
fn a_segment_full_of_zeros_is_a_hole_that_ends_where_the_next_begins() {
    let (book, files) = long();
    let firsts: Vec<_> = book.log.segments.iter().map(|s| s.first).collect();
    for (number, (path, bytes)) in files.iter().enumerate().skip(1) {
        fs::write(path, vec![0; bytes.len()]).unwrap();
        let scan = book.scan();
        assert!(!scan.is_whole());
        let name = segment::name(path);
        assert_eq!(faults(&scan), [format!("{name} has a damaged header")]);
        match firsts.get(number + 1) {
            Some(next) => assert_eq!(scan.missing(), [(firsts[number], next - 1)]),
            None => assert_eq!(scan.missing(), []),
        }
        fs::write(path, bytes).unwrap();
    }
    // The last two: the name of the last one says that there was more.
    for (path, bytes) in &files[4..] {
        fs::write(path, vec![0; bytes.len()]).unwrap();
    }
    let scan = book.scan();
    assert_eq!((scan.missing(), scan.durable), (vec![(firsts[4], firsts[5] - 1)], firsts[5] - 1));
    let error = Log::open_sized(&book.path(), INSTANCE, &scan, BYTES).unwrap_err().to_string();
    let lost = format!("commits {} to {} are lost from the log", firsts[4], firsts[5] - 1);
    assert!(error.starts_with(&lost), "{error}");
    // All of them: nothing can be read.
    for (path, _) in &files {
        fs::write(path, b"").unwrap();
    }
    let scan = book.scan();
    assert_eq!((scan.runs.len(), scan.faults.len(), scan.is_whole()), (0, 6, false));
    let error = Log::open_sized(&book.path(), INSTANCE, &scan, BYTES).unwrap_err().to_string();
    assert!(error.starts_with("the log holds nothing that can be read"), "{error}");
}

#[test]
fn a_damaged_header_is_named_and_takes_no_commit() {
    let (mut book, files) = long();
    book.put(&[50]);
    let current = book.current();
    for (path, _) in &files {
        let whole = fs::read(path).unwrap();
        for at in [0, 8, 12, 30, 36, 44, 52, 53, 4000, 4095] {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x40;
            fs::write(path, &bytes).unwrap();
            let scan = book.scan();
            assert_eq!(faults(&scan), [format!("{} has a damaged header", segment::name(path))]);
            assert_eq!(spans(&scan), [(1, book.log.tip().commit)], "byte {at}");
            assert!(scan.missing().is_empty() && !scan.is_whole());
            assert_eq!(book.read(0, book.log.tip().commit), book.entries);
        }
        fs::write(path, &whole).unwrap();
    }
    // It is not written to any more: what comes goes into a segment of its own.
    let mut bytes = fs::read(&current).unwrap();
    bytes[9] ^= 1;
    fs::write(&current, &bytes).unwrap();
    let scan = book.scan();
    book.reopen(&scan);
    assert_ne!(book.current(), current);
    book.put(&[50]);
    assert_eq!(book.read(0, book.log.tip().commit), book.entries);
    assert_eq!(spans(&book.scan()), [(1, book.log.tip().commit)]);
}

#[test]
fn a_damaged_header_before_the_first_frame_is_written_anew() {
    let mut book = Book::begin();
    book.put(&[50]);
    let spare = book.log.spares.take(0).unwrap();
    book.log.roll(spare).unwrap();
    for bytes in [0, 40, 4096, BYTES as usize] {
        fs::write(book.current(), vec![0xaa; bytes]).unwrap();
        let scan = book.scan();
        assert_eq!((spans(&scan), scan.faults.len()), (vec![(1, 1)], 1));
        book.reopen(&scan);
        book.check();
    }
    book.put(&[50]);
    book.check();
}

/// With all segments before it gone, its name alone says what is too old.
#[test]
fn older_frames_are_not_taken_where_the_header_is_damaged() {
    let book = Book::reused();
    let current = book.current();
    for (_, path) in segment::list(&book.path()).unwrap() {
        if path != current {
            fs::remove_file(path).unwrap();
        }
    }
    let mut bytes = fs::read(&current).unwrap();
    bytes[9] ^= 1;
    fs::write(&current, bytes).unwrap();
    let scan = book.scan();
    assert_eq!((spans(&scan), scan.durable), (vec![], book.log.tip().commit));
    assert!(!scan.is_whole());
}

#[test]
fn exchanged_segments_are_named_and_read_in_order() {
    let (mut book, files) = long();
    let firsts: Vec<_> = book.log.segments.iter().map(|s| s.first).collect();
    for (one, other) in [(1, 2), (0, 4), (3, 5)] {
        fs::write(&files[one].0, &files[other].1).unwrap();
        fs::write(&files[other].0, &files[one].1).unwrap();
        let scan = book.scan();
        assert_eq!((spans(&scan), scan.missing()), (vec![(1, book.log.tip().commit)], vec![]));
        let named = |at: usize, holds: usize| {
            let name = segment::name(&files[at].0);
            format!("{name} holds the segment that begins with commit {}", firsts[holds])
        };
        assert_eq!(faults(&scan), [named(one, other), named(other, one)]);
        assert!(!scan.is_whole());
        let (_, text) = refusal(&book);
        assert!(text.contains(&named(one, other)), "{text}");
        fs::write(&files[one].0, &files[one].1).unwrap();
        fs::write(&files[other].0, &files[other].1).unwrap();
    }
    book.check();
    // Whoever goes on in spite of it gets a segment with a name that is right.
    fs::write(&files[3].0, &files[5].1).unwrap();
    fs::write(&files[5].0, &files[3].1).unwrap();
    let scan = book.scan();
    book.reopen(&scan);
    book.put(&[5]);
    assert_eq!(spans(&book.scan()), [(1, book.log.tip().commit)]);
}

#[test]
fn a_copy_over_another_segment_is_named() {
    let (book, files) = long();
    let firsts: Vec<_> = book.log.segments.iter().map(|s| s.first).collect();
    for (from, to) in [(1, 3), (3, 1), (5, 4), (4, 5), (0, 5)] {
        fs::write(&files[to].0, &files[from].1).unwrap();
        let scan = book.scan();
        assert!(!scan.is_whole());
        let named = format!("{} holds the segment that begins with", segment::name(&files[to].0));
        assert!(faults(&scan).iter().any(|fault| fault.starts_with(&named)), "{:?}", faults(&scan));
        if to < 5 {
            assert_eq!(scan.missing(), [(firsts[to], firsts[to + 1] - 1)], "{from} over {to}");
        }
        fs::write(&files[to].0, &files[to].1).unwrap();
    }
}

#[test]
fn an_older_state_of_a_segment_does_not_pass() {
    let mut book = Book::begin();
    book.put(&[50]);
    let before = fs::read(book.current()).unwrap();
    let path = book.current();
    while book.log.segments.len() < 2 {
        book.put(&[50]);
    }
    let second = book.log.current().first;
    fs::write(&path, before).unwrap();
    assert_eq!(book.scan().missing(), [(2, second - 1)]);
}

#[test]
fn the_same_commits_of_another_past_do_not_follow() {
    let mut book = Book::begin();
    book.put(&[50]);
    book.put(&[50]);
    let mut other = Book::begin();
    other.put(&[51]);
    other.put(&[50]);
    other.put(&[50]);
    // Commits 2 and 3 of the other, in the place of 2.
    let path = book.current();
    let mut bytes = fs::read(&path).unwrap();
    let theirs = fs::read(other.current()).unwrap();
    let at = usize::try_from(HEADER).unwrap() + 104;
    bytes[at..at + 208].copy_from_slice(&theirs[at..at + 208]);
    fs::write(&path, bytes).unwrap();
    let scan = book.scan();
    assert_eq!(spans(&scan), [(1, 1), (2, 3)]);
    assert!(!scan.is_whole());
    let (given, text) = refusal(&book);
    assert!(given == 1 && text.contains("their chain is broken"), "{text}");
}

#[test]
fn a_segment_of_another_store_or_of_a_newer_docket_is_refused() {
    let (book, files) = long();
    let (path, bytes) = &files[2];
    let other = segment::Header { instance: [8; 16], ..book.header() };
    fs::write(path, [&other.write(), &bytes[4096..]].concat()).unwrap();
    let name = segment::name(path);
    let belongs = format!(
        "{name} belongs to another store, 08080808080808080808080808080808, and not to this one, \
         07070707070707070707070707070707"
    );
    for error in [
        Log::scan(&book.path(), INSTANCE).unwrap_err(),
        read(&book.path(), INSTANCE, 0, 99).unwrap().find_map(Result::err).unwrap(),
    ] {
        assert!(error.to_string().starts_with(&belongs), "{error}");
    }
    let mut newer = bytes.clone();
    newer[11] = 9;
    let sum = crc32c::crc32c(&newer[..4092]);
    newer[4092..4096].copy_from_slice(&sum.to_be_bytes());
    fs::write(path, &newer).unwrap();
    for error in [
        Log::scan(&book.path(), INSTANCE).unwrap_err(),
        read(&book.path(), INSTANCE, 0, 99).unwrap().find_map(Result::err).unwrap(),
    ] {
        let text = error.to_string();
        assert!(text.contains("has format 9, the newest that this docket knows is 1"), "{text}");
    }
}
