//! The fields of a call's body, each checked for itself.
//!
//! Owns what a single answer must be. Who asks names the fields that there are: whatever else a body holds
//! is noise and never looked at (spec 005 A-004-7).

use super::answer::Wrong;
use super::curp::Curp;
use crate::intake::push::field::{is_digits, told};
use crate::intake::push::json::{Field, Object};
use jiff::civil::Date;
use std::ops::RangeInclusive;

/// Bytes of the code of an answer.
const CODE_LIMIT: usize = 64;

/// Characters of any other answer: names, addresses.
const TEXT_LIMIT: usize = 200;

/// Bytes of an e-mail address (RFC 5321 §4.5.3.1.3).
const EMAIL_LIMIT: usize = 254;

/// Digits of a telephone number: emergency numbers have three, and the printed sample is one.
const PHONE_DIGITS: RangeInclusive<usize> = 3..=20;

/// The years in which somebody who applies can be born; the end is today's.
const BORN_SINCE: i16 = 1900;

/// The ways in which a date is written (spec 005 A-004-14); the first is how we write it.
const DATES: [&str; 3] = ["%d-%m-%Y", "%Y-%m-%d", "%d/%m/%Y"];

/// A body, of which only what is asked for is looked at.
pub(super) struct Form<'a> {
    body: Object<'a>,
}

impl<'a> Form<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Wrong> {
        let text = std::str::from_utf8(body).map_err(|_| Wrong::new("body", "must be UTF-8"))?;
        Ok(Self { body: Object::body(text)? })
    }

    /// Reads an answer; numbers count as the texts that they are written as.
    pub(super) fn maybe(&self, name: &str) -> Result<Option<String>, Wrong> {
        let Some(field) = self.body.find(&[name])? else { return Ok(None) };
        let text = text_of(&field)?;
        if text.chars().count() > TEXT_LIMIT {
            return Err(Wrong::new(name, format!("must be at most {TEXT_LIMIT} characters")));
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// Reads an answer that must be there.
    pub(super) fn text(&self, name: &str) -> Result<String, Wrong> {
        self.maybe(name)?.ok_or_else(|| Wrong::new(name, "is required"))
    }

    /// Reads the code of an answer that may be left out.
    pub(super) fn maybe_code(&self, name: &str) -> Result<Option<String>, Wrong> {
        let Some(code) = self.maybe(name)? else { return Ok(None) };
        if code.len() > CODE_LIMIT || !code.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Wrong::new(
                name,
                format!("must be the `type` of an option: at most {CODE_LIMIT} characters"),
            ));
        }
        Ok(Some(code))
    }

    /// Reads the code of an answer.
    pub(super) fn code(&self, name: &str) -> Result<String, Wrong> {
        self.maybe_code(name)?.ok_or_else(|| Wrong::new(name, "is required"))
    }

    /// Reads a telephone number.
    pub(super) fn phone(&self, name: &str) -> Result<String, Wrong> {
        let phone: String =
            self.text(name)?.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
        let digits = phone.strip_prefix('+').unwrap_or(&phone);
        if PHONE_DIGITS.contains(&digits.len()) && is_digits(digits) {
            Ok(digits.to_owned())
        } else {
            let (least, most) = (PHONE_DIGITS.start(), PHONE_DIGITS.end());
            Err(Wrong::new(name, format!("must be a telephone number of {least} to {most} digits")))
        }
    }

    /// Reads an e-mail address.
    pub(super) fn email(&self, name: &str) -> Result<String, Wrong> {
        let email = self.text(name)?;
        let is_address = email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && domain.contains('.')
                && domain
                    .split('.')
                    .all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'))
        });
        if is_address && email.len() <= EMAIL_LIMIT && !email.contains(char::is_whitespace) {
            Ok(email)
        } else {
            Err(Wrong::new(name, "must be an e-mail address"))
        }
    }

    /// Reads a date of birth before `today`.
    pub(super) fn birthday(&self, name: &str, today: Date) -> Result<Date, Wrong> {
        let told = self.text(name)?;
        // A year of two digits would be taken for one of the first century.
        let is_whole = told.len() == 10;
        let date = DATES.iter().find_map(|form| Date::strptime(form, &told).ok()).filter(|_| is_whole);
        date.filter(|date| date.year() >= BORN_SINCE && *date < today)
            .ok_or_else(|| Wrong::new(name, "must be a date of birth: DD-MM-YYYY, YYYY-MM-DD or DD/MM/YYYY"))
    }

    /// Reads a CURP.
    pub(super) fn curp(&self, name: &str) -> Result<Curp, Wrong> {
        Curp::read(&self.text(name)?).map_err(|problem| Wrong::new(name, problem.to_string()))
    }

    /// Reads a number of an account, which may be grouped.
    pub(super) fn digits(&self, name: &str) -> Result<Option<String>, Wrong> {
        let Some(told) = self.maybe(name)? else { return Ok(None) };
        let digits: String = told.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if digits.is_empty() || !is_digits(&digits) {
            return Err(Wrong::new(name, "must be digits"));
        }
        Ok(Some(digits))
    }
}

/// Writes a date as the app does.
pub(super) fn written(date: Date) -> String {
    date.strftime(DATES[0]).to_string()
}

