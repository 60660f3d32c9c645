//! Evidence for the eyes of people: as it is, or masked.
//!
//! Owns what is hidden and how. It must never show more of what is masked than that it is there.

use super::Dossier;
use crate::machine::evidence::EvidenceKind;
use serde_json::{Value, json};

/// Where other evidence repeats what identity tells: personal data its number, a photo what was read from it.
const IDENTITY_ELSEWHERE: [&str; 2] = ["/details/idcardnumber", "/recognised"];

/// How many characters at the end of a masked text are shown: enough to tell two apart by phone.
const SHOWN: usize = 2;

/// Tells the values of a kind as JSON, as they are if the kind is among those in clear. What is large is told
/// by its size alone, also in clear; what repeats the identity is masked wherever identity is.
pub fn values(dossier: &Dossier, kind: EvidenceKind, clear: &[EvidenceKind]) -> String {
    let is_clear = clear.contains(&kind);
    let value = match (&dossier.address_book, &dossier.operator_data) {
        (Some(entries), _) if kind == EvidenceKind::AddressBook => json!({ "entries": entries.len() }),
        (_, Some(data)) if kind == EvidenceKind::OperatorData => json!({ "bytes": data.get().len() }),
        (_, _) => {
            let whole = serde_json::to_value(dossier).expect("a dossier is always JSON");
            let mut value = whole.get(kind.name()).cloned().unwrap_or(Value::Null);
            if !is_clear {
                return mask(value).to_string();
            }
            if !clear.contains(&EvidenceKind::Identity) {
                for place in IDENTITY_ELSEWHERE {
                    if let Some(repeated) = value.pointer_mut(place) {
                        *repeated = mask(repeated.take());
                    }
                }
            }
            value
        }
    };
    value.to_string()
}

fn mask(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(masked(&text)),
        Value::Number(number) => Value::String(masked(&number.to_string())),
        Value::Array(values) => Value::Array(values.into_iter().map(mask).collect()),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (name, mask(value))).collect())
        }
        Value::Null | Value::Bool(_) => Value::Null,
    }
}

/// Letters and digits are hidden, but the last two of a text of at least three times as many.
fn masked(text: &str) -> String {
    let count = text.chars().count();
    let shown_from = if count >= 3 * SHOWN { count - SHOWN } else { count };
    let hide = |(at, c): (usize, char)| if at < shown_from && c.is_alphanumeric() { '*' } else { c };
    text.chars().enumerate().map(hide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::dossier::{BookEntry, Identity, Loan, Personal, Photo, Recognised, Sex};

    fn dossier() -> Dossier {
        let identity = Identity {
            name: "姚测试".to_owned(),
            phone: "18301231234".to_owned(),
            id_card: "51330119911231231X".to_owned(),
        };
        let entry = BookEntry { name: "张一".to_owned(), phone: "18221501320".to_owned() };
        Dossier {
            identity: Some(identity),
            loan: Some(Loan { amount_fen: 150_000 }),
            address_book: Some(vec![entry]),
            ..Dossier::default()
        }
    }

    #[test]
    fn what_is_masked_tells_no_more_than_its_end() {
        let values = values(&dossier(), EvidenceKind::Identity, &[]);
        assert_eq!(values, r#"{"id_card":"****************1X","name":"***","phone":"*********34"}"#);
        assert_eq!(super::values(&dossier(), EvidenceKind::Loan, &[]), r#"{"amount_fen":"****00"}"#);
    }

    #[test]
    fn what_is_clear_is_told_as_it_is_and_what_is_large_by_its_size() {
        let values = values(&dossier(), EvidenceKind::Loan, &[EvidenceKind::Loan]);
        assert_eq!(values, r#"{"amount_fen":150000}"#);
        for clear in [&[EvidenceKind::AddressBook][..], &[]] {
            let values = super::values(&dossier(), EvidenceKind::AddressBook, clear);
            assert_eq!(values, r#"{"entries":1}"#);
        }
        assert_eq!(super::values(&dossier(), EvidenceKind::Work, &[EvidenceKind::Work]), "null");
    }

    #[test]
    fn the_identity_number_is_masked_wherever_identity_is() {
        let details = [(Personal::NUMBER.to_owned(), "CORM770627MDFNJR01".to_owned())].into();
        let personal = Some(Personal {
            birthday: "1977-06-27".to_owned(),
            sex: Sex::Female,
            email: "a@example.com".to_owned(),
            home: "Candela".to_owned(),
            details,
        });
        let dossier = Dossier { personal, ..Dossier::default() };
        let both = [EvidenceKind::Personal, EvidenceKind::Identity];
        for (clear, number) in [(&both[..1], "****************01"), (&both, "CORM770627MDFNJR01")] {
            let values = values(&dossier, EvidenceKind::Personal, clear);
            assert!(values.contains("1977-06-27") && values.contains(&format!("\"{number}\"")), "{values}");
        }
        let recognised = Some(Recognised { name: "ANA".to_owned(), number: "CORM770627MDFNJR01".to_owned() });
        let photo = Photo { document: 7, media_type: "image/png".to_owned(), recognised };
        let dossier = Dossier { front_photo: Some(photo), ..Dossier::default() };
        let values = values(&dossier, EvidenceKind::FrontPhoto, &[EvidenceKind::FrontPhoto]);
        assert!(
            values.contains("image/png") && !values.contains("CORM") && !values.contains("ANA"),
            "{values}"
        );
    }
}
