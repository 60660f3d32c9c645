//! Damaged folders: each is repaired, or refused with a message that says what is lost. None opens
//! silently short.
//!
//! Folders full of seeded work are made once: one closed in peace, two of a process that was killed, the
//! second long enough to fill more than one file of a log. Each of 400 damages ([`harm`]) is done to a
//! fresh copy of one of them, of every kind in every place; then the real store and vault open it and
//! every record is read and compared with what was told. There are four ends:
//!
//! - *whole*: all is there, whether the damage did not matter or was repaired from another copy;
//! - *told*: it opens, and what is damaged is refused by name when it is read, everything else is whole;
//! - *refused*: it does not open, and the message names what is lost or damaged;
//! - *silent*: something is missing or otherwise than it was written, and nobody says so. Never.
//!
//! A refusal that names nothing (a panic inside sled, a bare "corrupted data") is counted apart, and is a
//! failure too. `DOCKET_SEED=17 cargo test --test it damage` does that damage alone.

mod harm;
mod served;

use crate::report;
use crate::tree::{Tree, scratch};
use crate::witness::judge::{Differences, compare};
use crate::witness::truth::Part;
use crate::witness::{self, Refusal, Size, Truth};
use docket::store::StoreError;
use docket::store::memory::MemoryStore;
use docket::vault::{Random, Vault, VaultError};
use harm::{Harm, Kind};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

const DAMAGES: u64 = 400;
/// Damages at once: what CI has of processors.
const THREADS: u64 = 2;
const SEED: u64 = 77;

const SHORT: Size = Size { deeds: 200, applications: 130, group: 12, document: 6_000 };
/// Enough to fill more than one file of a log.
const LONG: Size = Size { deeds: 800, applications: 600, group: 16, document: 16_000 };

/// Tells a child of this test which folder to fill.
const FILL: &str = "DOCKET_TEST_FILL";
/// What it says when it has.
const FILLED: &str = "the folder is filled";

/// A folder to damage, and what is in it.
struct Base {
    name: &'static str,
    tree: Tree,
    /// The same folder when half the work was done, closed.
    earlier: Tree,
    truth: Truth,
}

/// How a damage ended.
enum End {
    Whole,
    Told(Vec<String>),
    /// What it says, and whether that names the loss.
    Refused(String, bool),
    Silent(Vec<String>),
}

#[derive(Default)]
struct Tally {
    /// Whole, told, refused, refused without a name, silent: by place and kind.
    table: BTreeMap<(String, Kind), [u64; 5]>,
    /// What was said, with one example of each.
    said: BTreeMap<String, u64>,
    wrong: Vec<String>,
}

#[test]
fn damaged_folders_are_repaired_or_refused() {
    if let Some(folder) = std::env::var_os(FILL) {
        return fill_and_wait(Path::new(&folder));
    }
    let bases = [
        make("closed", SHORT, |folder| fill(folder, SHORT)),
        make("killed", SHORT, |folder| fill_and_kill(folder, "short")),
        make("killed, long", LONG, |folder| fill_and_kill(folder, "long")),
    ];
    for base in &bases {
        let end = open_and_compare(&base.tree, base);
        assert!(matches!(end, End::Whole), "{}, undamaged: {}", base.name, end.text());
    }
    let tally = Mutex::new(Tally::default());
    match std::env::var("DOCKET_SEED") {
        Ok(seed) => damage(&bases, seed.parse().expect("DOCKET_SEED is a number"), &tally),
        Err(_) => std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (bases, tally) = (&bases, &tally);
                scope.spawn(move || {
                    let mine = (0..DAMAGES).filter(|number| number % THREADS == thread);
                    mine.for_each(|number| damage(bases, number, tally));
                });
            }
        }),
    }
    tally.into_inner().unwrap().tell();
}

