//! What a session walks through.
//!
//! Owns the kinds of steps, and what may go wrong at one that asks. It must never move.

use crate::sandbox::AnswerKind;

/// One step of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Step<S> {
    /// A state is told for a while.
    Show(S),
    /// A state is told until the time is over.
    Hang(S),
    /// Something is asked for.
    Ask(Ask<S>),
    /// The data can be fetched.
    Ready(S),
    /// The session ends without data.
    Fail(S),
}

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) struct Ask<S> {
    /// What it is told as.
    pub(in crate::sandbox) asked: S,
    /// What is told while an answer is judged.
    pub(in crate::sandbox) submitted: S,
    /// What the applicant should type.
    pub(in crate::sandbox) kind: AnswerKind,
    /// What becomes of a wrong answer.
    pub(in crate::sandbox) wrong: Wrong<S>,
    /// What goes wrong once, because the script wants it.
    pub(in crate::sandbox) mishap: Mishap<S>,
}

impl<S: Copy> Ask<S> {
    /// The same question once the mishap has happened.
    pub(super) const fn without_mishap(self) -> Self {
        Self { mishap: Mishap::None, ..self }
    }

    /// Whether it is a factor after the login, not the login itself.
    pub(super) const fn is_factor(self) -> bool {
        match self.kind {
            AnswerKind::DegreeLogin | AnswerKind::BankLogin => false,
            AnswerKind::Sms
            | AnswerKind::DynamicPassword
            | AnswerKind::Picture
            | AnswerKind::ServicePassword
            | AnswerKind::QueryPassword => true,
        }
    }
}

/// What becomes of a wrong answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Wrong<S> {
    /// It ends the session.
    Fails,
    /// It is told, and another one is taken (spec 006 §4 row 6).
    Told(S),
}

/// What goes wrong once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Mishap<S> {
    /// Nothing.
    None,
    /// A right answer is judged wrong, and taken when it is given again.
    TakenAgain,
    /// A right answer is judged wrong, and another one is asked for (spec 006 §4 row 9).
    AskedAgain,
    /// A right answer is judged wrong, and another SMS comes, told as this state.
    Resent(S),
    /// It runs out at once, and is asked for anew.
    RunsOut,
}
