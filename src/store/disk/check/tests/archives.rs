//! Archive files: damaged, lost, and against the rows that name them.

use super::*;
use crate::store::archive::{self as journals, Filed, Journal};
use crate::store::disk::archive;

/// A folder in which the journals of applications 1 and 2 lie in one file, and that of 3 in another.
fn filed() -> (TempDir, DiskStore) {
    let (folder, store) = used();
    let ended = [1, 2, 3].map(|number| Item { wake: None, ..item(number, 2) });
    store.commit(&ended).unwrap();
    assert_eq!(store.archive(&[id(1), id(2)]).unwrap().journals, 2);
    assert_eq!(store.archive(&[id(3)]).unwrap().journals, 1);
    (folder, store)
}

/// The archive files, oldest first.
fn arch(folder: &TempDir) -> Vec<PathBuf> {
    archive::list(&data(folder, "")).unwrap().into_iter().rev().map(|(_, path)| path).collect()
}

fn name(path: &Path) -> String {
    format!("archive/{}", path.file_name().unwrap().to_str().unwrap())
}

#[test]
fn whole_files_are_whole() {
    let (folder, store) = filed();
    // One goes on: its entry is a row, and fits what is in the file.
    store.commit(&[Item { wake: None, ..item(2, 3) }]).unwrap();
    store.close().unwrap();
    let findings = found(&folder, Keys::Unchecked);
    assert_eq!((findings.list(), findings.counted.archives), (vec![], 2));
}

#[test]
fn a_missing_file_is_told_with_whose_journals_are_lost() {
    let (folder, store) = filed();
    store.close().unwrap();
    let file = arch(&folder).remove(0);
    fs::remove_file(&file).unwrap();
    let findings = found(&folder, Keys::Unchecked);
    assert_eq!(findings.level(), Level::Lost);
    let [lost] = findings.list()[..] else { panic!("{findings:#?}") };
    assert_eq!((lost.problem, lost.count), (Problem::Archive, 1));
    let told = &lost.named[0];
    assert!(told.starts_with(&format!("{}: it is missing", name(&file))), "{told}");
    let whose =
        format!("the journals of 2 applications: {} (entries 1 to 3), {} (entries 1 to 3)", id(1), id(2));
    assert!(told.ends_with(&whose), "{told}");
}

#[test]
fn the_lost_are_counted_and_the_first_of_them_named() {
    let (folder, store) = used();
    let ids: Vec<_> = (10..40).map(id).collect();
    for number in 10..40 {
        let documents = [1, 2].map(|at| (at, Document::Inline(vec![number]))).into();
        store.commit(&[Item { wake: None, documents, ..item(number, 0) }]).unwrap();
    }
    assert_eq!(store.archive(&ids).unwrap().journals, 30);
    store.close().unwrap();
    fs::remove_dir_all(data(&folder, "archive")).unwrap();
    let findings = found(&folder, Keys::Unchecked);
    let told = &findings.list()[0].named[0];
    assert!(told.contains("of 30 applications: ") && told.ends_with("(entries 1 to 1), …"), "{told}");
    assert_eq!(told.matches("(entries").count(), 20);
}

#[test]
fn a_damaged_file_loses_what_cannot_be_read_of_it() {
    let (folder, store) = filed();
    store.close().unwrap();
    let file = arch(&folder).remove(0);
    let whole = fs::read(&file).unwrap();
    let end = whole.len();
    // In its block, in its index, in its trailer.
    for (at, lost) in [(62, true), (end - 100, false), (end - 10, false)] {
        flip(&file, at);
        let findings = found(&folder, Keys::Unchecked);
        let problems: Vec<_> = findings.list().iter().map(|finding| finding.problem).collect();
        let expected = match lost {
            true => vec![Problem::Archive, Problem::ArchiveDamaged],
            false => vec![Problem::ArchiveDamaged],
        };
        assert_eq!(problems, expected, "{at}: {findings:#?}");
        let level = if lost { Level::Lost } else { Level::Damaged };
        assert_eq!(findings.level(), level);
        assert!(findings.list()[0].named[0].starts_with(&name(&file)), "{findings:#?}");
        fs::write(&file, &whole).unwrap();
    }
    let other = arch(&folder).remove(1);
    fs::copy(other, &file).unwrap();
    assert_eq!(problems(&folder), [Problem::Archive, Problem::ArchiveDamaged]);
}

