//! Applicants who do anything at any time: no move but those of spec 006 §2 is ever seen.

use super::*;
use crate::sandbox::chance::{Chance, Purpose};
use std::collections::BTreeSet;

/// Every move the scripts and their applicants bring about, a row's number beside it. A code that
/// is sent again outlives state 24 and an unanswered session waits in 23, so that 24 to 23, and 21
/// or 24 to 42, are not seen.
const MOVES: &[(i64, &[i64])] = &[
    (0, &[11]),                  // 2
    (11, &[1, 21, 31, 41]),      // 3, 4
    (21, &[22, 23, 24]),         // 5, 6, 7
    (22, &[21, 23, 31, 41, 42]), // 8, 9, 10
    (23, &[22, 24, 42]),         // 5, 6, 18
    (24, &[21, 22]),             // 5, 11
    (31, &[32, 42]),             // 12, 18
    (32, &[21, 33, 41, 42]),     // 13, 14, 15
    (33, &[32, 42]),             // 12, 18
    (41, &[42, 43]),             // 16, 17
];

/// Does one random thing in the session, or lets time pass.
fn wander(driver: &mut Driver, chance: &mut Chance, mobile: &str, open_id: &str, clumsiness: u64) {
    let right = driver.sandbox.expected_answer(mobile);
    let right = right.map_or_else(String::new, |expected| expected.answer);
    let text = if right.is_empty() || chance.between(1, 10) <= clumsiness {
        chance.next().to_string()
    } else {
        right
    };
    match chance.between(0, 9) {
        0..=2 => drop(driver.captcha(open_id, &text)),
        3 | 4 => drop(driver.query_password(open_id, &text)),
        5 => drop(driver.resend(open_id)),
        _ => {
            let moment = driver.sandbox.next_moment(driver.now);
            // The end of the ten minutes is seldom waited for.
            let is_patient = chance.between(0, 5) == 0;
            let near = moment.filter(|at| is_patient || *at < driver.now + 10_000);
            driver.now = near.unwrap_or(driver.now);
        }
    }
}

#[test]
fn only_moves_of_the_table_are_seen_and_all_of_them() {
    let mut seen: BTreeSet<(i64, i64)> = BTreeSet::new();
    for round in 0..400 {
        let script = Script::BASIC[round % Script::BASIC.len()];
        if script == Script::ServerError || script == Script::AnswerLost {
            continue; // They disturb the asking, not the session.
        }
        let mobile = format!("199{:02}{round:06}", script.number());
        let mut driver = Driver::new(Pace::QUICK);
        let mut chance = Chance::new(7, Purpose::Data, round as u64, 0);
        let password = if round % 50 == 0 { "000000" } else { "1" };
        let open_id = driver.open_with(&mobile, password);
        let clumsiness = chance.between(1, 9);
        let patience = chance.between(20, 200);
        let mut state = 0;
        for _ in 0..patience {
            wander(&mut driver, &mut chance, &mobile, &open_id, clumsiness);
            let told = driver.state(&open_id);
            if told != state {
                seen.insert((state, told));
                state = told;
            }
        }
    }
    let table = MOVES.iter().flat_map(|(from, to)| to.iter().map(|to| (*from, *to))).collect();
    assert_eq!(seen, table);
}
