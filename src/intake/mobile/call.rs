//! The thirteen calls of the app: their paths, and how success is told (spec 004, "Endpoint table").

use crate::contract::{self, Route};

/// One of the calls, in the order of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// Shows the questions about earlier debts (1).
    QuestionnaireInit,
    /// Takes their answers (2).
    QuestionnaireSave,
    /// Shows photos and what was read from them (3).
    IdentityInit,
    /// Takes a photo (4).
    PhotoUpload,
    /// Takes corrected name and number (5).
    IdentitySave,
    /// Shows the form of personal data (6).
    PersonalInit,
    /// Takes it (7).
    PersonalSave,
    /// Shows the form of the job (8).
    JobInit,
    /// Takes it (9).
    JobSave,
    /// Shows the form of emergency contacts (10).
    ContactsInit,
    /// Takes it (11).
    ContactsSave,
    /// Shows the form of the account (12).
    CardInit,
    /// Takes it (13).
    CardSave,
}

impl Call {
    /// Every call.
    pub const ALL: [Self; 13] = [
        Self::QuestionnaireInit,
        Self::QuestionnaireSave,
        Self::IdentityInit,
        Self::PhotoUpload,
        Self::IdentitySave,
        Self::PersonalInit,
        Self::PersonalSave,
        Self::JobInit,
        Self::JobSave,
        Self::ContactsInit,
        Self::ContactsSave,
        Self::CardInit,
        Self::CardSave,
    ];

    /// Gives both of its routes: the one on the wire, and the canonical one (spec 005 A-004-23).
    pub const fn routes(self) -> [Route; 2] {
        match self {
            Self::QuestionnaireInit => contract::QUESTIONNAIRE_INIT,
            Self::QuestionnaireSave => contract::QUESTIONNAIRE_SAVE,
            Self::IdentityInit => contract::IDENTITY_INIT,
            Self::PhotoUpload => contract::PHOTO_UPLOAD,
            Self::IdentitySave => contract::IDENTITY_SAVE,
            Self::PersonalInit => contract::PERSONAL_INIT,
            Self::PersonalSave => contract::PERSONAL_SAVE,
            Self::JobInit => contract::JOB_INIT,
            Self::JobSave => contract::JOB_SAVE,
            Self::ContactsInit => contract::CONTACTS_INIT,
            Self::ContactsSave => contract::CONTACTS_SAVE,
            Self::CardInit => contract::CARD_INIT,
            Self::CardSave => contract::CARD_SAVE,
        }
    }

    /// Gives the code and the message of success, as printed for this call (spec 005 A-004-1).
    pub(super) const fn success(self) -> (&'static str, &'static str) {
        match self {
            Self::IdentityInit => ("0", "success"),
            Self::PhotoUpload | Self::IdentitySave => ("0", "成功"),
            Self::QuestionnaireInit
            | Self::QuestionnaireSave
            | Self::PersonalInit
            | Self::PersonalSave
            | Self::JobInit
            | Self::JobSave
            | Self::ContactsInit
            | Self::ContactsSave
            | Self::CardInit
            | Self::CardSave => ("00", "成功"),
        }
    }

    /// Gives the name that metrics and logs use: the end of the canonical path.
    pub(super) fn name(self) -> &'static str {
        let [_, canonical] = self.routes();
        canonical.name()
    }
}
