//! Answers: readable until they are destroyed, and never by another's key.

use super::*;

#[test]
fn answers_read_back_until_they_are_destroyed() {
    both(|vault| {
        let answer = vault.seal_answer(id(1), b"sms 3", &secret("493817")).unwrap();
        let other = vault.seal_answer(id(1), b"sms 4", &secret("000000")).unwrap();
        let open = |number, challenge: &[u8], answer| vault.open_answer(id(number), challenge, answer);
        assert_eq!(open(1, b"sms 3", &answer).unwrap().unwrap().expose_text(), Some("493817"));
        assert!(matches!(open(1, b"sms 4", &answer), Err(VaultError::Refused)));
        assert!(matches!(open(2, b"sms 3", &answer), Err(VaultError::Refused)));
        vault.destroy_answer(answer.place).unwrap();
        vault.destroy_answer(answer.place).unwrap();
        vault.sync().unwrap();
        assert!(open(1, b"sms 3", &answer).unwrap().is_none());
        assert!(open(1, b"sms 4", &other).unwrap().is_some());
    });
}

#[test]
fn a_stale_reference_never_meets_another_key() {
    both(|vault| {
        let stale = vault.seal_answer(id(1), b"c", &secret("first")).unwrap();
        vault.destroy_answer(stale.place).unwrap();
        let fresh = vault.seal_answer(id(1), b"c", &secret("second")).unwrap();
        assert_eq!(fresh.place.slot, stale.place.slot);
        assert!(vault.open_answer(id(1), b"c", &stale).unwrap().is_none());
        vault.destroy_answer(stale.place).unwrap();
        let found = vault.open_answer(id(1), b"c", &fresh).unwrap().unwrap();
        assert_eq!(found.expose(), b"second");
    });
}

#[test]
fn a_destroyed_answer_is_gone_from_the_file_too() {
    let folder = temporary();
    let vault = open(&folder);
    let answers: Vec<_> =
        (0..3).map(|n| vault.seal_answer(id(n), b"c", &secret("answer")).unwrap()).collect();
    vault.sync().unwrap();
    let before = fs::read(keys(&folder, "answers.slots")).unwrap();
    let wrapped = |slot: usize| &before[slot * 128 + 32..slot * 128 + 92];
    vault.destroy_answer(answers[0].place).unwrap();
    vault.sync().unwrap();
    drop(vault);
    let after = fs::read(keys(&folder, "answers.slots")).unwrap();
    assert!(!after.windows(8).any(|w| wrapped(0).windows(8).any(|old| old == w && w != [0; 8])));
    assert!(after.windows(60).any(|w| w == wrapped(1)));

    // A crash left the second behind: nobody mentions it.
    let vault = open(&folder);
    vault.retain_answers([answers[2].place]).unwrap();
    let there = |n: usize| vault.open_answer(id(n as u8), b"c", &answers[n]).unwrap().is_some();
    assert_eq!([there(0), there(1), there(2)], [false, false, true]);
    let after = fs::read(keys(&folder, "answers.slots")).unwrap();
    assert!(after[..256].iter().all(|b| *b == 0));
    assert_eq!(vault.seal_answer(id(5), b"c", &secret("x")).unwrap().place.slot, 0);
    assert_eq!(vault.seal_answer(id(5), b"c", &secret("x")).unwrap().place.slot, 1);
    assert_eq!(vault.seal_answer(id(5), b"c", &secret("x")).unwrap().place.slot, 3);
}

#[test]
fn too_long_an_answer_is_refused() {
    both(|vault| {
        let long = Secret::new(vec![1; ANSWER_LIMIT + 1]);
        assert!(matches!(vault.seal_answer(id(1), b"c", &long), Err(VaultError::TooLarge { .. })));
    });
}
