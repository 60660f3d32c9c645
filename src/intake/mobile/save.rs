//! What a save says: from a form to evidence (spec 004 §2, §5, §7, §9, §11, §13; 006 §7.3).
//!
//! Pure. What is wrong is refused and named; what is only doubtful is taken, and its field told as a doubt
//! (spec 005 A-004-9, A-004-12).

use super::account::{CARD_DIGITS, CLABE_DIGITS, is_card_checked, is_clabe_checked, is_of_bank};
use super::answer::Wrong;
use super::catalogue::{Catalogue, Item};
use super::curp::Curp;
use super::form::Form;
use crate::config::CheckDigits;
use crate::engine::dossier::{
    Card, CardKind, Contact, Dossier, Identity, Personal, Questionnaire, Relation, Sex, Work,
};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// The number that the personal form told, kept until the card's is known (spec 004 §7).
pub(super) const NUMBER: &str = Personal::NUMBER;

/// What the personal form always tells besides what its items ask.
const PERSONAL: [&str; 3] = ["marriage", "children_num", "education"];

/// What the form of the job tells of the pay and the work (spec 004 §9).
pub(super) const JOB: [&str; 6] =
    ["industry", "job_type", "monthly_income", "salary_day", "salary_day_1", "salary_type"];

/// What the call for personal data has for itself.
const PERSONAL_OWN: [&str; 5] = ["birthday", "sex", NUMBER, "email", "home_city"];

/// What the call for the job has for itself.
const JOB_OWN: [&str; 4] = ["company_address", "company_full_address", "company_name", "company_phone"];

/// By what a save is read.
pub(super) struct Reader<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) check_digits: CheckDigits,
    /// Whose session it is.
    pub(super) phone: &'a str,
    /// What is stored of the applicant.
    pub(super) held: &'a Dossier,
    pub(super) today: Date,
    /// The fields that are doubtful.
    pub(super) doubts: Vec<String>,
}

