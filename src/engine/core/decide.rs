//! From an input to an item of the group.

use super::look::UNREADABLE_PAUSE;
use super::pending::{Head, Step};
use super::{Answer, Command, Core, Declined, Done, LoadError, Terms};
use crate::engine::hot::After;
use crate::engine::provider::Ended;
use crate::machine::application::{Application, Source};
use crate::machine::call::EffectId;
use crate::machine::event::{Event, EvidenceAdded};
use crate::machine::id::ApplicationId;
use crate::machine::step::{self, Birth, Moved, Refusal, Verdict};
use crate::machine::time::Time;
use crate::machine::view::View;
use crate::store::records::change::ChangeRecord;
use crate::store::records::journal::Entry;
use crate::store::records::{change, index, journal, snapshot};
use crate::store::{self, Item, Request, Store};
use std::sync::Arc;

type Bodies = Vec<(u32, store::Document)>;

impl<S: Store, T> Core<S, T> {
    /// Decides a command on its terms. A repetition is recognised first: what the first time made
    /// false must not refuse it.
    pub(super) fn command(&mut self, command: Command, terms: Terms, now: Time) -> Answer {
        if let Some(request) = terms.request
            && let Some(done) = self.answered_before(request)?
        {
            return Ok(done);
        }
        match command {
            Command::Bring { birth, evidence, bodies } => self.bring(birth, evidence, bodies, terms, now),
            Command::Tell { application, event } => {
                let before = self.load(application)?.ok_or(Declined::NotFound)?;
                self.happens(&before, event, Vec::new(), terms, now)
            }
        }
    }

    fn bring(
        &mut self,
        birth: Birth,
        evidence: EvidenceAdded,
        bodies: Bodies,
        terms: Terms,
        now: Time,
    ) -> Answer {
        let Some(id) = self.find(&birth.source)? else {
            let source = birth.source.clone();
            let event = Event::EvidenceAdded(evidence.clone());
            let moved = step::create(birth, evidence, now, &self.policy).map_err(Declined::Refused)?;
            if terms.is_trial {
                return Ok(tried(moved));
            }
            self.group.born.insert(source, moved.application.id);
            return Ok(self.write(None, &event, moved, bodies, terms.request, now));
        };
        let before = self.load(id)?.ok_or(Declined::NotFound)?;
        if before.id != birth.id {
            return Err(Declined::Exists { application: before.id, key: before.key });
        }
        self.happens(&before, Event::EvidenceAdded(evidence), bodies, terms, now)
    }

    /// Lets an event happen that nobody set terms for.
    pub(super) fn let_happen(
        &mut self,
        before: &Arc<Application>,
        event: Event,
        bodies: Bodies,
        now: Time,
    ) -> Answer {
        self.happens(before, event, bodies, Terms::default(), now)
    }

    /// Lets an event happen to an application: the only way to change one.
    fn happens(
        &mut self,
        before: &Arc<Application>,
        event: Event,
        bodies: Bodies,
        terms: Terms,
        now: Time,
    ) -> Answer {
        if let Some(expected) = terms.expected.filter(|expected| *expected != before.version) {
            return Err(Declined::Changed { expected, found: before.version });
        }
        match step::step(before, event.clone(), now, &self.policy).map_err(Declined::Refused)? {
            Verdict::Moved(moved) if terms.is_trial => Ok(tried(*moved)),
            Verdict::Moved(moved) => Ok(self.write(Some(before), &event, *moved, bodies, terms.request, now)),
            Verdict::Quiet(pending) => {
                self.hot.ask_again(before.id, pending);
                self.schedule(before, now);
                Ok(Done::already(before))
            }
            Verdict::Ignored if terms.is_kept && !terms.is_trial && terms.request.is_some() => {
                let done = self.write(Some(before), &event, unmoved(before), Vec::new(), terms.request, now);
                Ok(Done { repeated: true, ..done })
            }
            Verdict::Ignored => Ok(Done::already(before)),
        }
    }

