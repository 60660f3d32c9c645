//! The thread that drives the core on the real clock.
//!
//! It decides, and never waits for the disk: another thread syncs what it has appended, and tells it
//! when that is durable. What comes meanwhile is decided and appended for the next sync.

#[cfg(test)]
mod tests;

use super::core::{Answer, CommitError, Core, Declined, GROUP_LIMIT, Input, Mark, Published};
use super::figures::{Calls, Moves};
use super::follow::Followers;
use super::outage::{Figures, Report, Standing};
use super::provider::{Ended, Failure, Provider};
use super::stuck::{Parked, Trouble};
use super::syncs::{Keys, Synced, Syncs};
use crate::clock::{self, Stopwatch};
use crate::machine::call::EffectId;
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::{Room, Store};
use crate::telemetry::metrics as told;
use metrics::histogram;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};

/// How many inputs may wait; whoever comes then waits before the door.
pub(super) const INPUT_LIMIT: usize = 4096;

/// How many moves may be appended and not yet durable; then nothing more is taken in until a sync ends:
/// what a slow disk may hold up in memory, and more than one sync is ever the better for.
const PENDING_LIMIT: usize = 4 * GROUP_LIMIT;

/// How many calls are begun before the thread looks after other things; how many may be under way is
/// for the gates to say.
const CALLS_AT_ONCE: usize = 256;

/// How often the thread looks whether a full disk has room again.
const ROOM_LOOK: Duration = Duration::from_millis(500);

/// The longest sleep of the thread: a clock that was set forward is noticed after it.
const IDLE: Duration = Duration::from_secs(60);

pub(super) type Ticket = oneshot::Sender<Answer>;

#[expect(clippy::large_enum_variant, reason = "moved into the queue once; a box would cost each input more")]
pub(super) enum Message {
    Input(Input<Ticket>),
    CallsOf {
        application: ApplicationId,
        ticket: oneshot::Sender<CallsOf>,
    },
    InVain {
        ticket: oneshot::Sender<(Vec<Trouble>, Vec<Parked>)>,
    },
    Systems {
        ticket: oneshot::Sender<Vec<Report>>,
    },
    /// Somebody wants to know what is durable, once all that anybody can read is.
    Durable {
        ticket: oneshot::Sender<u64>,
    },
    /// Calls may be made from now on.
    Released,
    Stop {
        ticket: oneshot::Sender<()>,
    },
}

/// What is known of the calls of an application.
#[derive(Debug, Default)]
pub(crate) struct CallsOf {
    /// How often one was tried in vain, and what went wrong last.
    pub(super) trouble: Option<(u32, String)>,
    /// Those that are parked because a system of the provider is down.
    pub(super) parked: Vec<EffectId>,
}

/// What the thread tells everybody.
#[derive(Clone)]
pub(super) struct Board {
    pub(super) durable: watch::Sender<u64>,
    pub(super) standings: watch::Sender<Arc<[Standing]>>,
    pub(super) followers: Arc<Followers>,
}

pub(super) struct Runner<S, P> {
    core: Core<S, Ticket>,
    inputs: mpsc::Receiver<Message>,
    door: mpsc::WeakSender<Message>,
    disk: Disk,
    /// How much room the disk had when it was looked at last.
    room: Room,
    /// What has happened while there was none: no more than calls can be under way.
    kept: Vec<Input<Ticket>>,
    /// Up to where a sync was asked for, and up to where one has ended.
    asked: Mark,
    durable: Mark,
    /// Since when each group is under way.
    groups: VecDeque<(Mark, Stopwatch)>,
    /// Who waits until all up to a mark is durable.
    waiting: VecDeque<(Mark, oneshot::Sender<u64>)>,
    provider: Arc<P>,
    board: Board,
    figures: Figures,
    moves: Moves,
    calls: Calls,
    handle: Handle,
}

/// The way to the threads that wait for the disk, and back.
pub(super) struct Disk {
    pub(super) keys: Keys,
    pub(super) syncs: Syncs,
    pub(super) synced: Synced,
}

impl<S: Store, P: Provider> Runner<S, P> {
    pub(super) fn new(
        core: Core<S, Ticket>,
        inputs: mpsc::Receiver<Message>,
        door: mpsc::WeakSender<Message>,
        disk: Disk,
        provider: Arc<P>,
        board: Board,
        handle: Handle,
    ) -> Self {
        Self {
            core,
            inputs,
            door,
            disk,
            room: Room::Ample,
            kept: Vec::new(),
            asked: Mark::default(),
            durable: Mark::default(),
            groups: VecDeque::new(),
            waiting: VecDeque::new(),
            provider,
            board,
            figures: Figures::new(clock::now()),
            moves: Moves::default(),
            calls: Calls::new(),
            handle,
        }
    }