impl Reader<'_> {
    /// Reads the answers about earlier debts.
    pub(super) fn questionnaire(&mut self, form: &Form<'_>) -> Result<Vec<Dossier>, Wrong> {
        let mut answers = BTreeMap::new();
        self.items(form, &self.catalogue.questionnaire, &[], &mut answers)?;
        let questionnaire = Some(Questionnaire { answers });
        Ok(vec![Dossier { questionnaire, ..Dossier::default() }])
    }

    /// Reads corrected name and number; a birth date that is not the number's is wrong.
    pub(super) fn identity(&mut self, form: &Form<'_>) -> Result<Vec<Dossier>, Wrong> {
        if form.code("type")? != "11" {
            return Err(Wrong::new("type", "must be 11: only the front is corrected"));
        }
        let name = form.text("name")?;
        let curp = form.curp("id_number")?;
        self.check_curp("id_number", &curp)?;
        born(form, "birthday", &curp, "id_number", self.today)?;
        Ok(self.identified(name, &curp))
    }

    /// The evidence of who it is: the number of the card counts everywhere, so personal data that told
    /// another one is put right.
    pub(super) fn identified(&self, name: String, curp: &Curp) -> Vec<Dossier> {
        let id_card = curp.text().to_owned();
        let identity = Identity { name, phone: self.phone.to_owned(), id_card: id_card.clone() };
        let mut parts = vec![Dossier { identity: Some(identity), ..Dossier::default() }];
        if let Some(personal) = &self.held.personal
            && personal.details.get(NUMBER) != Some(&id_card)
        {
            let mut personal = personal.clone();
            personal.birthday = curp.birthday().to_string();
            personal.details.insert(NUMBER.to_owned(), id_card);
            parts.push(Dossier { personal: Some(personal), ..Dossier::default() });
        }
        parts
    }

    /// Reads personal data; its number must be the card's, once that is known.
    pub(super) fn personal(&mut self, form: &Form<'_>) -> Result<Vec<Dossier>, Wrong> {
        let curp = form.curp(NUMBER)?;
        self.check_curp(NUMBER, &curp)?;
        if let Some(identity) = &self.held.identity
            && identity.id_card != curp.text()
        {
            return Err(Wrong::new(NUMBER, "must be the number of the identity card"));
        }
        let birthday = born(form, "birthday", &curp, NUMBER, self.today)?;
        let sex = match form.code("sex")?.as_str() {
            "1" => Sex::Male,
            "2" => Sex::Female,
            _other => Sex::Other,
        };
        if sex != curp.sex() {
            self.doubts.push("sex".to_owned());
        }
        let mut details: BTreeMap<_, _> = [(NUMBER.to_owned(), curp.text().to_owned())].into();
        for name in PERSONAL {
            details.insert(name.to_owned(), form.code(name)?);
        }
        self.items(form, &self.catalogue.personal, &PERSONAL_OWN, &mut details)?;
        let (email, home) = (form.email("email")?, form.text("home_city")?);
        let personal = Some(Personal { birthday: birthday.to_string(), sex, email, home, details });
        Ok(vec![Dossier { personal, ..Dossier::default() }])
    }

    /// Reads work and pay.
    pub(super) fn job(&mut self, form: &Form<'_>) -> Result<Vec<Dossier>, Wrong> {
        let mut details = BTreeMap::new();
        for name in JOB {
            details.insert(name.to_owned(), form.code(name)?);
        }
        self.items(form, &self.catalogue.job, &JOB_OWN, &mut details)?;
        // The printed sample is no number.
        let phone = form.text("company_phone")?;
        if form.phone("company_phone").is_err() {
            self.doubts.push("company_phone".to_owned());
        }
        let work = Some(Work {
            company: form.text("company_name")?,
            region: form.text("company_address")?,
            address: form.text("company_full_address")?,
            phone,
            details,
        });
        Ok(vec![Dossier { work, ..Dossier::default() }])
    }

    /// Reads the two emergency contacts.
    pub(super) fn contacts(&mut self, form: &Form<'_>) -> Result<Vec<Dossier>, Wrong> {
        let mut contact = |which: &str| {
            let field = format!("{which}_relation");
            let told_as = form.code(&field)?;
            if !self.catalogue.contacts.relations.iter().any(|choice| choice.code() == told_as) {
                self.doubts.push(field);
            }
            Ok::<_, Wrong>(Contact {
                name: form.text(&format!("{which}_name"))?,
                phone: form.phone(&format!("{which}_mobile"))?,
                relation: relation(&told_as),
                told_as,
            })
        };
        let contacts = Some(vec![contact("first")?, contact("second")?]);
        Ok(vec![Dossier { contacts, ..Dossier::default() }])
    }

    /// Reads the account that the loan is paid out to.
    pub(super) fn card(&mut self, form: &Form<'_>) -> Result<Vec<Dossier>, Wrong> {
        let kind = match form.code("bankType")?.as_str() {
            "1" => CardKind::Debit,
            "2" => CardKind::Clabe,
            _other => return Err(Wrong::new("bankType", "must be 1, a debit card, or 2, a CLABE")),
        };
        let bank_code = form.code("bankCode")?;
        let number = form.digits("cardNo")?.ok_or_else(|| Wrong::new("cardNo", "is required"))?;
        if form.digits("confirmCardNo")?.is_some_and(|repeated| repeated != number) {
            return Err(Wrong::new("confirmCardNo", "must be the same as cardNo"));
        }
        let (digits, is_checked) = match kind {
            CardKind::Debit => (CARD_DIGITS, is_card_checked(&number)),
            CardKind::Clabe => (CLABE_DIGITS, is_clabe_checked(&number)),
        };
        if number.len() != digits {
            return Err(Wrong::new("cardNo", format!("must be {digits} digits")));
        }
        self.check_digit("cardNo", is_checked)?;
        let is_listed = |item: &Item| {
            matches!(item.code.as_deref(), Some("hotBank" | "bankCode")) && item.offers(&bank_code)
        };
        let is_of_bank = kind != CardKind::Clabe || is_of_bank(&number, &bank_code);
        if !self.catalogue.card.iter().any(is_listed) || !is_of_bank {
            self.doubts.push("bankCode".to_owned());
        }
        let holder = form.maybe("userName")?.unwrap_or_default();
        let card = Some(Card { kind, bank_code, number, holder });
        Ok(vec![Dossier { card, ..Dossier::default() }])
    }

    /// Reads what the items of a form ask, apart from what the call has a place of its own for; an answer
    /// that no list offers is doubtful.
    fn items(
        &mut self,
        form: &Form<'_>,
        items: &[Item],
        own: &[&str],
        answers: &mut BTreeMap<String, String>,
    ) -> Result<(), Wrong> {
        for (item, code) in items.iter().filter_map(|item| Some((item, item.code.as_deref()?))) {
            let is_code = item.has_options() && !own.contains(&code);
            let answer = if is_code { form.maybe_code(code)? } else { form.maybe(code)? };
            match answer {
                Some(answer) => {
                    if !item.offers(&answer) {
                        self.doubts.push(code.to_owned());
                    }
                    if !own.contains(&code) {
                        answers.insert(code.to_owned(), answer);
                    }
                }
                None if item.is_optional() => {}
                None => return Err(Wrong::new(code, "is required")),
            }
        }
        Ok(())
    }

    fn check_curp(&mut self, field: &str, curp: &Curp) -> Result<(), Wrong> {
        self.check_digit(field, curp.is_checked())
    }

    fn check_digit(&mut self, field: &str, is_right: bool) -> Result<(), Wrong> {
        match self.check_digits {
            _ if is_right => {}
            CheckDigits::Warn => self.doubts.push(field.to_owned()),
            CheckDigits::Refuse => return Err(Wrong::new(field, "must have the right check digit")),
        }
        Ok(())
    }
}

/// The birth date, which a CURP says too.
fn born(form: &Form<'_>, field: &str, curp: &Curp, number: &str, today: Date) -> Result<Date, Wrong> {
    let birthday = form.birthday(field, today)?;
    if birthday == curp.birthday() {
        Ok(birthday)
    } else {
        Err(Wrong::new(field, format!("must be the date of birth that {number} says")))
    }
}

/// Finds the relation for a code (spec 006 §7.3).
fn relation(code: &str) -> Relation {
    match code {
        "1" => Relation::Parent,
        "2" => Relation::Spouse,
        "3" => Relation::Child,
        "4" => Relation::Sibling,
        "5" => Relation::Friend,
        "6" => Relation::Colleague,
        _ => Relation::Other,
    }
}
