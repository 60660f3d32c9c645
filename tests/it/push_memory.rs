//! Two thousand base pushes with 300 KB of an operator's records each: how the server's memory rises.

use crate::process::{Process, http};
use crate::surface::serve;
use docket::sandbox::Script;
use docket::sandbox::people::Person;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// How many when nobody says: a few minutes' worth.
const PUSHES: usize = 2_000;
/// Bytes of operator data in each.
const OPERATOR_BYTES: usize = 300_000;
/// Agencies push a few at a time.
const AT_ONCE: usize = 4;
/// Between two looks at the memory.
const LOOK_EVERY: usize = 20;
/// The part of the pushes before the memory is looked at: caches fill, an allocator takes what it will keep.
const WARM_UP: usize = 3;
/// The most that memory may rise with a push: a tenth of what it holds. Rows of the store that stay in its
/// cache are a few KiB.
const SLOPE_LIMIT_KIB: f64 = 30.0;

const SETTINGS: &str = r#"
[provider]
address = "http://127.0.0.1:1"
username = "merchant1"
password = "word"
public_key = "PUBLIC_KEY"

[[product]]
name = "cash"
version = 1
evidence = ["identity", "loan", "card"]
telecom = "no"
term_days = 14

[[partner]]
name = "agency"
product = "cash"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_does_not_rise_with_pushes() {
    let folder = tempfile::tempdir().unwrap();
    let docket = Arc::new(serve(folder.path(), SETTINGS));
    let body = Arc::new(body());
    let pushes = std::env::var("PUSHES").map_or(PUSHES, |pushes| pushes.parse().unwrap());
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let pushing: Vec<_> = (0..AT_ONCE)
        .map(|_| tokio::spawn(push_all(Arc::clone(&docket), Arc::clone(&body), Arc::clone(&next), pushes)))
        .collect();
    let mut looks = Vec::new();
    for pushing in pushing {
        looks.extend(pushing.await.unwrap());
    }
    looks.sort_by_key(|(pushes, _)| *pushes);
    let slope = slope(&looks);
    let (first, last) = (looks.first().unwrap().1 / 1024, looks.last().unwrap().1 / 1024);
    crate::report(&format!(
        "{pushes} pushes of {} KB in {} s: {first} MiB after a third, {last} MiB at the end, {slope:.2} KiB a push",
        body.len() / 1_000,
        begun.elapsed().as_secs(),
    ));
    assert!(slope < SLOPE_LIMIT_KIB, "{slope:.2} KiB a push: {looks:?}");
}

/// Pushes until all are pushed; gives what the memory was every so often, in KiB.
async fn push_all(
    docket: Arc<Process>,
    body: Arc<String>,
    next: Arc<AtomicUsize>,
    pushes: usize,
) -> Vec<(usize, u64)> {
    let http = http();
    let url = format!("http://{}/partners/agency/pushUserBaseInfo", docket.address);
    let mut looks = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= pushes {
            return looks;
        }
        let body = body.replace("the-order", &format!("order-{number}"));
        let request = http.post(&url).header("content-type", "application/json").body(body);
        let answer: Value =
            serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap();
        assert_eq!(answer["status"], 1, "{answer}");
        if number >= pushes / WARM_UP && number.is_multiple_of(LOOK_EVERY) {
            looks.push((number, docket.resident_kib()));
        }
    }
}

/// A base push with calls of half a year, no two alike.
fn body() -> String {
    let call = |number: usize| {
        json!({
            "call_start_time": format!("2018-09-{:02} {:02}:{:02}:{:02}", number % 28 + 1, number % 24, number % 60, number % 59),
            "call_type_name": if number.is_multiple_of(3) { "主叫" } else { "被叫" },
            "call_time": (number * 7_919 % 3_600).to_string(),
            "call_other_number": format!("1{:010}", number * 104_729 % 10_000_000_000),
            "call_address": "上海市.上海市", "call_cost": "0"
        })
    };
    let mut push = Person::new(Script::Happy, 1).base_push("the-order");
    let one = call(0).to_string().len();
    let calls: Vec<_> = (0..OPERATOR_BYTES / one).map(call).collect();
    push["userVerify"]["operatorVerify"]["data"]["task_data"]["call_info"][0]["call_record"] = calls.into();
    push.to_string()
}

/// How memory rises with each push: the slope of the line that lies nearest to all looks.
#[expect(clippy::cast_precision_loss, reason = "thousands of pushes, millions of KiB at most")]
fn slope(looks: &[(usize, u64)]) -> f64 {
    let count = looks.len() as f64;
    let mean = |of: fn(&(usize, u64)) -> f64| looks.iter().map(of).sum::<f64>() / count;
    let (pushes, memory) = (mean(|look| look.0 as f64), mean(|look| look.1 as f64));
    let (mut together, mut alone) = (0.0, 0.0);
    for look in looks {
        let off = look.0 as f64 - pushes;
        together += off * (look.1 as f64 - memory);
        alone += off * off;
    }
    together / alone
}
