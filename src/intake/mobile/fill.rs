//! What an init shows: the form with the values filled in again that are stored (spec 004 §1, §3, §6, §8,
//! §10, §12).
//!
//! Pure. It must never show more than the applicant told, or was read from their card.

use super::catalogue::{Catalogue, Item};
use super::curp::Curp;
use super::form::written;
use super::save::NUMBER;
use crate::engine::dossier::{CardKind, Dossier, Photo, Sex};
use serde_json::{Map, Value, json};

/// The questions about earlier debts.
pub(super) fn questionnaire(catalogue: &Catalogue, held: &Dossier) -> Value {
    let answers = held.questionnaire.as_ref().map(|held| &held.answers);
    let value = |code: &str| answers.and_then(|answers| answers.get(code)).cloned();
    items(&catalogue.questionnaire, answers.is_some(), value)
}

/// The photos, with links that `link` makes, and what was read from the front.
pub(super) fn identity(held: &Dossier, link: impl Fn(&Photo) -> String) -> Value {
    let shown = |photo: &Option<Photo>| match photo {
        None => json!({ "status": 0 }),
        Some(photo) => json!({ "status": 1, "url": link(photo) }),
    };
    let mut front = shown(&held.front_photo);
    if held.front_photo.is_some() {
        let Who { name, number, birthday, .. } = Who::of(held);
        front["info"] = json!({ "name": name, "id_number": number, "birthday": birthday });
    }
    json!({
        // No upload brings it (spec 005 A-004-10).
        "hands": { "status": 0 },
        "id_front": front,
        "id_back": shown(&held.back_photo),
        "livenessType": 0,
        "liveness": shown(&held.face_photo),
    })
}

/// Personal data; what the identity card says is filled in before anything is saved.
pub(super) fn personal(catalogue: &Catalogue, held: &Dossier) -> Value {
    let Who { number, birthday, sex, .. } = Who::of(held);
    let personal = held.personal.as_ref();
    let value = |code: &str| match (code, personal) {
        ("birthday", _) => Some(birthday.clone()),
        ("sex", Some(personal)) => Some(sex_code(personal.sex).to_owned()),
        ("sex", None) => sex.map(|sex| sex_code(sex).to_owned()),
        (NUMBER, _) => Some(number.clone()),
        (_, None) => None,
        ("email", Some(personal)) => Some(personal.email.clone()),
        ("home_city", Some(personal)) => Some(personal.home.clone()),
        (other, Some(personal)) => personal.details.get(other).cloned(),
    };
    items(&catalogue.personal, personal.is_some(), value)
}

/// Work and pay.
pub(super) fn job(catalogue: &Catalogue, held: &Dossier) -> Value {
    let work = held.work.as_ref();
    let value = |code: &str| {
        let work = work?;
        match code {
            "company_name" => Some(work.company.clone()),
            "company_address" => Some(work.region.clone()),
            "company_full_address" => Some(work.address.clone()),
            "company_phone" => Some(work.phone.clone()),
            other => work.details.get(other).cloned(),
        }
    };
    items(&catalogue.job, work.is_some(), value)
}

/// The emergency contacts.
pub(super) fn contacts(catalogue: &Catalogue, held: &Dossier) -> Value {
    let relations: Vec<_> =
        catalogue.contacts.relations.iter().map(super::catalogue::Choice::shown).collect();
    let contacts = held.contacts.as_deref().unwrap_or_default();
    let mut emergent = json!({ "lineal_list": relations, "other_list": relations, "alternate_phone": "" });
    for (at, which) in ["lineal", "other"].into_iter().enumerate() {
        let contact = contacts.get(at);
        let text = |of: Option<&String>| json!(of.map_or("", String::as_str));
        emergent[format!("{which}_name")] = text(contact.map(|it| &it.name));
        emergent[format!("{which}_relation")] = text(contact.map(|it| &it.told_as));
        emergent[format!("{which}_mobile")] = text(contact.map(|it| &it.phone));
    }
    json!({ "emergent": emergent })
}

/// The account.
pub(super) fn card(catalogue: &Catalogue, held: &Dossier) -> Value {
    let card = held.card.as_ref();
    let value = |item: &Item| {
        let card = card?;
        match item.code.as_deref()? {
            "bankType" => Some(kind_code(card.kind).to_owned()),
            // The shortcut shows the bank if it is one of its own.
            "hotBank" => Some(card.bank_code.clone()).filter(|code| item.offers(code)),
            "bankCode" => Some(card.bank_code.clone()),
            "cardNo" => Some(card.number.clone()),
            _other => None,
        }
    };
    let shown = |item: &Item| {
        let value = value(item).unwrap_or_default();
        let mut shown = item.shown(&value, card.is_some());
        if item.code.is_some() {
            shown.insert("displayValue".to_owned(), json!(item.words(&value)));
        }
        Value::Object(shown)
    };
    json!({ "items": catalogue.card.iter().map(shown).collect::<Vec<_>>() })
}

/// What an upload is answered (spec 004 §4).
pub(super) fn upload(url: &str, who: &Who, is_asked: bool) -> Value {
    let (year, month) = who.curp.as_ref().map_or_else(Default::default, |curp| {
        let birthday = curp.birthday();
        (birthday.year().to_string(), format!("{:02}", birthday.month()))
    });
    json!({
        "idcard_name": who.name,
        "idcard_num": who.number,
        "gender": who.curp.as_ref().map_or("", Curp::sex_letter),
        "birthday": who.birthday,
        "url": url,
        // Without a day, as printed (spec 005 A-004-21).
        "year": year,
        "month": month,
        "is_need_pop": i32::from(is_asked),
        "status": true,
    })
}

/// Who somebody is, as far as it is known.
#[derive(Default)]
pub(super) struct Who {
    name: String,
    number: String,
    /// `DD-MM-YYYY`; empty when it is not known.
    birthday: String,
    sex: Option<Sex>,
    curp: Option<Curp>,
}

impl Who {
    /// A name and a number, each empty when it is not known; the number says the rest.
    pub(super) fn new(name: &str, number: &str) -> Self {
        let curp = Curp::read(number).ok();
        Self {
            name: name.to_owned(),
            number: number.to_owned(),
            birthday: curp.as_ref().map(|curp| written(curp.birthday())).unwrap_or_default(),
            sex: curp.as_ref().map(Curp::sex),
            curp,
        }
    }

    /// As the identity tells it, or else what was read from the front, or else what personal data say.
    fn of(held: &Dossier) -> Self {
        if let Some(identity) = &held.identity {
            return Self::new(&identity.name, &identity.id_card);
        }
        let read = held.front_photo.as_ref().and_then(|photo| photo.recognised.as_ref());
        let told = held.personal.as_ref().and_then(|personal| personal.details.get(NUMBER));
        let number = read.map(|read| &read.number).filter(|number| !number.is_empty()).or(told);
        Self::new(read.map_or("", |read| &read.name), number.map_or("", String::as_str))
    }
}

fn items(items: &[Item], is_done: bool, value: impl Fn(&str) -> Option<String>) -> Value {
    let shown = |item: &Item| -> Map<String, Value> {
        let value = item.code.as_deref().and_then(&value).unwrap_or_default();
        item.shown(&value, is_done)
    };
    json!({ "items": items.iter().map(shown).collect::<Vec<_>>() })
}

const fn sex_code(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "1",
        Sex::Female => "2",
        Sex::Other => "",
    }
}

const fn kind_code(kind: CardKind) -> &'static str {
    match kind {
        CardKind::Debit => "1",
        CardKind::Clabe => "2",
    }
}