fn text_of(field: &Field<'_>) -> Result<String, Wrong> {
    match field.number() {
        Some(number) => Ok(number.to_owned()),
        None => Ok(told(field)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 11, 25);

    #[track_caller]
    fn check<T: std::fmt::Debug + PartialEq>(
        value: &str,
        read: impl Fn(&Form<'_>) -> Result<T, Wrong>,
        expected: Result<T, &str>,
    ) {
        let body = format!(r#"{{"noise":[{{"x":[1]}}],"field":{value}}}"#);
        let read = read(&Form::read(body.as_bytes()).unwrap());
        assert_eq!(
            read.map_err(|wrong| wrong.to_string()),
            expected.map_err(|problem| format!("field: {problem}"))
        );
    }

    #[test]
    fn a_text_is_what_it_says() {
        let text = |form: &Form<'_>| form.text("field");
        check(r#"" hhh ""#, text, Ok("hhh".to_owned()));
        check("302021101407000223510036", text, Ok("302021101407000223510036".to_owned()));
        check("null", text, Err("is required"));
        check("\"\"", text, Err("is required"));
        check("\" \"", text, Err("is required"));
        check("true", text, Err("must be a string"));
        check("{}", text, Err("must be a string"));
        check("[\"a\"]", text, Err("must be a string"));
        check(r#""a\u0000b""#, text, Err("must not have control characters"));
        check(r#""\ud800""#, text, Err("must be whole Unicode characters"));
        check(&format!("\"{}\"", "ñ".repeat(TEXT_LIMIT)), text, Ok("ñ".repeat(TEXT_LIMIT)));
        check(&format!("\"{}\"", "ñ".repeat(TEXT_LIMIT + 1)), text, Err("must be at most 200 characters"));
    }

    #[test]
    fn a_code_is_short_and_plain() {
        let code = |form: &Form<'_>| form.code("field");
        check("\"3\"", code, Ok("3".to_owned()));
        check("3", code, Ok("3".to_owned()));
        check("\"a b\"", code, Err("must be the `type` of an option: at most 64 characters"));
        check("\"ñ\"", code, Err("must be the `type` of an option: at most 64 characters"));
        check(&"1".repeat(65), code, Err("must be the `type` of an option: at most 64 characters"));
        check("null", |form| form.maybe_code("field"), Ok(None));
    }

    #[test]
    fn a_date_is_written_in_three_ways() {
        let born = |form: &Form<'_>| form.birthday("field", TODAY);
        for told in ["\"27-06-1977\"", "\"1977-06-27\"", "\"27/06/1977\""] {
            check(told, born, Ok(date(1977, 6, 27)));
        }
        let wrong = "must be a date of birth: DD-MM-YYYY, YYYY-MM-DD or DD/MM/YYYY";
        for told in [
            "\"27-06-77\"",
            "\"31-06-1977\"",
            "\"06/27/1977\"",
            "\"1977\"",
            "\"27.06.1977\"",
            "\"01-01-1899\"",
            "\"25-11-2026\"",
            "\"27-06-1977 \\t\"",
        ] {
            let body = format!(r#"{{"field":{told}}}"#);
            let error = Form::read(body.as_bytes()).unwrap().birthday("field", TODAY).unwrap_err();
            assert!(error.problem == wrong || error.problem.contains("control"), "{told}: {error}");
        }
        assert_eq!(written(date(1977, 6, 7)), "07-06-1977");
    }

    #[test]
    fn an_address_has_a_domain() {
        let email = |form: &Form<'_>| form.email("field");
        check("\"xxxxxx@gmail.mx\"", email, Ok("xxxxxx@gmail.mx".to_owned()));
        for bad in [
            "x",
            "@gmail.mx",
            "x@",
            "x@mx",
            "x@.mx",
            "x@gmail..mx",
            "x y@gmail.mx",
            "x@gmail.mx>",
            "x@y@z.mx",
        ] {
            check(&format!("\"{bad}\""), email, Err("must be an e-mail address"));
        }
    }

    #[test]
    fn telephones_and_accounts_are_digits() {
        let phone = |form: &Form<'_>| form.phone("field");
        check("\"110\"", phone, Ok("110".to_owned()));
        check("\"+52 (855) 346-5753\"", phone, Ok("528553465753".to_owned()));
        for bad in ["sss", "12", "١٢٣٤٥", "123456789012345678901", "1+1"] {
            check(&format!("\"{bad}\""), phone, Err("must be a telephone number of 3 to 20 digits"));
        }
        let digits = |form: &Form<'_>| form.digits("field");
        check("\"0121 8000 1234\"", digits, Ok(Some("012180001234".to_owned())));
        check("\"12a\"", digits, Err("must be digits"));
        check("null", digits, Ok(None));
    }

    #[test]
    fn a_body_is_an_object_with_each_name_once() {
        for (body, error) in [
            (&b""[..], "body: must be JSON, and is not at line 1, column 0"),
            (b"\xff", "body: must be UTF-8"),
            (b"[]", "body: must be an object"),
            (b"{\"a\":1,\"a\":1}", "body: must not have a member twice"),
            (b"{\"a\":", "body: must be JSON, and is not at line 1, column 5"),
        ] {
            assert_eq!(Form::read(body).err().unwrap().to_string(), error);
        }
    }
}
