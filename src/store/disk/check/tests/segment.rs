//! A segment of the log that is not there.

use super::*;
use crate::store::INLINE_LIMIT;
use crate::store::disk::Options;

fn small() -> Options {
    Options { segment_bytes: 64 << 10, ..options() }
}

/// A folder whose log has gone on in another segment; gives the first commit of that.
fn long(folder: &TempDir) -> (DiskStore, u64) {
    let store = DiskStore::open(data(folder, ""), small()).unwrap();
    let first = store.shared.log().segment();
    let mut version = 0;
    while store.shared.log().segment() == first {
        let documents = [1, 2].map(|number| (number, Document::Inline(vec![7; INLINE_LIMIT]))).into();
        store.commit(&[Item { documents, ..item(1, version) }]).unwrap();
        version += 1;
    }
    let segment = store.shared.log().segment();
    (store, segment)
}

#[test]
fn a_lost_segment_is_told_as_an_opening_tells_it() {
    let folder = folder();
    let (store, segment) = long(&folder);
    store.kill();
    assert!(!found(&folder, Keys::Unchecked).has(Problem::Commits));
    fs::remove_file(data(&folder, &format!("log/{segment:016x}.log"))).unwrap();
    // The MANIFEST alone knows of it.
    fs::remove_file(data(&folder, "log/synced")).unwrap();
    let findings = found(&folder, Keys::Unchecked);
    let told = &findings.list()[0];
    assert_eq!((findings.level(), told.problem), (Level::Lost, Problem::Commits));
    let expected = format!("the segment of the log that begins with commit {segment} is lost");
    assert!(told.named[0].starts_with(&expected), "{findings:#?}");
    let refusal = DiskStore::open(data(&folder, ""), small()).unwrap_err().to_string();
    assert!(refusal.contains(&told.named[0]), "{refusal}");
}

#[test]
fn a_store_that_was_closed_has_nothing_in_it_that_the_view_lacks() {
    let folder = folder();
    let (store, segment) = long(&folder);
    store.close().unwrap();
    fs::remove_file(data(&folder, &format!("log/{segment:016x}.log"))).unwrap();
    let findings = found(&folder, Keys::Unchecked);
    let problems: Vec<_> = findings.list().iter().map(|finding| finding.problem).collect();
    assert_eq!(problems, [Problem::LogHole], "{findings:#?}");
    DiskStore::open(data(&folder, ""), small()).unwrap();
}
