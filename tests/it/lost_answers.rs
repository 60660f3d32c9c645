//! Lost answers: every call to the provider loses its answer in each of three ways, in the middle of a whole
//! application with an applicant who answers.
//!
//! What must follow is on the table of `docs/reference/lost-answers.md`, which is read from there: each row
//! and fate is played against the same journey undisturbed. Besides, whatever is lost, the sandbox sees no
//! violation (nothing is processed twice, no session is asked after its end) and no order is audited twice.

mod applicant;
mod journey;
mod network;
mod table;

use docket::machine::call::Call;
use journey::{Seen, journey};
use network::Loss;
use std::collections::BTreeSet;
use table::{CALLS, Expected, Fate, Row, rows};

#[test]
fn every_call_loses_its_answer_in_every_way() {
    let rows = rows();
    let threads = 2;
    let wrong = std::thread::scope(|scope| {
        let play = |thread: usize| {
            let mine = rows.iter().skip(thread).step_by(threads);
            mine.flat_map(play).collect::<Vec<String>>()
        };
        let players: Vec<_> = (0..threads).map(|thread| scope.spawn(move || play(thread))).collect();
        players.into_iter().flat_map(|player| player.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Plays a row with each of its fates; tells what is not as the table says.
fn play(row: &Row) -> Vec<String> {
    let Row { line, call, endpoint, which, product, script, fates, expected } = row;
    let calm = journey(product, *script, *endpoint, None);
    assert_eq!(calm.ends, "APPROVED", "line {line}: undisturbed");
    let mut wrong = Vec::new();
    for fate in fates {
        let loss = Loss { endpoint: *endpoint, which: which.clone(), fate: *fate };
        let seen = journey(product, *script, *endpoint, Some(&loss));
        let trace = seen.trace.join("\n");
        let found = against(&calm, seen, expected);
        if found != *expected {
            wrong.push(format!(
                "line {line}, {call} {fate:?}:\nwanted {expected:?}\nfound  {found:?}\n{trace}"
            ));
        }
    }
    wrong
}

/// What a journey came to, against the same undisturbed, as far as it is expected.
fn against(calm: &Seen, seen: Seen, expected: &Expected) -> Expected {
    let more = |seen: u64, calm: u64| seen.cast_signed() - calm.cast_signed();
    Expected {
        next: seen.next.unwrap_or_default(),
        sent: expected.sent.map(|_| more(seen.sent, calm.sent)),
        processed: expected.processed.map(|_| more(seen.processed, calm.processed)),
        sessions: more(seen.sessions, calm.sessions),
        asked: more(seen.asked, calm.asked),
        ends: seen.ends,
    }
}

#[test]
fn the_table_has_every_call_and_every_fate() {
    let names: BTreeSet<_> = CALLS.iter().map(|(name, _)| *name).collect();
    let made: BTreeSet<_> = Call::NAMES.into_iter().chain(["token"]).collect();
    assert_eq!(names, made, "every call that can be made is called something");
    let rows = rows();
    let told: BTreeSet<_> =
        rows.iter().flat_map(|row| row.fates.iter().map(|fate| (&*row.call, *fate))).collect();
    let wanted: BTreeSet<_> = made.into_iter().flat_map(|name| Fate::ALL.map(|fate| (name, fate))).collect();
    assert_eq!(told, wanted);
}