impl Tally {
    fn tell(self) {
        let mut sums = [0; 5];
        println!("| place | damage | whole | told | refused | refused, nothing named | silent |");
        println!("|---|---|---|---|---|---|---|");
        for ((place, kind), ends) in &self.table {
            let cells: Vec<_> = ends.iter().map(u64::to_string).collect();
            println!("| {place} | {} | {} |", kind.name(), cells.join(" | "));
            for (sum, end) in sums.iter_mut().zip(ends) {
                *sum += end;
            }
        }
        for (said, count) in &self.said {
            println!("{count} times: {said}");
        }
        for wrong in &self.wrong {
            println!("{wrong}");
        }
        let [whole, told, refused, unnamed, silent] = sums;
        report(&format!(
            "damages: {} done, {whole} whole, {told} told on reading, {refused} refused by name, \
             {unnamed} refused without a name, {silent} silent",
            sums.iter().sum::<u64>()
        ));
        assert_eq!((unnamed, silent), (0, 0), "see above; DOCKET_SEED does one damage alone");
    }
}

fn damage(bases: &[Base], number: u64, tally: &Mutex<Tally>) {
    // The long folder takes its time.
    let base = &bases[[0, 1, 0, 1, 2][(number % 5) as usize]];
    let mut tree = base.tree.clone();
    let harm = Harm::draw(number, &base.tree, &base.earlier);
    harm.apply(&mut tree);
    assert_ne!(tree, base.tree, "{number}: nothing was damaged");
    let end = open_and_compare(&tree, base);
    let mut tally = tally.lock().unwrap();
    let place = format!("{number}: {}, {}", base.name, harm.text());
    let column = match &end {
        End::Whole => 0,
        End::Told(told) => {
            *tally.said.entry(format!("told: {}", without_digits(&told[0]))).or_default() += 1;
            1
        }
        End::Refused(text, is_named) => {
            *tally.said.entry(format!("refused: {}", without_digits(text))).or_default() += 1;
            if !is_named {
                tally.wrong.push(format!("{place}: nothing is named: {text}"));
            }
            if *is_named { 2 } else { 3 }
        }
        End::Silent(silent) => {
            let some = silent[..silent.len().min(4)].join("\n    ");
            tally.wrong.push(format!("{place}: {} silent differences\n    {some}", silent.len()));
            4
        }
    };
    tally.table.entry((harm.place.clone(), harm.kind)).or_default()[column] += 1;
}

/// Opens a copy and reads all of it.
fn open_and_compare(tree: &Tree, base: &Base) -> End {
    let folder = scratch();
    tree.write(folder.path()).unwrap();
    let (store, vault) = match witness::open(folder.path(), SEED + 1) {
        Ok(opened) => opened,
        Err(refusal) => return refused(&refusal, folder.path()),
    };
    let live = witness::live_answers(&store, &base.truth);
    if let Err(error) = vault.retain_answers(live) {
        return refused(&Refusal::Vault(error), folder.path());
    }
    let found = witness::read(&store, &vault, &base.truth);
    let mut all = Differences::default();
    for part in Part::ALL {
        let Differences { silent, told } = compare(part, &base.truth.facts, &found);
        // A call that has lost its answer says so when it is to be made.
        let is_answer = |text: &String| text.starts_with("answer ") && text.contains(" is missing");
        let (missed, silent): (Vec<_>, Vec<_>) = silent.into_iter().partition(is_answer);
        all.silent.extend(silent);
        all.told.extend(told);
        all.told.extend(missed);
    }
    if !all.silent.is_empty() {
        End::Silent(all.silent)
    } else if !all.told.is_empty() {
        End::Told(all.told)
    } else {
        End::Whole
    }
}

fn refused(refusal: &Refusal, folder: &Path) -> End {
    let text = refusal.text().replace(&folder.display().to_string(), "the folder");
    End::Refused(text, names_the_loss(refusal))
}

impl End {
    fn text(&self) -> String {
        match self {
            Self::Whole => "whole".to_owned(),
            Self::Told(told) => format!("told: {told:#?}"),
            Self::Refused(text, _) => format!("refused: {text}"),
            Self::Silent(silent) => format!("silent: {silent:#?}"),
        }
    }
}

