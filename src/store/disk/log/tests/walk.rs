//! Random walks: whatever is done to a log, it holds what was acknowledged and at most the
//! beginning of the group that was not.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Deed {
    Write(Vec<usize>),
    /// Releases so many of 16 parts of what is there.
    Release(u64),
    Prepare,
    Reopen,
    /// Writes a group of which each sector lands or not.
    LosePower(Vec<usize>, u64),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let group = || vec(prop_oneof![4 => 0_usize..120, 2 => 400_usize..1_500, 1 => 4_000_usize..9_000], 1..5);
    let deed = prop_oneof![
        6 => group().prop_map(Deed::Write),
        2 => (0_u64..=16).prop_map(Deed::Release),
        1 => Just(Deed::Prepare),
        1 => Just(Deed::Reopen),
        3 => (group(), any::<u64>()).prop_map(|(group, sectors)| Deed::LosePower(group, sectors)),
    ];
    vec(deed, 1..40)
}

fn lose_power(book: &mut Book, lengths: &[usize], sectors: u64) {
    let (frames, entries) = book.lay_out(lengths);
    book.log.make_room(frames.len()).unwrap();
    let path = book.current();
    let before = fs::read(&path).unwrap();
    let (first, last) = (entries[0].tip.commit, entries[entries.len() - 1].tip);
    book.log.write(&frames, first, last).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let mut seed = sectors;
    for (new, old) in bytes.chunks_mut(512).zip(before.chunks(512)) {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Now and then nearly all or nearly none of them land.
        if (seed >> 60) < sectors % 16 {
            new.copy_from_slice(old);
        }
    }
    fs::write(&path, bytes).unwrap();

    let scan = book.scan();
    assert!(scan.is_whole(), "{scan:?}");
    let landed = scan.runs.last().expect("its header is there").last.commit + 1 - first;
    book.entries.extend_from_slice(&entries[..usize::try_from(landed).unwrap()]);
    book.reopen(&scan);
    assert_eq!(book.scan().torn, None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_log_holds_what_was_acknowledged(deeds in deeds()) {
        let mut book = Book::begin();
        for deed in deeds {
            match deed {
                Deed::Write(group) => book.put(&group),
                Deed::Release(parts) => {
                    let (oldest, newest) = (book.log.oldest(), book.log.tip().commit);
                    book.log.release(oldest + (newest + 1 - oldest) * parts / 16).unwrap();
                }
                Deed::Prepare => book.log.prepare().unwrap(),
                Deed::Reopen => {
                    let scan = book.scan();
                    prop_assert_eq!(&scan.torn, &None);
                    book.reopen(&scan);
                }
                Deed::LosePower(group, sectors) => lose_power(&mut book, &group, sectors),
            }
            book.check();
        }
    }
}
