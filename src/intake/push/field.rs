//! What a single value must be: texts, names, numbers, addresses, money.
//!
//! It owns the limits of the values and nothing about where they stand. It must never mend a
//! value: white space around a text goes, and a small `x` becomes large, nothing else changes.

use super::json::Field;
use super::{Problem, PushError, Type, Unit};

/// Bytes of an order number: the longest known has 24 digits (spec 005 A-004-16), and it is part
/// of a key in the store.
const ORDER_LIMIT: usize = 64;

/// Characters of a person's name: the longest on an identity card have some thirty, with room
/// for names in Latin letters.
const NAME_LIMIT: usize = 100;

/// Bytes of a URL: what browsers and proxies all take, signatures in it included.
const URL_LIMIT: usize = 2_048;

/// Digits of a phone number: service numbers have 5, and 15 are the most that exist, with room
/// for a prefix.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 5..=20;

/// Bytes of any other text: an address in full, many times over.
const TEXT_LIMIT: usize = 5_000;

/// Reads a text that may be empty: partners send an empty one for what they do not know.
pub(in crate::intake) fn told(field: &Field<'_>) -> Result<String, PushError> {
    let text = field.string()?;
    if text.len() > TEXT_LIMIT {
        return Err(field.error(Problem::TooLong { limit: TEXT_LIMIT, unit: Unit::Bytes }));
    }
    if text.chars().any(char::is_control) {
        return Err(field.error(Problem::Control));
    }
    Ok(text.trim().to_owned())
}

/// Reads a text that says something.
pub(super) fn text(field: &Field<'_>) -> Result<String, PushError> {
    let text = told(field)?;
    if text.is_empty() { Err(field.error(Problem::Empty)) } else { Ok(text) }
}

/// Reads an order number.
pub(super) fn order(field: &Field<'_>) -> Result<String, PushError> {
    let order = text(field)?;
    if order.len() > ORDER_LIMIT {
        return Err(field.error(Problem::TooLong { limit: ORDER_LIMIT, unit: Unit::Bytes }));
    }
    Ok(order)
}

/// Reads the name of a person.
pub(super) fn name(field: &Field<'_>) -> Result<String, PushError> {
    let name = text(field)?;
    if name.chars().count() > NAME_LIMIT {
        return Err(field.error(Problem::TooLong { limit: NAME_LIMIT, unit: Unit::Characters }));
    }
    Ok(name)
}

/// Reads a phone number in plain digits.
pub(super) fn phone(field: &Field<'_>) -> Result<String, PushError> {
    let phone = told(field)?;
    if PHONE_DIGITS.contains(&phone.len()) && is_digits(&phone) {
        Ok(phone)
    } else {
        Err(field.error(Problem::NotAPhone))
    }
}

/// Reads an identity number of either length; a wrong check digit passes (spec 003, "Request
/// body").
pub(super) fn id_card(field: &Field<'_>) -> Result<String, PushError> {
    let number = told(field)?.to_ascii_uppercase();
    let is_one = match number.len() {
        15 => is_digits(&number),
        18 => is_digits(number.strip_suffix('X').unwrap_or(&number)),
        _ => false,
    };
    if is_one { Ok(number) } else { Err(field.error(Problem::NotAnIdCard)) }
}

/// Reads a web address.
pub(super) fn url(field: &Field<'_>) -> Result<String, PushError> {
    let url = text(field)?;
    if url.len() > URL_LIMIT {
        return Err(field.error(Problem::TooLong { limit: URL_LIMIT, unit: Unit::Bytes }));
    }
    let is_one = url.split_once("://").is_some_and(|(scheme, rest)| {
        ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
            && rest.starts_with(|c: char| c.is_alphanumeric() || c == '[')
    });
    if is_one && !url.contains(char::is_whitespace) { Ok(url) } else { Err(field.error(Problem::NotAUrl)) }
}

/// Reads an amount in fen, from a string or a number (spec 005 A-000-10).
pub(super) fn amount_fen(field: &Field<'_>) -> Result<u64, PushError> {
    let amount = whole_number(field)?;
    amount
        .filter(|fen| (1..=i64::MAX.unsigned_abs()).contains(fen))
        .ok_or_else(|| field.error(Problem::NotAnAmount))
}

/// Reads a whole number from a string or a number; none if it is no such number.
pub(super) fn whole_number(field: &Field<'_>) -> Result<Option<u64>, PushError> {
    let digits = match field.number() {
        Some(number) => number.to_owned(),
        None if field.is_string() => told(field)?,
        None => return Err(field.error(Problem::WrongType(Type::StringOrNumber))),
    };
    Ok(if is_digits(&digits) { digits.parse().ok() } else { None })
}

/// Says whether an identity number is as its check digit says; one of 15 digits has none (GB 11643).
pub(super) fn is_check_digit_right(id_card: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: [u8; 11] = *b"10X98765432";
    let Some((check, digits)) = id_card.as_bytes().split_last().filter(|(_, digits)| digits.len() == 17)
    else {
        return true;
    };
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    CHECKS.get(sum as usize % CHECKS.len()) == Some(check)
}

/// Says whether it is made of ASCII digits alone.
pub(in crate::intake) fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
