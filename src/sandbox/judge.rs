//! What is said of a client's calls, whatever the system.
//!
//! Owns the notes in the ledger about answers and data calls that do not fit, and the refusals that
//! go with them. It must never move a session.

use super::misfit::{Misfit, NoData, NotTaken, Taken};
use super::reply::Setback;
use super::{Sandbox, Script, Subject, Violation};

/// Bytes of an answer.
const MAX_ANSWER: usize = 64;

impl Sandbox {
    /// Refuses an answer that nobody can have typed.
    pub(super) fn check_length(name: &str, text: &str) -> Result<(), Setback> {
        if text.len() > MAX_ANSWER {
            return Err(Setback::field(name, "is longer than 64 bytes"));
        }
        Ok(())
    }

    /// Notes what became of an answer.
    pub(super) fn judged(
        &mut self,
        name: &str,
        taken: Result<Taken, NotTaken>,
        subject: &Subject,
    ) -> Result<Taken, Setback> {
        let taken = taken.map_err(|not_taken| match not_taken {
            NotTaken::Refused => Setback::field(name, "is wrong"),
            NotTaken::SystemError => Setback::system("系统错误"),
            NotTaken::Misfit(misfit) => {
                self.nobody_asked(name, misfit, subject);
                self.misfit(name, misfit, subject)
            }
        })?;
        self.ledger.answer_processed(self.script_of(subject));
        if taken.is_repeat {
            let text = format!("{name}: answer twice");
            self.ledger.breach(self.now, Violation::AnswerTwice, subject, text);
        }
        Ok(taken)
    }

    /// Notes something submitted that was not asked for, unless it came too late or its end was told.
    pub(super) fn nobody_asked(&mut self, name: &str, misfit: Misfit, subject: &Subject) {
        if !misfit.is_end_told && !misfit.is_excused {
            let text = format!("{name} nobody asked for in state {}", misfit.state);
            self.ledger.breach(self.now, Violation::NobodyAsked, subject, text);
        }
    }

    /// Says why there is no data.
    pub(super) fn no_data(&mut self, call: &str, no_data: NoData, subject: &Subject) -> Setback {
        match no_data {
            NoData::NotYet => Setback::collecting(),
            NoData::SystemError => Setback::system("系统错误"),
            NoData::Misfit(misfit) => self.misfit(call, misfit, subject),
        }
    }

    /// A call that does not fit the state: it changes nothing (spec 006 §2 row 19).
    pub(super) fn misfit(&mut self, call: &str, misfit: Misfit, subject: &Subject) -> Setback {
        if misfit.is_end_told {
            let text = format!("{call} after the end in state {}", misfit.state);
            self.ledger.breach(self.now, Violation::CallAfterEnd, subject, text);
        }
        misfit.refusal(call)
    }

    /// The script of whom a call is about.
    pub(super) fn script_of(&self, subject: &Subject) -> Script {
        subject.mobile.map_or(Script::Happy, Script::of)
    }
}