    /// Appends a move to the group.
    fn write(
        &mut self,
        before: Option<&Arc<Application>>,
        event: &Event,
        moved: Moved,
        bodies: Bodies,
        request: Option<Request>,
        now: Time,
    ) -> Done {
        let entry = Entry::of(event, &moved, now);
        let Moved { application, effects, moves } = moved;
        self.group.moves.extend(moves);
        let change = ChangeRecord {
            at: now,
            before: before.map(|before| View::of(before).brief()),
            after: View::of(&application),
        };
        let (unindex, index) = index::difference(before.map(|before| &**before), &application);
        self.group.items.push(Item {
            application: application.id,
            expected: application.version - 1,
            snapshot: snapshot::to_record(&application),
            entry: journal::to_record(&entry),
            change: change::to_record(&change),
            wake: application.wake(),
            documents: bodies,
            unindex,
            index,
            request,
        });
        let application = Arc::new(application);
        let newest = Arc::clone(&application);
        match self.heads.get_mut(&application.id) {
            Some(head) => head.newest = newest,
            // Nothing of it was left to be settled: what it was before is durable.
            None => {
                let head = Head { newest, durable: before.map(Arc::clone) };
                self.heads.insert(application.id, head);
            }
        }
        self.group.steps.push(Step { application: Arc::clone(&application), effects, at: now });
        let calls = entry.calls;
        let done = Done { view: change.after, calls, repeated: false, application: Some(application) };
        if let Some(Request { key, fingerprint }) = request {
            self.requests.insert(key, (fingerprint, done.clone()));
        }
        done
    }

    /// A call came to its end: it means something, is tried again, or is given up.
    pub(super) fn ended(&mut self, id: ApplicationId, effect: EffectId, ended: Ended, now: Time) {
        self.hear(id, effect, &ended, now);
        let Ok(Some(before)) = self.load(id) else {
            tracing::error!(application = %id, "a call ended for an application that cannot be read: it waits");
            self.hot.forget(id, effect);
            self.hot.plan(id, now + UNREADABLE_PAUSE);
            return;
        };
        let (reply, bodies) = match ended {
            Ended::Told { reply, document } => {
                let number = reply.document().map(|document| document.number);
                (reply, number.into_iter().zip(document).collect())
            }
            Ended::Failed(failure) => {
                let pending = before.outbox.iter().find(|pending| pending.id == effect);
                let Some(pending) = pending else {
                    self.hot.forget(id, effect);
                    return;
                };
                match self.hot.failed(id, pending, failure, now) {
                    After::Again => {
                        let call = pending.call.name();
                        if let Some((tries, detail)) = self.hot.trouble(id) {
                            tracing::info!(application = %id, call, tries, detail, "a call is tried again later");
                        }
                        self.schedule(&before, now);
                        return;
                    }
                    After::Reply(reply) => (reply, Vec::new()),
                }
            }
        };
        self.hot.forget(id, effect);
        if let Err(declined) = self.let_happen(&before, Event::Replied { effect, reply }, bodies, now) {
            tracing::error!(application = %id, ?declined, "a reply was declined");
        }
    }

    /// Finds the application of a source, decided or stored.
    fn find(&self, source: &Source) -> Result<Option<ApplicationId>, Declined> {
        if let Some(id) = self.group.born.get(source) {
            return Ok(Some(*id));
        }
        let found = self.store.indexed(&index::by_source(source), None, 1).map_err(unreadable)?;
        Ok(found.first().copied())
    }

    /// Reads an application as it was decided last, durable or not.
    pub(super) fn load(&self, id: ApplicationId) -> Result<Option<Arc<Application>>, Declined> {
        let known = self.heads.get(&id).map(|head| &head.newest).or_else(|| self.recent.get(id));
        if let Some(known) = known {
            return Ok(Some(Arc::clone(known)));
        }
        super::stored(&*self.store, id).map_err(unreadable)
    }
}

/// The same once more, for what is remembered with it.
fn unmoved(before: &Application) -> Moved {
    let application = Application { version: before.version + 1, ..before.clone() };
    Moved { application, moves: Vec::new(), effects: Vec::new() }
}

/// What would have been done.
fn tried(moved: Moved) -> Done {
    let view = View::of(&moved.application);
    Done { view, calls: journal::calls_of(&moved.effects), repeated: false, application: None }
}

pub(super) fn unreadable(error: impl Into<LoadError>) -> Declined {
    Declined::Unreadable(Arc::new(error.into()))
}

impl From<Refusal> for Declined {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