/// Says whether a refusal names what is lost or damaged, not just that something failed.
fn names_the_loss(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Store(error) => match error {
            StoreError::Damaged { .. }
            | StoreError::Inconsistent { .. }
            | StoreError::BlobDamaged { .. }
            | StoreError::FileDamaged { .. }
            | StoreError::NewerFolder { .. }
            | StoreError::Lost { .. } => true,
            StoreError::TooLarge { .. }
            | StoreError::BlobTooLarge { .. }
            | StoreError::NoBlob { .. }
            | StoreError::TooOld { .. }
            | StoreError::Locked { .. }
            | StoreError::BeforeSync { .. }
            | StoreError::Declined { .. }
            | StoreError::Busy
            | StoreError::CalledOff
            | StoreError::Keys { .. }
            | StoreError::Full { .. }
            | StoreError::Io { .. }
            | StoreError::Sled { .. }
            | StoreError::SledPanic { .. }
            | StoreError::Stopped { .. } => false,
        },
        Refusal::Vault(error) => match error {
            VaultError::WrongMasterKey { .. }
            | VaultError::CheckMissing { .. }
            | VaultError::SlotsMissing { .. }
            | VaultError::DamagedSlot { .. }
            | VaultError::NewerSlot { .. }
            | VaultError::NewerCheck { .. } => true,
            VaultError::BadMasterKey
            | VaultError::Exposed { .. }
            | VaultError::Locked { .. }
            | VaultError::NoKey { .. }
            | VaultError::Erased { .. }
            | VaultError::OtherOwner { .. }
            | VaultError::NewerSeal { .. }
            | VaultError::Refused
            | VaultError::TooLarge { .. }
            | VaultError::Full { .. }
            | VaultError::Io { .. }
            | VaultError::Stopped { .. } => false,
        },
    }
}

/// A message without what differs from one damage to the next: numbers, ids and digests.
fn without_digits(text: &str) -> String {
    let mut words = Vec::new();
    for word in text.split(' ') {
        let is_number = word.contains(|c: char| c.is_ascii_digit());
        words.push(if is_number { "…" } else { word });
    }
    words.join(" ")
}

/// Makes a folder to damage; what is in it is known from the same work in memory.
fn make(name: &'static str, size: Size, fill_it: impl FnOnce(&Path)) -> Base {
    let folder = scratch();
    let here = folder.path().join("here");
    fill_it(&here);
    let before = folder.path().join("before");
    fill(&before, Size { deeds: size.deeds / 2, ..size });
    let vault = Vault::volatile(witness::master(), Random::seeded(SEED));
    let deeds = witness::perform(SEED, size, &MemoryStore::new(), &vault, &mut |_| {});
    let mut truth = Truth::new();
    deeds.iter().for_each(|deed| truth.apply(deed));
    let (tree, earlier) = (Tree::read(&here).unwrap(), Tree::read(&before).unwrap());
    Base { name, tree, earlier, truth }
}

/// Fills a folder and closes it.
fn fill(folder: &Path, size: Size) {
    let (store, vault) = witness::open(folder, SEED).unwrap_or_else(|it| panic!("{it:?}"));
    witness::perform(SEED, size, &store, &vault, &mut |_| {});
    store.close().unwrap();
}

/// Fills a folder in a process of its own and kills that.
fn fill_and_kill(folder: &Path, size: &str) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "damage::damaged_folders_are_repaired_or_refused", "--nocapture"])
        .env(FILL, folder)
        .env("DOCKET_TEST_SIZE", size)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let is_filled = lines.any(|line| line.contains(FILLED));
    child.kill().unwrap();
    let ended = child.wait().unwrap();
    assert!(is_filled, "the child did not fill its folder: {ended}");
}

/// The child's part.
fn fill_and_wait(folder: &Path) {
    let size = if std::env::var("DOCKET_TEST_SIZE").unwrap() == "long" { LONG } else { SHORT };
    let (store, vault) = witness::open(folder, SEED).unwrap_or_else(|it| panic!("{it:?}"));
    witness::perform(SEED, size, &store, &vault, &mut |_| {});
    println!("{FILLED}");
    // Nothing comes: it is killed while it waits.
    let _end = std::io::stdin().read(&mut [0]);
}
