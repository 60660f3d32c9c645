//! The vault as its users see it, in a folder and in memory.

mod answers;
mod folder;

use super::*;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

fn id(number: u8) -> ApplicationId {
    ApplicationId::from_bytes([1, 0x9a, 0xff, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, number])
}

fn master(byte: u8) -> MasterKey {
    MasterKey::from_text(&hex::encode([byte; 32])).unwrap()
}

fn open(folder: &TempDir) -> Vault {
    Vault::open(keys(folder, ""), master(1), Random::system()).unwrap()
}

fn keys(folder: &TempDir, file: &str) -> PathBuf {
    folder.path().join("keys").join(file)
}

fn temporary() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn label(number: u8) -> Label {
    Label { application: id(number), kind: 3, number: 7 }
}

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

/// Runs a check on a vault in a folder and on one in memory.
fn both(check: impl Fn(&Vault)) {
    check(&open(&temporary()));
    check(&Vault::volatile(master(1), Random::system()));
}

#[test]
fn documents_read_back() {
    both(|vault| {
        let slot = vault.create_key(id(1)).unwrap();
        let long = b"many words, ".repeat(5_000);
        for document in [b"".as_slice(), b"x", &long] {
            let sealed = vault.seal(slot, label(1), document).unwrap();
            assert_eq!(vault.unseal(slot, label(1), &sealed).unwrap().expose(), document);
            assert_ne!(sealed, vault.seal(slot, label(1), document).unwrap());
        }
        assert!(vault.seal(slot, label(1), &long).unwrap().len() < 1_000);
    });
}

#[test]
fn a_document_opens_only_as_what_it_was_sealed_as() {
    both(|vault| {
        let slots = [vault.create_key(id(1)).unwrap(), vault.create_key(id(2)).unwrap()];
        let sealed = vault.seal(slots[0], label(1), b"document").unwrap();
        let refused = |slot, label, sealed: &[u8]| {
            assert!(matches!(vault.unseal(slot, label, sealed), Err(VaultError::Refused)), "{label:?}");
        };
        refused(slots[0], Label { kind: 4, ..label(1) }, &sealed);
        refused(slots[0], Label { number: 8, ..label(1) }, &sealed);
        refused(slots[1], label(2), &sealed);
        assert!(matches!(
            vault.unseal(slots[1], label(1), &sealed),
            Err(VaultError::OtherOwner { slot: 1, .. })
        ));
        for at in 1..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            refused(slots[0], label(1), &changed);
            refused(slots[0], label(1), &sealed[..at]);
        }
        let newer = [&[9], &sealed[1..]].concat();
        let error = vault.unseal(slots[0], label(1), &newer).unwrap_err();
        assert!(matches!(error, VaultError::NewerSeal { found: 9, known: 1 }), "{error}");
    });
}

#[test]
fn too_large_a_document_neither_goes_in_nor_comes_out() {
    let vault = Vault::volatile(master(1), Random::seeded(1));
    let slot = vault.create_key(id(1)).unwrap();
    let large = vec![0; DOCUMENT_LIMIT + 1];
    assert!(matches!(vault.seal(slot, label(1), &large), Err(VaultError::TooLarge { .. })));
    let whole = vault.seal(slot, label(1), &large[1..]).unwrap();
    assert_eq!(vault.unseal(slot, label(1), &whole).unwrap().expose().len(), DOCUMENT_LIMIT);
    let bomb = sealed::seal_unchecked(&vault.key(slot, id(1)).unwrap(), label(1), &large, &Random::seeded(2));
    assert!(matches!(vault.unseal(slot, label(1), &bomb), Err(VaultError::TooLarge { .. })));
}

#[test]
fn erasing_a_key_makes_its_documents_unreadable() {
    let folder = temporary();
    let vault = open(&folder);
    let slots = [vault.create_key(id(1)).unwrap(), vault.create_key(id(2)).unwrap()];
    let sealed = slots.map(|slot| vault.seal(slot, label(slot as u8 + 1), b"document").unwrap());
    vault.sync().unwrap();
    let before = fs::read(keys(&folder, "data.slots")).unwrap();
    assert!(matches!(vault.erase(slots[0], id(2)), Err(VaultError::OtherOwner { .. })));
    vault.erase(slots[0], id(1)).unwrap();
    vault.erase(slots[0], id(1)).unwrap();
    let after = fs::read(keys(&folder, "data.slots")).unwrap();
    assert!(!after.windows(16).any(|w| w == &before[44..60]));

    let check = |vault: Vault| {
        assert!(matches!(vault.unseal(slots[0], label(1), &sealed[0]), Err(VaultError::Erased { .. })));
        assert_eq!(vault.unseal(slots[1], label(2), &sealed[1]).unwrap().expose(), b"document");
    };
    check(vault);
    check(open(&folder));
}

