//! The signed push: who it is, what they tell of themselves, one emergency contact (spec 003).

use super::json::{Field, Object};
use super::{Kind, Order, Problem, Push, PushError, Type, contact, field, sound};
use crate::engine::dossier::{Dossier, Identity, Profile};

/// The highest Zhima score that there can be (spec 005 A-003-2).
const SCORE_LIMIT: u32 = 1_000;

/// Reads the body of a signed push.
///
/// Its members stand in `data`, which is an object or a string that holds one, or at the top (spec 005
/// A-003-1). What is printed as required must be there; it may be empty where only the applicant could
/// know it. Unknown levels of education and relations are kept in their own words (A-003-8).
pub(super) fn read(body: &[u8]) -> Result<Push, PushError> {
    let text = super::utf8(body)?;
    let body = Object::body(text)?;
    let read = match body.find(&["data"])? {
        None => push(&body)?,
        Some(data) if data.is_object() => push(&data.object()?)?,
        Some(data) if data.is_string() => {
            let inner = data.string()?;
            let read = push(&Object::within(&data, &inner)?)?;
            sound::check(&inner)?;
            read
        }
        Some(data) => return Err(data.error(Problem::WrongType(Type::StringOrObject))),
    };
    sound::check(text)?;
    Ok(read)
}

fn push(data: &Object<'_>) -> Result<Push, PushError> {
    let required = |name| data.required(&[name]);
    let told = |name| field::told(&required(name)?);
    let identity = Identity {
        phone: field::phone(&required("phone")?)?,
        id_card: field::id_card(&required("idNum")?)?,
        name: field::name(&required("name")?)?,
    };
    let has_wrong_check_digit = !field::is_check_digit_right(&identity.id_card);
    let profile = Profile {
        wechat: told("wechat")?,
        qq: told("qq")?,
        education: told("eduLevel")?,
        province: told("province")?,
        city: told("city")?,
        district: told("district")?,
        address: told("address")?,
        pays_social_insurance: number(&required("socialInsurancePayed")?, 1)? == 1,
        zhima_score: number(&required("zhimaScore")?, SCORE_LIMIT)?,
        has_wrong_check_digit,
    };
    let contact = contact::read(
        &required("emergencyContactName")?,
        &required("emergencyContactPhone")?,
        &required("emergencyRelation")?,
    )?;
    Ok(Push {
        order: Order::OfPerson,
        phone: Some(identity.phone.clone()),
        id_card: Some(identity.id_card.clone()),
        has_wrong_check_digit,
        parts: vec![Dossier {
            identity: Some(identity),
            profile: Some(profile),
            contacts: Some(vec![contact]),
            ..Dossier::default()
        }],
        kind: Kind::Signed,
    })
}

/// Reads a number that the print calls an integer and its sample writes as a string (A-003-2).
fn number(field: &Field<'_>, most: u32) -> Result<u32, PushError> {
    let number = field::whole_number(field)?;
    number
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| *number <= most)
        .ok_or_else(|| field.error(Problem::NotUpTo { most }))
}
