//! CURP, the number of a person in Mexico: form, check digit, and what it says of the person.
//!
//! Four letters of the name, the birth `YYMMDD`, the sex, the state of birth, three consonants of the name,
//! a digit for who was born before 2000 and a letter for who was not, a check digit (Instructivo Normativo
//! of the Registro Nacional de Población).

use crate::engine::dossier::Sex;
use jiff::civil::Date;

/// Characters of a CURP.
pub(super) const LENGTH: usize = 18;

/// The states of birth; `NE` is abroad.
const STATES: [&str; 33] = [
    "AS", "BC", "BS", "CC", "CL", "CM", "CS", "CH", "DF", "DG", "GT", "GR", "HG", "JC", "MC", "MN", "MS",
    "NT", "NL", "OC", "PL", "QT", "QR", "SP", "SL", "SR", "TC", "TS", "TL", "VZ", "YN", "ZS", "NE",
];

/// What the check digit counts a character as: its place here.
const VALUES: &str = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ";

/// A CURP of the right form.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Curp {
    text: String,
    birthday: Date,
    sex: Sex,
}

/// What is wrong with a text that should be a CURP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoCurp {
    #[error("must be a CURP: 18 letters and digits in their order")]
    Form,
    #[error("must be a CURP with a date of birth that there is")]
    Birthday,
    #[error("must be a CURP with a state of birth that there is")]
    State,
}

/// What a place of a CURP may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Letter,
    Digit,
    Either,
}

/// What each place may hold.
pub(super) const fn place(at: usize) -> Place {
    match at {
        0..=3 | 10..=15 => Place::Letter,
        4..=9 | 17 => Place::Digit,
        _ => Place::Either,
    }
}

impl Curp {
    /// Reads a CURP, in letters of either size; a wrong check digit passes, see
    /// [`is_checked`](Self::is_checked).
    pub(super) fn read(text: &str) -> Result<Self, NoCurp> {
        let text = text.trim().to_ascii_uppercase();
        let bytes = text.as_bytes();
        let fits = |(at, byte): (usize, &u8)| match place(at) {
            Place::Letter => byte.is_ascii_uppercase(),
            Place::Digit => byte.is_ascii_digit(),
            Place::Either => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        };
        if bytes.len() != LENGTH || !bytes.iter().enumerate().all(fits) {
            return Err(NoCurp::Form);
        }
        let sex = match bytes[10] {
            b'H' => Sex::Male,
            b'M' => Sex::Female,
            b'X' => Sex::Other,
            _other => return Err(NoCurp::Form),
        };
        if !STATES.contains(&&text[11..13]) {
            return Err(NoCurp::State);
        }
        let number = |at: std::ops::Range<usize>| text[at].parse::<i16>().map_err(|_| NoCurp::Form);
        let century = if bytes[16].is_ascii_digit() { 1900 } else { 2000 };
        let (year, month, day) = (century + number(4..6)?, number(6..8)?, number(8..10)?);
        let birthday = Date::new(year, month as i8, day as i8).map_err(|_| NoCurp::Birthday)?;
        Ok(Self { text, birthday, sex })
    }

    /// Says whether its check digit is right.
    pub(super) fn is_checked(&self) -> bool {
        let value = |c: char| VALUES.chars().position(|value| value == c).unwrap_or_default();
        let sum: usize =
            self.text.chars().take(LENGTH - 1).zip((2..=LENGTH).rev()).map(|(c, w)| value(c) * w).sum();
        self.text.as_bytes()[LENGTH - 1] == b'0' + ((10 - sum % 10) % 10) as u8
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) const fn birthday(&self) -> Date {
        self.birthday
    }

    pub(super) const fn sex(&self) -> Sex {
        self.sex
    }

    /// Its letter of the sex (spec 004 §4 `gender`).
    pub(super) fn sex_letter(&self) -> &str {
        &self.text[10..11]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample of spec 004 §4.
    const SAMPLE: &str = "CORM770627MDFNJR01";

    #[test]
    fn the_printed_one_is_read() {
        let curp = Curp::read(SAMPLE).unwrap();
        assert!(curp.is_checked());
        assert_eq!((curp.birthday().to_string().as_str(), curp.sex()), ("1977-06-27", Sex::Female));
        assert_eq!(curp.sex_letter(), "M");
        assert!(Curp::read(" corm770627mdfnjr01 ").unwrap() == curp);
    }

    /// Samples of the official leaflet and the encyclopedias.
    #[test]
    fn known_ones_are_checked() {
        for (text, birthday, sex) in [
            ("BOXW310820HNERXN09", "1931-08-20", Sex::Male),
            ("MAAR790213HMNRLF03", "1979-02-13", Sex::Male),
            ("HEGG560427MVZRRL04", "1956-04-27", Sex::Female),
        ] {
            let curp = Curp::read(text).unwrap();
            assert!(curp.is_checked(), "{text}");
            assert_eq!((curp.birthday().to_string().as_str(), curp.sex()), (birthday, sex));
        }
    }

    #[test]
    fn a_letter_before_the_check_digit_is_of_this_century() {
        let curp = Curp::read("CORM050627MDFNJRA1").unwrap();
        assert_eq!(curp.birthday().to_string(), "2005-06-27");
    }

    #[test]
    fn one_wrong_character_is_noticed() {
        let right = SAMPLE.as_bytes();
        let mut unnoticed = 0;
        for at in 0..LENGTH {
            for other in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" {
                let mut wrong = right.to_vec();
                wrong[at] = *other;
                let wrong = String::from_utf8(wrong).unwrap();
                let is_fine = Curp::read(&wrong).is_ok_and(|curp| curp.is_checked());
                unnoticed += usize::from(is_fine && wrong != SAMPLE);
            }
        }
        // A digit of ten values cannot tell all letters apart, and weights of even numbers less.
        assert!(unnoticed < 60, "{unnoticed}");
    }

    #[test]
    fn what_is_none_is_told_apart() {
        for (text, error) in [
            ("", NoCurp::Form),
            ("CORM770627MDFNJR0", NoCurp::Form),
            ("CORM770627MDFNJR011", NoCurp::Form),
            ("C0RM770627MDFNJR01", NoCurp::Form),
            ("CORM77O627MDFNJR01", NoCurp::Form),
            ("CORM770627ADFNJR01", NoCurp::Form),
            ("CORM770627MDFNJR0X", NoCurp::Form),
            ("ÑORM770627MDFNJR0", NoCurp::Form),
            ("CORM770631MDFNJR01", NoCurp::Birthday),
            ("CORM771327MDFNJR01", NoCurp::Birthday),
            ("CORM770627MXXNJR01", NoCurp::State),
        ] {
            assert_eq!(Curp::read(text).err(), Some(error), "{text}");
        }
    }
}