#[test]
fn an_erased_slot_is_never_used_again() {
    both(|vault| {
        let slot = vault.create_key(id(1)).unwrap();
        vault.erase(slot, id(1)).unwrap();
        assert_eq!(vault.create_key(id(2)).unwrap(), slot + 1);
        assert!(matches!(vault.key(9, id(1)), Err(VaultError::NoKey { slot: 9, .. })));
        assert!(matches!(vault.erase(9, id(1)), Err(VaultError::NoKey { slot: 9, .. })));
    });
}

#[test]
fn keys_are_there_after_reopening_and_the_cache_is_bounded() {
    let folder = temporary();
    let vault = open(&folder);
    let count = KEYS_CACHED as u32 + 10;
    let keys: Vec<_> = (0..count).map(|n| vault.create_key(id(n as u8)).unwrap()).collect();
    assert_eq!(keys, (0..count).collect::<Vec<_>>());
    let first = vault.seal(0, label(0), b"document").unwrap();
    vault.sync().unwrap();
    drop(vault);
    let vault = open(&folder);
    for slot in 0..count {
        vault.key(slot, id(slot as u8)).unwrap();
    }
    assert_eq!(vault.shared.data.cached(), KEYS_CACHED);
    assert_eq!(vault.unseal(0, label(0), &first).unwrap().expose(), b"document");
    assert_eq!(vault.create_key(id(1)).unwrap(), count);
}

#[test]
fn a_damaged_slot_is_named_and_the_others_open() {
    let folder = temporary();
    let vault = open(&folder);
    vault.create_key(id(1)).unwrap();
    vault.create_key(id(2)).unwrap();
    let answer = vault.seal_answer(id(1), b"c", &secret("answer")).unwrap();
    drop(vault);
    for file in ["data.slots", "answers.slots"] {
        let mut bytes = fs::read(keys(&folder, file)).unwrap();
        bytes[60] ^= 1;
        fs::write(keys(&folder, file), bytes).unwrap();
    }
    let vault = open(&folder);
    let error = vault.key(0, id(1)).unwrap_err();
    let text = "slot 0 of data.slots is damaged: restore it from the backup of the keys";
    assert_eq!(error.to_string(), text);
    vault.key(1, id(2)).unwrap();
    let error = vault.open_answer(id(1), b"c", &answer).unwrap_err();
    assert!(matches!(error, VaultError::DamagedSlot { file: "answers.slots", slot: 0 }), "{error}");
    vault.retain_answers([]).unwrap();
    assert!(vault.open_answer(id(1), b"c", &answer).unwrap().is_none());
    vault.erase(0, id(1)).unwrap();
    assert!(matches!(vault.key(0, id(1)), Err(VaultError::Erased { .. })));
}

#[test]
fn a_moved_slot_does_not_open() {
    let folder = temporary();
    let vault = open(&folder);
    vault.create_key(id(1)).unwrap();
    vault.create_key(id(1)).unwrap();
    drop(vault);
    let mut bytes = fs::read(keys(&folder, "data.slots")).unwrap();
    bytes.copy_within(0..128, 128);
    fs::write(keys(&folder, "data.slots"), bytes).unwrap();
    let error = open(&folder).key(1, id(1)).unwrap_err();
    assert!(matches!(error, VaultError::DamagedSlot { slot: 1, .. }), "{error}");
}

