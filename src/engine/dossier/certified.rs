//! Evidence that the signed push and the mobile certification bring (spec 003, 004).

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an applicant told of themselves with a signed push (spec 003).
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Profile {
    /// The WeChat id.
    pub wechat: String,
    /// The QQ number.
    pub qq: String,
    /// The level of education, in the words of the wire.
    pub education: String,
    /// The province of the home.
    pub province: String,
    /// The city of the home.
    pub city: String,
    /// The district of the home.
    pub district: String,
    /// The rest of the home's address.
    pub address: String,
    /// Whether social insurance is paid.
    pub pays_social_insurance: bool,
    /// The Zhima credit score, 0 to 1000.
    pub zhima_score: u32,
    /// Whether the identity number that came with it fails its own check digit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_wrong_check_digit: bool,
}

/// What an applicant answered about earlier debts: the code of the answer by the name of the question
/// (spec 004 §2).
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Questionnaire {
    /// The answers.
    pub answers: BTreeMap<String, String>,
}

/// Birth, sex, household and education (spec 004 §7).
#[derive(Clone, Serialize, Deserialize)]
pub struct Personal {
    /// The date of birth, `YYYY-MM-DD`.
    pub birthday: String,
    /// The sex.
    pub sex: Sex,
    /// The e-mail address.
    pub email: String,
    /// Where the home is, as the form sent it: `State|City`.
    pub home: String,
    /// The other answers, as codes of the form: `marriage`, `children_num`, `education`; and the
    /// identity number, under [`Self::NUMBER`].
    pub details: BTreeMap<String, String>,
}

impl Personal {
    /// What the form calls the identity number.
    pub const NUMBER: &str = "idcardnumber";
}

/// The sex of an applicant, as identity documents have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Male; `H` in a CURP.
    Male,
    /// Female; `M` in a CURP.
    Female,
    /// Neither is told; `X` in a CURP.
    Other,
}

/// Where the loan is paid out to (spec 004 §13).
#[derive(Clone, Serialize, Deserialize)]
pub struct Card {
    /// What the number is.
    pub kind: CardKind,
    /// The bank's code.
    pub bank_code: String,
    /// The number, digits only.
    pub number: String,
    /// Whose it is; empty when not told.
    #[serde(default)]
    pub holder: String,
}

/// What the number of an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardKind {
    /// A debit card's, 16 digits.
    Debit,
    /// A standardised account number of Mexico, 18 digits.
    Clabe,
}

/// A photo that was uploaded.
#[derive(Clone, Serialize, Deserialize)]
pub struct Photo {
    /// The number of the sealed document that holds the image.
    pub document: u32,
    /// The image's media type, by its content: `image/jpeg` or `image/png`.
    pub media_type: String,
    /// What was read from it; none when nothing was, or nobody tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recognised: Option<Recognised>,
}

/// What was read from a photo of an identity card's front.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Recognised {
    /// The name; empty when it was not read.
    pub name: String,
    /// The CURP; empty when it was not read with its check digit right.
    pub number: String,
}