#[test]
fn a_file_that_no_row_names_is_a_note() {
    let (folder, store) = filed();
    let mut writer =
        archive::Writer::begin(&data(&folder, ""), store.instance(), 999, Time::from_millis(1)).unwrap();
    writer.add(&Journal { application: id(1), entries: vec![encoded("another way")] }).unwrap();
    writer.finish().unwrap();
    store.close().unwrap();
    let findings = found(&folder, Keys::Unchecked);
    let [orphan] = findings.list()[..] else { panic!("{findings:#?}") };
    assert_eq!((orphan.problem, findings.level()), (Problem::ArchiveOrphan, Level::Note));
    assert_eq!(orphan.named, [name(&arch(&folder)[2])]);
}

type RowDamage = (&'static str, fn(Filed) -> Filed, &'static [Problem]);

/// What a row may say that is not so.
const SAID: [RowDamage; 6] = [
    ("a file that is not there", |it| Filed { file: it.file + 100, ..it }, &[Problem::Archive]),
    ("another block", |it| Filed { block: it.block + 1, ..it }, &[Problem::Archive]),
    ("fewer entries", |it| Filed { entries: 2, ..it }, &[Problem::Journal, Problem::Archive]),
    ("more entries", |it| Filed { entries: 4, ..it }, &[Problem::Journal, Problem::Archive]),
    ("endless entries", |it| Filed { entries: u64::MAX, ..it }, &[Problem::Journal, Problem::Archive]),
    ("another chain", |it| Filed { chain: [1; 16], ..it }, &[Problem::Journal, Problem::Archive]),
];

#[test]
fn rows_that_do_not_agree_with_their_file_are_named() {
    for (name, damage, expected) in SAID {
        println!("{name}");
        let (folder, store) = filed();
        let filed = journals::filed(&*store.shared, id(1)).unwrap().unwrap();
        store.put_raw(keys::archived(id(1)), Some(rows::write_archived(&damage(filed))));
        store.sync().unwrap();
        store.close().unwrap();
        assert_eq!(problems(&folder), expected, "{name}");
    }
}

#[test]
fn a_journal_that_ends_before_its_application_is_named() {
    let (folder, store) = filed();
    store.commit(&[Item { wake: None, ..item(1, 3) }]).unwrap();
    store.put_raw(keys::journal(id(1), 4), None);
    // And one whose row is in another's file.
    let other = journals::filed(&*store.shared, id(3)).unwrap().unwrap();
    let filed = journals::filed(&*store.shared, id(2)).unwrap().unwrap();
    let row = rows::write_archived(&Filed { file: other.file, ..filed });
    store.put_raw(keys::archived(id(2)), Some(row));
    store.sync().unwrap();
    store.close().unwrap();
    let findings = found(&folder, Keys::Unchecked);
    let [journal, archive] = findings.list()[..] else { panic!("{findings:#?}") };
    assert_eq!(journal.named, [format!("application {}: entries 4 to 4", id(1))]);
    assert!(archive.named[0].contains(": the journal is not in it: "), "{archive:?}");
}

#[test]
fn each_reason_is_told_with_the_journals_that_it_is_for() {
    let (folder, store) = filed();
    let [first, third] = [1, 3].map(|it| journals::filed(&*store.shared, id(it)).unwrap().unwrap());
    let said = [(1, Filed { block: first.block + 1, ..first }), (3, Filed { file: first.file, ..third })];
    for (number, row) in said {
        store.put_raw(keys::archived(id(number)), Some(rows::write_archived(&row)));
    }
    store.sync().unwrap();
    store.close().unwrap();
    let findings = found(&folder, Keys::Unchecked);
    let told = &findings.list()[0].named;
    assert_eq!(told.len(), 2, "{findings:#?}");
    for (reason, number) in [("it has another journal than was archived", 1), ("the journal is not in it", 3)]
    {
        let expected = format!("{reason}: the journals of 1 applications: {} (", id(number));
        assert!(told.iter().any(|it| it.contains(&expected)), "{told:?}");
    }
}

#[test]
fn a_gap_behind_the_file_is_told_once() {
    let (folder, store) = filed();
    for version in [3, 4] {
        store.commit(&[Item { wake: None, ..item(1, version) }]).unwrap();
    }
    store.put_raw(keys::journal(id(1), 4), None);
    store.sync().unwrap();
    store.close().unwrap();
    let findings = found(&folder, Keys::Unchecked);
    let [journal] = findings.list()[..] else { panic!("{findings:#?}") };
    assert_eq!(journal.named, [format!("application {}: entries 4 to 4", id(1))]);
}