#[test]
fn a_newer_slot_names_both_versions() {
    let folder = temporary();
    let vault = open(&folder);
    vault.create_key(id(1)).unwrap();
    drop(vault);
    let mut bytes = fs::read(keys(&folder, "data.slots")).unwrap();
    bytes[4] = 9;
    let sum = crc32c::crc32c(&bytes[..124]).to_be_bytes();
    bytes[124..128].copy_from_slice(&sum);
    fs::write(keys(&folder, "data.slots"), bytes).unwrap();
    let error = open(&folder).key(0, id(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "slot 0 of data.slots has version 9, the newest that this docket knows is 1"
    );
}

#[test]
fn fingerprints_depend_on_key_purpose_and_bytes() {
    let vault = |byte| Vault::volatile(master(byte), Random::system());
    let print = vault(1).fingerprint("phone", b"138");
    assert_eq!(print, vault(1).fingerprint("phone", b"138"));
    for other in [vault(2).fingerprint("phone", b"138"), vault(1).fingerprint("phone1", b"38")] {
        assert_ne!(print, other);
    }
}

#[test]
fn an_answer_from_the_future_names_both_versions() {
    let vault = Vault::volatile(master(1), Random::system());
    let mut answer = vault.seal_answer(id(1), b"c", &secret("answer")).unwrap();
    answer.sealed[0] = 9;
    let error = vault.open_answer(id(1), b"c", &answer).unwrap_err();
    assert_eq!(error.to_string(), "what is sealed has version 9, the newest that this docket knows is 1");
}

/// The bytes that version 1 writes for a seed; never edited.
const V1: &str = include_str!("../../tests/fixtures/store/v1/vault.txt");

/// Each form that was ever written has its bytes in the folder of its version.
#[test]
fn every_form_has_its_fixture() {
    let newest = [("slot.data", 4, slots::VERSION), ("slot.answer", 4, slots::VERSION)];
    let sealed = [("document", 0, sealed::VERSION), ("answer", 0, super::answers::VERSION)];
    for (name, at, newest) in newest.into_iter().chain(sealed) {
        for version in 1..=newest {
            let file = format!("{}/tests/fixtures/store/v{version}/vault.txt", env!("CARGO_MANIFEST_DIR"));
            let text = fs::read_to_string(&file).unwrap_or_default();
            let bytes = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            let bytes = bytes.unwrap_or_else(|| panic!("version {version} of {name} is not in {file}"));
            assert_eq!(hex::decode(bytes).unwrap()[at], version, "{name}");
        }
    }
    for version in 1..=super::folder::CHECK_VERSION {
        let file = format!("{}/tests/fixtures/store/v{version}/master.check", env!("CARGO_MANIFEST_DIR"));
        let released = fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let folder = temporary();
        drop(open(&folder));
        if version == super::folder::CHECK_VERSION {
            assert_eq!(fs::read(keys(&folder, "master.check")).unwrap(), released);
        }
        fs::write(keys(&folder, "master.check"), released).unwrap();
        drop(open(&folder));
    }
}

#[test]
fn what_was_released_is_written_alike_and_reads_back() {
    let vault = Vault::volatile(master(1), Random::seeded(1));
    let slot = vault.create_key(id(1)).unwrap();
    let document = vault.seal(slot, label(1), b"document").unwrap();
    let answer = vault.seal_answer(id(1), b"c", &secret("answer")).unwrap();
    let data_slot = vault.shared.data.slots().read(slot).unwrap().unwrap().to_bytes();
    let answer_slot = vault.shared.answers.slots().read(0).unwrap().unwrap().to_bytes();
    let fingerprint = vault.fingerprint("phone", b"138");
    let check = vault.shared.master.check();
    let written: [(&str, &[u8]); 6] = [
        ("slot.data", &data_slot),
        ("slot.answer", &answer_slot),
        ("document", &document),
        ("answer", &answer.sealed),
        ("fingerprint", &fingerprint),
        ("check", &check),
    ];
    let text: String =
        written.iter().map(|(name, bytes)| format!("{name} {}\n", hex::encode(bytes))).collect();
    let (alike, compressed) = V1.split_at(V1.find("document.compressed").unwrap());
    assert_eq!(text, alike);

    // Another compressor may choose other bytes, so these are only read.
    let long = b"many words, ".repeat(20);
    let (_, digits) = compressed.trim().split_once(' ').unwrap();
    let read = vault.unseal(slot, label(1), &hex::decode(digits).unwrap());
    assert_eq!(read.unwrap().expose(), long);

    // On another vault, from the bytes alone.
    let other = Vault::volatile(master(1), Random::seeded(2));
    other.shared.data.slots().write_at(&data_slot, 0).unwrap();
    other.shared.answers.slots().write_at(&answer_slot, 0).unwrap();
    assert_eq!(other.unseal(0, label(1), &document).unwrap().expose(), b"document");
    let found = other.open_answer(id(1), b"c", &answer).unwrap().unwrap();
    assert_eq!(found.expose(), b"answer");
}
