//! Loss of power: nothing that was acknowledged is lost with it.
//!
//! A store and a vault work on a file system that records what they do to it ([`mount`]), and what they
//! answer stands in the same record. For a moment of the record a model of the disk ([`disk`]) makes the
//! folder that might be found after the power went: what was synced, and of the rest what a [`fate`]
//! spares. Each such image is opened by the real store and vault and compared with what was told: all
//! that was answered is there, what was begun is there whole or not at all, and the work goes on.
//!
//! It takes root and `/dev/fuse`. Where they are missing it says so and passes, unless `WITH_MOUNTS` is
//! set, as CI does. `DOCKET_SEED=3 cargo test --test it power` runs that run alone and tells each image.

mod disk;
mod fate;
mod mount;
mod record;
#[cfg(test)]
mod tests;

use crate::report;
use crate::tree::{Tree, scratch};
use crate::witness::judge::History;
use crate::witness::{self, Size, Told, Truth, sum};
use disk::Disk;
use docket::machine::id::ApplicationId;
use docket::machine::time::Time;
use docket::store::codec::Encoded;
use docket::store::{Item, Store, Verdict};
use fate::{Fate, Kind};
use mount::Mount;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use record::Event;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

/// How many stores work, and how many images are made of each one's record.
const RUNS: u64 = 10;
const IMAGES: u64 = 50;
/// Runs at once: what CI has of processors.
const THREADS: u64 = 2;

const SHORT: Size = Size { deeds: 260, applications: 160, group: 12, document: 6_000 };
/// Enough to fill more than one file of a log.
const LONG: Size = Size { deeds: 900, applications: 700, group: 16, document: 16_000 };

/// What became of the images.
#[derive(Default)]
struct Tally {
    images: u64,
    /// With nothing loose, so that there was nothing to lose.
    idle: u64,
    /// Images and refusals, by what was done to names and to bytes.
    kinds: BTreeMap<(Kind, Kind), (u64, u64)>,
    refused: BTreeMap<String, u64>,
    wrong: Vec<String>,
}

/// A disk to lose power: how many images, and which events it does not hear.
#[derive(Clone, Copy)]
struct Trial {
    size: Size,
    images: u64,
    is_deaf_to: fn(&Event) -> bool,
}

#[test]
fn nothing_acknowledged_is_lost_with_the_power() {
    if !can_mount() {
        return;
    }
    let tally = Mutex::new(Tally::default());
    let run = |seed: u64| {
        let size = if seed.is_multiple_of(5) { LONG } else { SHORT };
        run(seed, Trial { size, images: IMAGES, is_deaf_to: |_| false }, &tally);
    };
    match std::env::var("DOCKET_SEED") {
        Ok(seed) => run(seed.parse().expect("DOCKET_SEED is a number")),
        Err(_) => std::thread::scope(|scope| {
            for thread in 0..THREADS {
                scope.spawn(move || (0..RUNS).filter(|seed| seed % THREADS == thread).for_each(run));
            }
        }),
    }
    let tally = tally.into_inner().unwrap();
    for ((names, bytes), (images, refused)) in &tally.kinds {
        println!("names {names:?}, bytes {bytes:?}: {images} images, {refused} refused");
    }
    for (message, count) in &tally.refused {
        println!("refused {count} times: {message}");
    }
    for wrong in &tally.wrong {
        println!("{wrong}");
    }
    let (refused, lost) = (tally.refused.values().sum::<u64>(), tally.wrong.len());
    let Tally { images, idle, .. } = tally;
    report(&format!(
        "power lost: {images} images ({idle} with nothing unsynced), {refused} refused, {lost} lost"
    ));
    // A loss of power is nothing that an operator should have to see to.
    assert_eq!((refused, lost), (0, 0), "see above; DOCKET_SEED runs one run alone");
    assert!(idle * 4 < images, "most moments had nothing to lose: the test proves nothing");
}

