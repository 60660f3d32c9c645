//! The folder, the master key and what is printed.

use super::*;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_wrong_master_key_is_refused_at_once() {
    let folder = temporary();
    drop(open(&folder));
    let error = Vault::open(keys(&folder, ""), master(2), Random::system()).unwrap_err();
    assert!(matches!(error, VaultError::WrongMasterKey { .. }), "{error}");
    drop(open(&folder));
}

#[test]
fn missing_files_are_not_made_anew() {
    let folder = temporary();
    let vault = open(&folder);
    vault.create_key(id(1)).unwrap();
    drop(vault);
    let refused = || Vault::open(keys(&folder, ""), master(1), Random::system()).unwrap_err();
    let check = fs::read(keys(&folder, "master.check")).unwrap();
    fs::remove_file(keys(&folder, "master.check")).unwrap();
    assert!(matches!(refused(), VaultError::CheckMissing { .. }));
    for damaged in [b"something".as_slice(), b"docket master check 1 \xff"] {
        fs::write(keys(&folder, "master.check"), damaged).unwrap();
        assert!(matches!(refused(), VaultError::CheckMissing { .. }));
    }
    fs::write(keys(&folder, "master.check"), check).unwrap();
    fs::remove_file(keys(&folder, "answers.slots")).unwrap();
    drop(open(&folder));
    fs::remove_file(keys(&folder, "data.slots")).unwrap();
    assert!(matches!(refused(), VaultError::SlotsMissing { .. }));
}

#[test]
fn a_newer_check_is_refused_and_not_touched() {
    let folder = temporary();
    drop(open(&folder));
    let file = keys(&folder, "master.check");
    fs::write(&file, "docket master check 2 of another kind\n").unwrap();
    let error = Vault::open(keys(&folder, ""), master(1), Random::system()).unwrap_err();
    let text = "has version 2, the newest that this docket knows is 1: start the docket that wrote it";
    assert!(error.to_string().ends_with(text), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "docket master check 2 of another kind\n");
}

#[test]
fn nobody_else_may_read_and_nobody_else_may_open() {
    let folder = temporary();
    let _vault = open(&folder);
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(keys(&folder, "")), 0o700);
    for file in ["data.slots", "answers.slots", "master.check"] {
        assert_eq!(mode(keys(&folder, file)), 0o600, "{file}");
    }
    let second = Vault::open(keys(&folder, ""), master(1), Random::system());
    assert!(matches!(second, Err(VaultError::Locked { .. })));
}

#[test]
fn a_failed_sync_stops_the_vault() {
    let device = fs::OpenOptions::new().read(true).write(true).open("/dev/null").unwrap();
    let slots = Slots::in_file("data.slots", device, PathBuf::new());
    slots.sync().unwrap();
    slots.clear(0).unwrap();
    for _ in 0..2 {
        assert!(matches!(slots.sync(), Err(VaultError::Stopped { .. })));
    }
}

#[test]
fn a_master_key_comes_from_text_or_from_a_private_file() {
    let same = |key: MasterKey| assert_eq!(key.expose(), &[7; 32]);
    same(MasterKey::from_text(&"07".repeat(32)).unwrap());
    same(MasterKey::from_text(" BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n").unwrap());
    for bad in ["", "07", &"07".repeat(33), "not a key", &"zz".repeat(32)] {
        assert!(matches!(MasterKey::from_text(bad), Err(VaultError::BadMasterKey)), "{bad}");
    }
    let folder = temporary();
    let path = folder.path().join("keys/master.key");
    let made = MasterKey::generate(&path, &Random::system()).unwrap();
    assert_eq!(MasterKey::from_file(&path).unwrap().expose(), made.expose());
    assert!(MasterKey::generate(&path, &Random::system()).is_err());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(MasterKey::from_file(&path), Err(VaultError::Exposed { mode: 0o640, .. })));
}

#[test]
fn secret_types_print_nothing() {
    let vault = Vault::volatile(master(1), Random::seeded(1));
    let slot = vault.create_key(id(1)).unwrap();
    assert_eq!(format!("{:?}", secret("hunter2")), "Secret");
    assert_eq!(format!("{:#?}", master(1)), "MasterKey");
    assert_eq!(format!("{:?}", vault.key(slot, id(1)).unwrap()), "DataKey");
    assert_eq!(format!("{vault:?} {:?}", Random::seeded(1)), "Vault Random");
    let answer = vault.seal_answer(id(1), b"c", &secret("hunter2")).unwrap();
    assert!(!format!("{answer:?}").contains("sealed: ["));
}
