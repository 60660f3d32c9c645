//! The base-info push: who it is, what is asked for, photos, the operator's raw data (spec 000).

use super::json::{Field, Object};
use super::{Kind, Order, Problem, Push, PushError, field, sound};
use crate::engine::dossier::{Dossier, Identity, IdentityCard, Loan};
use serde_json::value::RawValue;

/// The names of the amount, the printed one first (spec 005 A-000-6). `[sic]`
const AMOUNT: &[&str] = &["loanMount", "loanmount", "loanAmount", "loan_amount"];

/// What was read from the card and is required, but has no use here (spec 000 2.2.3, 2).
const READ_FROM_CARD: [&str; 8] = [
    "ocrName",
    "ocrRace",
    "ocrSex",
    "ocrBirthday",
    "ocrIdNumber",
    "ocrIssuedBy",
    "ocrStartTime",
    "ocrEndTime",
];

/// Reads the body of a base-info push. The operator's report has no form: it is kept with the body as
/// received, and not read (spec 005 A-000-7).
pub(super) fn read(body: &[u8]) -> Result<Push, PushError> {
    let text = super::utf8(body)?;
    let body = Object::body(text)?;
    let order_info = body.object("orderInfo")?;
    let order = field::order(&order_info.required(&["orderNo"])?)?;
    let amount_fen = field::amount_fen(&order_info.required(AMOUNT)?)?;
    let identity = identity(&body.object("userInfo")?)?;
    let verify = body.object("userVerify")?;
    let operator_data = operator_data(&verify.required(&["operatorVerify"])?)?;
    let identity_card = identity_card(&verify.object("idCardInfo")?)?;
    sound::check(text)?;
    Ok(Push {
        order: Order::Told(order),
        phone: Some(identity.phone.clone()),
        id_card: Some(identity.id_card.clone()),
        has_wrong_check_digit: !field::is_check_digit_right(&identity.id_card),
        parts: vec![
            Dossier {
                identity: Some(identity),
                loan: Some(Loan { amount_fen }),
                identity_card: Some(identity_card),
                ..Dossier::default()
            },
            Dossier { operator_data: Some(operator_data), ..Dossier::default() },
        ],
        kind: Kind::Base,
    })
}

/// Reads `userInfo` (spec 000 2.2.2).
fn identity(info: &Object<'_>) -> Result<Identity, PushError> {
    Ok(Identity {
        name: field::name(&info.required(&["userName"])?)?,
        phone: field::phone(&info.required(&["userPhone"])?)?,
        id_card: field::id_card(&info.required(&["userIdCard"])?)?,
    })
}

/// Takes the operator's raw data: the object, or its `data` if that is the one with `task_data`
/// (spec 005 A-000-4).
fn operator_data(verify: &Field<'_>) -> Result<Box<RawValue>, PushError> {
    let outer = verify.object()?;
    if outer.is_empty() {
        return Err(verify.error(Problem::Empty));
    }
    if let Some(data) = outer.find(&["data"])?
        && data.is_object()
        && data.object()?.find(&["task_data"])?.is_some()
    {
        return Ok(data.raw().to_owned());
    }
    Ok(verify.raw().to_owned())
}

/// Reads `idCardInfo`, which may stand within an object of the same name (spec 005 A-000-5).
fn identity_card(info: &Object<'_>) -> Result<IdentityCard, PushError> {
    match info.find(&["idCardInfo"])? {
        Some(inner) => identity_card_fields(&inner.object()?),
        None => identity_card_fields(info),
    }
}

/// Reads the fields of `idCardInfo` (spec 000 2.2.3, 2).
fn identity_card_fields(info: &Object<'_>) -> Result<IdentityCard, PushError> {
    let card = IdentityCard {
        face_url: field::url(&info.required(&["faceRecognitionPicture"])?)?,
        front_url: field::url(&info.required(&["idNumberZPicture"])?)?,
        back_url: field::url(&info.required(&["idNumberFPicture"])?)?,
        address: field::told(&info.required(&["ocrAddress"])?)?,
    };
    if let Some(held) = info.find(&["idNumberPicture"])?
        && !field::told(&held)?.is_empty()
    {
        field::url(&held)?;
    }
    for name in READ_FROM_CARD {
        field::told(&info.required(&[name])?)?;
    }
    Ok(card)
}