/// The rig itself: a disk that does not hear a sync loses what was acknowledged, and that is found.
#[test]
fn a_disk_that_does_not_hear_a_sync_is_found_out() {
    if !can_mount() {
        return;
    }
    let of_files: fn(&Event) -> bool = |event| matches!(event, Event::Sync { .. });
    let of_folders: fn(&Event) -> bool = |event| matches!(event, Event::SyncFolder { .. });
    for (what, is_deaf_to) in [("of files", of_files), ("of folders", of_folders)] {
        let tally = Mutex::new(Tally::default());
        run(1, Trial { size: SHORT, images: 12, is_deaf_to }, &tally);
        let tally = tally.into_inner().unwrap();
        let found = tally.wrong.len() as u64 + tally.refused.values().sum::<u64>();
        report(&format!(
            "power lost on a disk deaf to syncs {what}: found in {found} of {} images",
            tally.images
        ));
        assert!(found >= 3, "syncs {what} might as well not be there");
    }
}

/// Says whether power can be lost here; it must be where `WITH_MOUNTS` is set.
fn can_mount() -> bool {
    let folder = scratch();
    let Err(missing) = Mount::at(folder.path()) else { return true };
    assert!(std::env::var_os("WITH_MOUNTS").is_none(), "no file system can be mounted: {missing}");
    report(&format!("SKIPPED, no loss of power was tried: no file system can be mounted: {missing}"));
    false
}

/// One store's work, and what is left of it at many moments.
fn run(seed: u64, trial: Trial, tally: &Mutex<Tally>) {
    let folder = scratch();
    let mount = Mount::at(folder.path()).unwrap();
    let recorder = mount.recorder.clone();
    let (store, vault) =
        witness::open(&folder.path().join("data"), seed).unwrap_or_else(|it| panic!("{it:?}"));
    let mut tell = |told| recorder.note(Event::Told(told));
    let deeds = witness::perform(seed, trial.size, &store, &vault, &mut tell);
    drop((store, vault));
    drop(mount);
    let mut events = recorder.take();
    events.retain(|event| !(trial.is_deaf_to)(event));
    let mut all = Truth::new();
    deeds.iter().for_each(|deed| all.apply(deed));

    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let loose = loose_moments(&events);
    let mut moments: Vec<_> =
        (0..trial.images).map(|image| draw_moment(&events, &loose, image, &mut chance)).collect();
    moments.sort_unstable();
    let mut judging = Judging { seed, all: &all, history: History::new(&deeds), tally };
    let (mut disk, mut acknowledged, mut begun) = (Disk::new(), 0, 0);
    let mut moments = moments.into_iter().zip(0_u64..).peekable();
    for (at, event) in events.iter().enumerate() {
        while let Some((_, image)) = moments.next_if(|(moment, _)| *moment <= at) {
            let number = seed * IMAGES + image;
            let kinds = Kind::ALL.len() as u64;
            let [names, bytes] = [number, number / kinds].map(|it| Kind::ALL[(it % kinds) as usize]);
            let moment = Moment { at, acknowledged, begun, names, bytes };
            judging.judge(&disk, &moment, &mut Fate::new(names, bytes, number));
        }
        disk.take(event);
        match event {
            Event::Told(Told::Begun(deeds)) => begun = *deeds,
            Event::Told(Told::Acknowledged(deeds)) => acknowledged = *deeds,
            _ => {}
        }
    }
    assert_eq!(acknowledged, deeds.len());
    let written: usize = events.iter().map(Event::bytes).sum();
    println!("seed {seed}: {} deeds, {} events, {written} bytes written", deeds.len(), events.len());
}

/// The moments at which there is something to lose.
fn loose_moments(events: &[Event]) -> Vec<usize> {
    let mut disk = Disk::new();
    let mut loose = Vec::new();
    for (at, event) in events.iter().enumerate() {
        disk.take(event);
        if disk.loose() > 0 {
            loose.push(at + 1);
        }
    }
    loose
}

/// Most often a moment with something to lose, else one right after an acknowledgement.
fn draw_moment(events: &[Event], loose: &[usize], image: u64, chance: &mut ChaCha8Rng) -> usize {
    let at = (chance.next_u64() % events.len() as u64) as usize;
    if !image.is_multiple_of(5) {
        return loose[at % loose.len()];
    }
    let is_answer = |event: &Event| matches!(event, Event::Told(Told::Acknowledged(_)));
    events[at..].iter().position(is_answer).map_or(at, |further| at + further + 1)
}