    /// Runs until told to stop, or until the store fails.
    pub(super) fn run(mut self) -> Result<(), CommitError> {
        let mut messages = Vec::with_capacity(GROUP_LIMIT);
        loop {
            let is_open = self.wait(&mut messages)?;
            let (now, decided) = (clock::now(), Stopwatch::start());
            // First: what is looked at once it is settled may decide more, for the group of this turn.
            self.settle(now)?;
            let mut stop = None;
            let has_room = self.has_room();
            if has_room {
                self.kept.drain(..).for_each(|input| self.core.handle(input, now));
            }
            for message in messages.drain(..) {
                match message {
                    Message::Input(Input::Command { ticket, .. }) if !has_room => {
                        let _gone = ticket.send(Err(Declined::NoRoom));
                    }
                    // It has happened: it waits for room.
                    Message::Input(input) if !has_room => self.kept.push(input),
                    Message::Input(input) => self.core.handle(input, now),
                    Message::CallsOf { application, ticket } => {
                        let (trouble, parked) =
                            (self.core.trouble(application), self.core.parked(application));
                        let _gone = ticket.send(CallsOf { trouble, parked });
                    }
                    Message::InVain { ticket } => {
                        let _gone = ticket.send((self.core.troubled(), self.core.all_parked()));
                    }
                    Message::Systems { ticket } => {
                        let _gone = ticket.send(self.core.reports(now));
                    }
                    // What is decided since cannot be read yet.
                    Message::Durable { ticket } => self.waiting.push_back((self.core.appended(), ticket)),
                    // It woke the thread, which makes calls after every turn.
                    Message::Released => {}
                    Message::Stop { ticket } => stop = Some(ticket),
                }
            }
            if has_room {
                self.core.tick(now)?;
            }
            if has_room && !self.core.is_idle() {
                let mark = self.core.append()?;
                if mark > self.asked {
                    self.asked = mark;
                    self.groups.push_back((mark, decided));
                    self.disk.syncs.ask(mark);
                }
            }
            // Answers for which nothing had to be written.
            self.settle(now)?;
            if stop.is_some() || !is_open {
                self.finish()?;
                if let Some(ticket) = stop {
                    let _gone = ticket.send(());
                }
                return Ok(());
            }
            if has_room {
                self.make_calls(now);
            }
            self.figures.tell(self.core.gates(), now);
            if let Some(standings) = self.core.turned() {
                self.board.standings.send_replace(standings.into());
            }
        }
    }

    /// Says whether there is room to decide anything; tells when that changes.
    fn has_room(&mut self) -> bool {
        let room = self.core.room();
        if room != self.room {
            match room {
                Room::Ample => tracing::info!("the disk has space again: everything goes on"),
                Room::Low => tracing::warn!("the disk has little space left: nothing new is taken in"),
                Room::None => tracing::error!("the disk has no space left: everything waits until it has"),
            }
            self.room = room;
        }
        room < Room::None
    }

    /// Waits for the end of a sync, for messages if there is room for what they amount to, or for the
    /// next moment; says whether messages can still come.
    fn wait(&mut self, messages: &mut Vec<Message>) -> Result<bool, CommitError> {
        let has_room = self.core.pending() < PENDING_LIMIT;
        let wait = match self.room {
            Room::None => ROOM_LOOK,
            Room::Ample | Room::Low => {
                self.core.next_wake().map_or(IDLE, |at| at.since(clock::now()).min(IDLE))
            }
        };
        let (inputs, synced) = (&mut self.inputs, &mut self.disk.synced);
        let ended = self.handle.block_on(async {
            tokio::select! {
                biased;
                ended = synced.recv() => Some(ended),
                _count = tokio::time::timeout(wait, inputs.recv_many(messages, GROUP_LIMIT)), if has_room => None,
            }
        });
        if let Some(ended) = ended {
            self.durable = ended.expect("a thread that syncs does not end before it has told why")?;
        }
        Ok(!(messages.is_empty() && self.inputs.is_closed() && self.inputs.is_empty()))
    }

    /// Sees what is appended through to its end.
    fn finish(&mut self) -> Result<(), CommitError> {
        while self.durable < self.core.appended() {
            let ended = self.handle.block_on(self.disk.synced.recv());
            self.durable = ended.expect("a thread that syncs does not end before it has told why")?;
            self.settle(clock::now())?;
        }
        Ok(())
    }

    /// Settles what has become durable, and tells everybody.
    fn settle(&mut self, now: Time) -> Result<(), CommitError> {
        let published = self.core.settle(self.durable, now)?;
        while let Some((_, decided)) = first_up_to(&mut self.groups, self.durable) {
            histogram!(told::GROUP_TIME).record(decided.read());
        }
        if !published.applications.is_empty() {
            histogram!(told::GROUP_SIZE)
                .record(u32::try_from(published.applications.len()).map_or(f64::MAX, f64::from));
            self.moves.count(&published.moves);
        }
        if published.has_destroyed {
            self.disk.keys.sweep();
        }
        self.publish(published);
        while let Some((_, ticket)) = first_up_to(&mut self.waiting, self.durable) {
            let _gone = ticket.send(*self.board.durable.borrow());
        }
        Ok(())
    }

    /// Tells everybody what is durable now, then those who asked.
    fn publish(&self, published: Published<Ticket>) {
        if !published.applications.is_empty() {
            self.board.durable.send_replace(published.sequence);
            self.board.followers.tell(&published.applications);
        }
        for (ticket, answer) in published.answers {
            let _gone = ticket.send(answer);
        }
    }

    fn make_calls(&mut self, now: Time) {
        for order in self.core.take_calls(CALLS_AT_ONCE, now) {
            let Some(door) = self.door.upgrade() else { return };
            let provider = Arc::clone(&self.provider);
            let (application, effect) = (order.application.id, order.pending.id);
            // A task of its own, so that a panic in the client is an answer too.
            let begun = self.calls.begin(order.pending.call.name());
            let call = self.handle.spawn(async move { provider.call(order).await });
            self.handle.spawn(async move {
                let ended = call.await.unwrap_or_else(|panic| {
                    tracing::error!(%panic, %application, "the provider client panicked");
                    Ended::Failed(Failure::Ambiguous { detail: "the client failed".to_owned() })
                });
                begun.end(&ended);
                let input = Input::Ended { application, effect, ended };
                let _stopped = door.send(Message::Input(input)).await;
            });
        }
    }
}

/// Takes the first of a queue if it is up to a mark.
fn first_up_to<T>(queue: &mut VecDeque<(Mark, T)>, mark: Mark) -> Option<(Mark, T)> {
    if queue.front()?.0 <= mark { queue.pop_front() } else { None }
}
