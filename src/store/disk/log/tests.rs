//! The log as its store sees it, on real files, in segments that are small enough to be left.

mod damage;
mod torn;
mod walk;

use super::scan::Run;
use super::*;
use crate::machine::time::Time;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

const INSTANCE: [u8; 16] = [7; 16];

/// The size of segments here: header and some dozen frames.
const BYTES: u64 = 8 << 10;

/// Bytes of a body that make a frame without padding.
const PLAIN: usize = 44;

/// A log, and what was written to it.
struct Book {
    folder: TempDir,
    log: Log,
    entries: Vec<Entry>,
}

impl Book {
    fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::begin_sized(&folder.path().join("log"), INSTANCE, Tip::START, BYTES).unwrap();
        Self { folder, log, entries: Vec::new() }
    }

    /// One whose second segment, which is written to, was one before; nothing is in it yet.
    fn reused() -> Self {
        let mut book = Self::begin();
        while book.log.room() >= 200 {
            book.put(&[PLAIN]);
        }
        // The next segment is new, and full of frames when its turn comes again.
        while book.log.segments.len() < 2 || book.log.room() >= 200 {
            book.put(&[PLAIN]);
        }
        let last = book.log.tip().commit;
        book.log.release(last).unwrap();
        let spare = book.log.spares.take(0).unwrap();
        book.log.roll(spare).unwrap();
        assert!(book.header().reused);
        book
    }

    /// Lays out a group of commits with bodies of these lengths, as the store would.
    fn lay_out(&self, lengths: &[usize]) -> (Vec<u8>, Vec<Entry>) {
        let (mut frames, mut entries) = (Vec::new(), Vec::new());
        let (mut tip, durable) = (self.log.tip(), self.log.tip().commit);
        for length in lengths {
            // Bytes that tell which one it is, and do not end in what a wiped file holds.
            let seed = self.entries.len() + entries.len();
            let body: Vec<u8> = (0..*length).map(|at| (seed * 31 + at) as u8 | 1).collect();
            let time = Time::from_millis(1_760_000_000_000 + tip.commit);
            tip = write_frame(&mut frames, tip, durable, time, &body);
            entries.push(Entry { tip, durable, time, body });
        }
        (frames, entries)
    }

    /// Writes a group.
    fn put(&mut self, lengths: &[usize]) {
        let (frames, entries) = self.lay_out(lengths);
        let (first, last) = (entries[0].tip.commit, entries[entries.len() - 1].tip);
        self.log.write(&frames, first, last).unwrap();
        self.entries.extend(entries);
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The file that is written to.
    fn current(&self) -> PathBuf {
        self.log.current().path.clone()
    }

    fn header(&self) -> segment::Header {
        let mut source = source::Source::open(&self.current()).unwrap();
        segment::Header::of(&mut source, INSTANCE).unwrap().unwrap()
    }

    fn scan(&self) -> Scan {
        Log::scan(&self.path(), INSTANCE).unwrap()
    }

    /// Opens the log once more, as after a crash.
    fn reopen(&mut self, scan: &Scan) {
        self.log = Log::open_sized(&self.path(), INSTANCE, scan, BYTES).unwrap();
    }

    fn read(&self, after: u64, until: u64) -> Vec<Entry> {
        read(&self.path(), INSTANCE, after, until).unwrap().map(Result::unwrap).collect()
    }

    /// Checks that all of it is there, and nothing else.
    fn check(&self) {
        let scan = self.scan();
        assert!(scan.is_whole(), "{scan:?}");
        let (oldest, tip) = (self.log.oldest(), self.log.tip());
        let found: Vec<_> = scan.runs.iter().map(|run| (run.first, run.last)).collect();
        assert_eq!(found, [(oldest, tip)]);
        let kept = self.entries.iter().filter(|entry| entry.tip.commit >= oldest).cloned();
        assert_eq!(self.read(oldest - 1, tip.commit), kept.collect::<Vec<_>>());
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        files::names(folder).unwrap().into_iter().map(|name| name.into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

#[test]
fn what_was_written_is_there_after_an_opening() {
    let mut book = Book::begin();
    assert_eq!((book.log.oldest(), book.log.tip(), book.log.bytes()), (1, Tip::START, BYTES));
    book.check();
    book.put(&[3]);
    book.put(&[0, PLAIN, 500]);
    // The last group says what was durable before it.
    for durable in [1, 4, 5] {
        let scan = book.scan();
        assert_eq!((scan.torn.clone(), scan.durable), (None, durable));
        book.reopen(&scan);
        book.check();
        book.put(&[7]);
        book.check();
    }
    assert_eq!(book.log.tip().commit, 7);
    assert_eq!(book.read(2, 4), book.entries[2..4]);
    assert_eq!(book.read(7, 7), []);
}

#[test]
fn a_log_goes_on_after_any_tip() {
    let tip = Tip { commit: 41, chain: [9; 16] };
    let mut book = Book::begin();
    let folder = book.folder.path().join("other");
    book.log = Log::begin_sized(&folder, INSTANCE, tip, BYTES).unwrap();
    let scan = Log::scan(&folder, INSTANCE).unwrap();
    assert_eq!(scan.runs, [Run { first: 42, before: Some([9; 16]), last: tip }]);
    assert!(scan.is_whole());
    book.put(&[5, 6]);
    let scan = Log::scan(&folder, INSTANCE).unwrap();
    assert_eq!(scan.runs, [Run { first: 42, before: Some([9; 16]), last: book.log.tip() }]);
    let old = read(&folder, INSTANCE, 40, 43).unwrap_err();
    assert!(matches!(old, StoreError::TooOld { oldest: 42 }), "{old}");
    let taken = Log::begin(&folder, INSTANCE, Tip::START).unwrap_err().to_string();
    assert!(taken.starts_with("000000000000002a.log lies where a new log was to begin"), "{taken}");
    assert_eq!(Log::scan(&folder.join("none"), INSTANCE).unwrap().runs, []);
}

#[test]
fn a_full_segment_is_followed_by_another() {
    let mut book = Book::begin();
    while book.log.segments.len() < 4 {
        book.put(&[300, 40]);
    }
    book.check();
    let segments = segments(&book.path()).unwrap();
    let bytes = segments.iter().map(|(_, path)| fs::metadata(path).unwrap().len());
    assert_eq!(bytes.collect::<Vec<_>>(), [BYTES; 4]);
    assert_eq!((segments[0].0, book.log.bytes()), (1, 4 * BYTES));
    // A group never straddles: each segment begins with the first of one.
    assert!(segments.iter().all(|(first, _)| first % 2 == 1));
    let scan = book.scan();
    book.reopen(&scan);
    book.put(&[300, 40]);
    book.check();
}

#[test]
fn a_group_of_any_size_fits() {
    let mut book = Book::begin();
    let room = usize::try_from(BYTES - HEADER).unwrap();
    // Exactly full, one word too long, and far too long.
    for length in [room - frame::HEAD, room - frame::HEAD + 8, 50_000] {
        book.put(&[length]);
        book.check();
        let scan = book.scan();
        book.reopen(&scan);
        book.put(&[1]);
        book.check();
    }
    let last = book.log.tip().commit;
    book.log.release(last).unwrap();
    book.check();
    // The large ones are no spares.
    let spares = names(&book.path()).into_iter().filter(|name| name.starts_with("spare"));
    assert!(spares.map(|name| fs::metadata(book.path().join(name)).unwrap().len()).all(|len| len == BYTES));
}

#[test]
fn released_segments_are_used_again() {
    let mut book = Book::begin();
    for round in 0..5 {
        while book.log.segments.len() < 5 {
            book.put(&[100]);
        }
        // One commit short of the second segment's last: only the first is free.
        let third = book.log.segments[2].first;
        book.log.release(third - 2).unwrap();
        assert_eq!(book.log.segments.len(), 4, "round {round}");
        book.log.release(third - 1).unwrap();
        assert_eq!((book.log.segments.len(), book.log.oldest()), (3, third));
        book.check();
        book.log.release(u64::MAX).unwrap();
        assert_eq!(book.log.segments.len(), 1);
        book.check();
        let names = names(&book.path());
        assert_eq!(names.iter().filter(|name| name.starts_with("spare-")).count(), 2, "{names:?}");
        assert_eq!(names.len(), 3);
    }
    let scan = book.scan();
    book.reopen(&scan);
    book.put(&[100]);
    book.check();
}

#[test]
fn older_frames_behind_the_newest_are_not_taken() {
    let mut book = Book::reused();
    for _ in 0..4 {
        let scan = book.scan();
        assert_eq!((scan.is_whole(), &scan.torn), (true, &None));
        book.reopen(&scan);
        // Of the same lengths, so that an older frame begins where the newest ends.
        book.put(&[PLAIN]);
        book.check();
        book.put(&[PLAIN + 8, 3]);
        book.check();
    }
}

/// A log that begins anew, as after a restore, must not find what another one had written.
#[test]
fn a_new_log_takes_no_spare_of_an_old_one() {
    let mut book = Book::reused();
    book.log.prepare().unwrap();
    for (_, path) in segment::list(&book.path()).unwrap() {
        fs::rename(&path, book.path().join("spare-70.log")).unwrap();
    }
    book.log = Log::begin_sized(&book.path(), INSTANCE, Tip::START, BYTES).unwrap();
    book.entries.clear();
    assert_eq!(names(&book.path()), ["0000000000000001.log"]);
    book.put(&[PLAIN]);
    book.check();
}

#[test]
fn other_files_are_left_alone() {
    let mut book = Book::begin();
    book.put(&[1]);
    for name in ["notes.txt", "spare-x.log", "00000000000000FF.log", "1.log"] {
        fs::write(book.path().join(name), b"not ours").unwrap();
    }
    // These are: half made, and of another size.
    for name in ["spare-7.new", "spare-8.log"] {
        fs::write(book.path().join(name), b"ours").unwrap();
    }
    let scan = book.scan();
    book.reopen(&scan);
    book.check();
    let expected = ["0000000000000001.log", "00000000000000FF.log", "1.log", "notes.txt", "spare-x.log"];
    assert_eq!(names(&book.path()), expected);
}

#[test]
fn a_failed_write_is_the_last() {
    let mut book = Book::begin();
    book.put(&[PLAIN]);
    let before = fs::read(book.current()).unwrap();
    book.log.file = File::open(book.current()).unwrap();
    let (frames, entries) = book.lay_out(&[9]);
    for _ in 0..2 {
        let error = book.log.write(&frames, 2, entries[0].tip).unwrap_err();
        let StoreError::Stopped { cause } = &error else { panic!("{error}") };
        assert!(cause.to_string().starts_with("could not write to "), "{cause}");
    }
    assert!(matches!(book.log.prepare(), Err(StoreError::Stopped { .. })));
    assert!(matches!(book.log.release(1), Err(StoreError::Stopped { .. })));
    assert_eq!((book.log.tip().commit, fs::read(book.current()).unwrap()), (1, before));
    let scan = book.scan();
    book.reopen(&scan);
    book.put(&[9]);
    book.check();
}

#[test]
fn without_room_for_a_segment_nothing_is_written_and_it_goes_on_later() {
    let mut book = Book::begin();
    book.put(&[PLAIN]);
    // A folder stands where the file is to be made.
    let number = book.log.spare_wanted().unwrap();
    let folder = book.path();
    let obstacles: Vec<_> = (0..9).map(|number| folder.join(format!("spare-{number}.new"))).collect();
    for path in &obstacles {
        fs::create_dir(path).unwrap();
    }
    number.make().unwrap_err();
    assert!(matches!(book.log.prepare(), Err(StoreError::Io { .. })));
    let (frames, entries) = book.lay_out(&[5_000]);
    let error = book.log.write(&frames, 2, entries[0].tip).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
    book.check();
    // The segment at hand has room for this one.
    book.put(&[5]);
    for path in &obstacles {
        fs::remove_dir(path).unwrap();
    }
    book.put(&[5_000]);
    book.check();
}

#[test]
fn a_spare_is_made_beside_the_log() {
    let mut book = Book::begin();
    let making = book.log.spare_wanted().unwrap();
    std::thread::scope(|scope| {
        let made = scope.spawn(|| making.make().unwrap());
        book.put(&[10]);
        let spare = made.join().unwrap();
        book.log.add_spare(spare);
    });
    assert!(book.log.spare_wanted().is_none());
    while book.log.segments.len() < 2 {
        book.put(&[100]);
    }
    assert!(book.log.spare_wanted().is_some());
    assert!(!book.header().reused);
    book.check();
}

#[test]
fn a_log_is_out_of_room_when_no_spare_can_be_made() {
    let mut book = Book::begin();
    assert!(book.log.has_room(0), "its segment is empty");
    while book.log.room() >= BYTES / 4 {
        book.put(&[PLAIN]);
    }
    // Its segment is nearly full, and whoever makes the next one has not come round.
    let free = BYTES + RESERVE;
    assert!(book.log.has_room(free), "a spare can be made");
    assert!(!book.log.has_room(free - 1), "the disk is too full for a spare");
    book.log.lacks_spare();
    assert!(!book.log.has_room(free), "a spare could not be made");
    book.log.prepare().unwrap();
    assert!(book.log.has_room(0), "there is a spare");
    while book.log.segments.len() < 2 || book.log.room() >= BYTES / 4 {
        book.put(&[PLAIN]);
    }
    assert!(book.log.has_room(free), "one could be made since");
    book.log.lacks_spare();
    let last = book.log.tip().commit;
    book.log.release(last).unwrap();
    assert!(book.log.has_room(0), "the segment before is one now");
}

#[test]
fn it_is_read_beside_a_writer() {
    const COMMITS: u64 = 400;
    let mut book = Book::begin();
    let (folder, durable) = (book.path(), AtomicU64::new(0));
    let found = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut found: Vec<Entry> = Vec::new();
            while (found.len() as u64) < COMMITS {
                let (after, until) = (found.len() as u64, durable.load(Ordering::Acquire));
                let entries = read(&folder, INSTANCE, after, until).unwrap();
                found.extend(entries.map(Result::unwrap));
                assert_eq!(found.len() as u64, until);
                std::thread::yield_now();
            }
            found
        });
        while book.entries.len() as u64 != COMMITS {
            book.put(&[60, 200]);
            durable.store(book.log.tip().commit, Ordering::Release);
        }
        reader.join().unwrap()
    });
    assert!(book.log.segments.len() > 5);
    assert_eq!(found, book.entries);
}

#[test]
#[should_panic(expected = "frames go on from the tip")]
fn frames_of_another_place_are_a_bug() {
    let mut book = Book::begin();
    let (frames, entries) = book.lay_out(&[9]);
    book.put(&[9]);
    drop(book.log.write(&frames, 1, entries[0].tip));
}