struct Moment {
    at: usize,
    acknowledged: usize,
    begun: usize,
    names: Kind,
    bytes: Kind,
}

struct Judging<'a> {
    seed: u64,
    all: &'a Truth,
    history: History<'a>,
    tally: &'a Mutex<Tally>,
}

impl Judging<'_> {
    fn judge(&mut self, disk: &Disk, moment: &Moment, fate: &mut Fate) {
        let image = disk.image(fate);
        let folder = scratch();
        let outcome = self.open(&image, folder.path(), moment);
        let mut tally = self.tally.lock().unwrap();
        tally.images += 1;
        tally.idle += u64::from(disk.loose() == 0);
        let kind = tally.kinds.entry((moment.names, moment.bytes)).or_default();
        kind.0 += 1;
        let Moment { at, acknowledged, begun, names, bytes } = moment;
        let place = format!(
            "seed {}, event {at}, {acknowledged} of {begun} deeds answered, names {names:?}, bytes {bytes:?}",
            self.seed
        );
        match outcome {
            Ok(wrong) if wrong.is_empty() => {}
            Ok(wrong) => {
                let some = wrong[..wrong.len().min(8)].join("\n    ");
                tally.wrong.push(format!("{place}: {} differences\n    {some}", wrong.len()));
            }
            Err(refusal) => {
                kind.1 += 1;
                println!("{place}: refused: {refusal}");
                let folder = folder.path().display().to_string();
                *tally.refused.entry(refusal.replace(&folder, "")).or_default() += 1;
            }
        }
    }

    /// Opens an image as a start does, compares, and goes on.
    fn open(&mut self, image: &Tree, folder: &Path, moment: &Moment) -> Result<Vec<String>, String> {
        image.write(folder).unwrap();
        let data = folder.join("data");
        let mut wrong = Vec::new();
        // Once more: what was found at first must have been made to stay.
        for _ in 0..1 + moment.at % 2 {
            let (store, vault) = witness::open(&data, self.seed + 1).map_err(|refusal| refusal.text())?;
            let live = witness::live_answers(&store, self.all);
            vault.retain_answers(live).map_err(|error| witness::chain(&error))?;
            let found = witness::read(&store, &vault, self.all);
            wrong.extend(self.history.judge(moment.acknowledged, moment.begun, &found));
        }
        let (store, vault) = witness::open(&data, self.seed + 2).map_err(|refusal| refusal.text())?;
        wrong.extend(go_on(&store, &vault).err());
        Ok(wrong)
    }
}

/// The work goes on: another application comes.
fn go_on(store: &impl Store, vault: &docket::vault::Vault) -> Result<(), String> {
    let failed = |error: docket::store::StoreError| format!("it does not go on: {}", witness::chain(&error));
    let id = ApplicationId::from_bytes([0xee; 16]);
    let encoded = |text: &str| Encoded { version: 1, body: text.as_bytes().to_vec() };
    let item = Item {
        application: id,
        expected: 0,
        snapshot: encoded("after the loss"),
        entry: encoded("entry"),
        change: encoded("change"),
        wake: Some(Time::from_millis(7)),
        documents: Vec::new(),
        unindex: Vec::new(),
        index: Vec::new(),
        request: None,
    };
    let before = store.counts().moves;
    vault.create_key(id).and_then(|_| vault.sync()).map_err(|error| format!("it does not go on: {error}"))?;
    let verdicts = store.commit(&[item]).map_err(failed)?;
    let stored = store.application(id).map_err(failed)?;
    let is_there = stored.is_some_and(|it| sum(&it.snapshot.body) == sum(b"after the loss"));
    match verdicts.as_slice() {
        [Verdict::Committed { sequence }] if *sequence == before + 1 && is_there => Ok(()),
        _ => Err(format!("it does not go on: {verdicts:?} after {before} moves")),
    }
}
