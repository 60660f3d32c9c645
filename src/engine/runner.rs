//! The thread that drives the core on the real clock.

use super::census;
use super::core::{Answer, CommitError, Core, GROUP_LIMIT, Input, Published};
use super::follow::Followers;
use super::outage::{Figures, Report, Standing};
use super::provider::{Ended, Failure, Provider};
use super::stuck::{Parked, Trouble};
use crate::clock::{self, Stopwatch};
use crate::machine::call::EffectId;
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::Store;
use crate::telemetry::metrics as told;
use metrics::{counter, gauge, histogram};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};

/// How many inputs may wait; whoever comes then waits before the door.
pub(super) const INPUT_LIMIT: usize = 4096;

/// How many calls are begun before the thread looks after other things; how many may be under way is
/// for the gates to say.
const CALLS_AT_ONCE: usize = 256;

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
    provider: Arc<P>,
    board: Board,
    figures: Figures,
    handle: Handle,
}

impl<S: Store, P: Provider> Runner<S, P> {
    pub(super) fn new(
        core: Core<S, Ticket>,
        inputs: mpsc::Receiver<Message>,
        door: mpsc::WeakSender<Message>,
        provider: Arc<P>,
        board: Board,
        handle: Handle,
    ) -> Self {
        Self { core, inputs, door, provider, board, figures: Figures::new(clock::now()), handle }
    }

    /// Runs until told to stop, or until the store fails.
    pub(super) fn run(mut self) -> Result<(), CommitError> {
        let mut messages = Vec::with_capacity(GROUP_LIMIT);
        loop {
            let is_open = self.wait(&mut messages);
            let (now, decided) = (clock::now(), Stopwatch::start());
            let mut stop = None;
            for message in messages.drain(..) {
                match message {
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
                    // The group before this one is published, and the next is not yet written.
                    Message::Durable { ticket } => {
                        let _gone = ticket.send(*self.board.durable.borrow());
                    }
                    // It woke the thread, which makes calls after every turn.
                    Message::Released => {}
                    Message::Stop { ticket } => stop = Some(ticket),
                }
            }
            self.core.tick(now)?;
            if !self.core.is_idle() {
                let published = self.core.commit(now)?;
                if !published.applications.is_empty() {
                    histogram!(told::GROUP_TIME).record(decided.read());
                    histogram!(told::GROUP_SIZE)
                        .record(u32::try_from(published.applications.len()).map_or(f64::MAX, f64::from));
                    census::follow(&published.moves);
                }
                self.publish(published);
            }
            if let Some(ticket) = stop {
                let _gone = ticket.send(());
                return Ok(());
            }
            if !is_open {
                return Ok(());
            }
            self.make_calls(now);
            self.figures.tell(self.core.gates(), now);
            if let Some(standings) = self.core.turned() {
                self.board.standings.send_replace(standings.into());
            }
        }
    }

    /// Waits for messages or the next moment; says whether messages can still come.
    fn wait(&mut self, messages: &mut Vec<Message>) -> bool {
        let wait = self.core.next_wake().map_or(IDLE, |at| at.since(clock::now()).min(IDLE));
        let inputs = &mut self.inputs;
        self.handle.block_on(async {
            let received = tokio::time::timeout(wait, inputs.recv_many(messages, GROUP_LIMIT));
            received.await.is_ok_and(|count| count == 0)
        });
        !(messages.is_empty() && self.inputs.is_closed() && self.inputs.is_empty())
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
            let name = order.pending.call.name();
            gauge!(told::CALLS_UNDER_WAY).increment(1.0);
            let called = Stopwatch::start();
            let call = self.handle.spawn(async move { provider.call(order).await });
            self.handle.spawn(async move {
                let ended = call.await.unwrap_or_else(|panic| {
                    tracing::error!(%panic, %application, "the provider client panicked");
                    Ended::Failed(Failure::Ambiguous { detail: "the client failed".to_owned() })
                });
                gauge!(told::CALLS_UNDER_WAY).decrement(1.0);
                histogram!(told::CALL_TIME, "call" => name).record(called.read());
                counter!(told::CALLS, "call" => name, "outcome" => outcome(&ended)).increment(1);
                let input = Input::Ended { application, effect, ended };
                let _stopped = door.send(Message::Input(input)).await;
            });
        }
    }
}

/// What became of a call, as metrics tell it.
const fn outcome(ended: &Ended) -> &'static str {
    match ended {
        Ended::Told { .. } => "told",
        Ended::Failed(Failure::NotSent { .. }) => "not_sent",
        Ended::Failed(Failure::Ours { .. }) => "ours",
        Ended::Failed(Failure::Busy { .. }) => "busy",
        Ended::Failed(Failure::Ambiguous { .. }) => "ambiguous",
        Ended::Failed(Failure::Hopeless(_)) => "hopeless",
    }
}
