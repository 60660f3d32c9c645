//! How far something is that takes long, beside the data.

use crate::api::proto::v1::StoreProgress;
use crate::clock::Stopwatch;
use crate::store::upkeep::Tell;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often it is told how far one thing is.
const EVERY: Duration = Duration::from_secs(2);

/// Tells each thing once at its beginning, then now and then.
#[derive(Default)]
pub(super) struct Telling(Option<(String, Stopwatch)>);

impl Telling {
    pub(super) fn tell(&mut self, StoreProgress { doing, done, all }: &StoreProgress) {
        if self.0.as_ref().is_some_and(|(last, since)| last == doing && since.read() < EVERY) {
            return;
        }
        self.0 = Some((doing.clone(), Stopwatch::start()));
        match (*done, *all) {
            (0, 0) => eprintln!("docket: {doing}"),
            (done, 0) => eprintln!("docket: {doing}: {done}"),
            (done, all) => eprintln!("docket: {doing}: {done} of {all}"),
        }
    }
}

/// The same for work in this process.
pub(super) fn teller() -> Tell {
    let telling = Mutex::new(Telling::default());
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    Arc::new(move |it| {
        let all = number(it.all.unwrap_or_default());
        let progress = StoreProgress { doing: it.doing.clone(), done: number(it.done), all };
        telling.lock().unwrap_or_else(PoisonError::into_inner).tell(&progress);
        ControlFlow::Continue(())
    })
}
