//! What an applicant must be shown with a question, and the check of what was chosen from it.
//!
//! Owns the way from an open challenge to the document that it shows. It must never repeat what an
//! applicant typed, and never take a login that the list of banks does not.

use super::answer::BankLogin;
use super::bank::{BankList, Flaw, Place};
use super::core::Declined;
use super::{Engine, EngineError, aside};
use crate::machine::challenge::{Agreement, Challenge, Exhibit};
use crate::machine::id::ApplicationId;
use crate::machine::step;
use crate::store::Store;

/// An open question, with what must be shown with it.
#[derive(Debug)]
pub struct Posed {
    /// The question.
    pub challenge: Challenge,
    /// What must be shown.
    pub shown: Option<Shown>,
}

/// What must be shown with a question.
#[derive(Debug)]
pub enum Shown {
    /// A picture, as an image file.
    Picture(Vec<u8>),
    /// The banks to choose from, and the agreement to consent to.
    Banks {
        /// The banks.
        list: BankList,
        /// The agreement.
        agreement: Agreement,
    },
}

/// A bank's login cannot be handed in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// It does not fit what the applicant was shown.
    #[error("the login does not fit the list of banks")]
    Flawed(Vec<Flaw>),
    /// Something else failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl<S: Store> Engine<S> {
    /// Reads an open challenge, with what must be shown with it.
    ///
    /// # Errors
    /// It is declined as an answer would be: there is no such application or challenge, or the challenge
    /// asks no more; or what it shows cannot be read.
    pub async fn challenge(&self, id: ApplicationId, number: u32) -> Result<Posed, EngineError> {
        let application = self.application(id).await?.ok_or(EngineError::Declined(Declined::NotFound))?;
        let open = step::open_challenge(&application, number)
            .map_err(|refusal| EngineError::Declined(Declined::Refused(refusal)))?;
        let (challenge, archive) = (open.clone(), self.archive().clone());
        let shown = match challenge.exhibit {
            None => None,
            Some(Exhibit::Picture { document, .. }) => {
                let picture = aside(move || archive.document(&application, document)).await?;
                Some(Shown::Picture(picture.expose().to_vec()))
            }
            Some(Exhibit::Banks { document, agreement }) => {
                let read = move || {
                    let stored = archive.document(&application, document)?;
                    Ok::<_, EngineError>(BankList::from_json(stored.expose())?)
                };
                Some(Shown::Banks { list: aside(read).await?, agreement })
            }
        };
        Ok(Posed { challenge, shown })
    }

    /// Checks a bank's login against the banks and the agreement that its challenge shows, and puts its
    /// inputs in the order of the list. `consent` is the name of the agreement that the applicant
    /// consents to.
    ///
    /// Where the challenge is not open, or asks for something else, the login comes back as it is:
    /// [`Engine::answer`] says what is wrong, or that it was answered before.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub async fn check_login(
        &self,
        id: ApplicationId,
        number: u32,
        login: BankLogin,
        consent: &str,
    ) -> Result<BankLogin, LoginError> {
        let shown = match self.challenge(id, number).await {
            Ok(posed) => posed.shown,
            Err(EngineError::Declined(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let Some(Shown::Banks { list, agreement }) = shown else { return Ok(login) };
        let is_consent = consent == agreement.name();
        let checked = aside(move || list.check(login)).await;
        if checked.is_ok() && is_consent {
            return checked.map_err(LoginError::Flawed);
        }
        let mut flaws = checked.err().unwrap_or_default();
        if !is_consent {
            let problem = format!("must be `{}`: that is the applicant's consent", agreement.name());
            flaws.push(Flaw { place: Place::Agreement, problem });
        }
        Err(LoginError::Flawed(flaws))
    }
}
