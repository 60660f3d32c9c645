//! The additional-info push: device, address book, contacts, work (spec 001).

use super::json::{Field, Object};
use super::{Kind, Order, Problem, Push, PushError, Type, contact, field, sound};
use crate::engine::dossier::{BookEntry, Contact, Device, Dossier, Loan, Work};

/// Elements of an address book: what a phone can hold, and more than anyone knows.
const BOOK_LIMIT: usize = 50_000;

/// The names of the amount, the printed one first (spec 005 A-000-6). `[sic]`
const AMOUNT: &[&str] = &["loan_amount", "loanAmount", "loanMount", "loanmount"];

/// What is told of a device and required, but has no use here, under all of its names, the
/// printed one first (spec 001 3.2.2, 1; spec 005 A-001-3, A-001-4). `[sic]`
const TOLD_OF_DEVICE: [&[&str]; 8] = [
    &["device_info", "deviceInfo", "deviceName"],
    &["ip"],
    &["memory"],
    &["storage"],
    &["unuseStorage"],
    &["bettary", "battery"],
    &["isRoot"],
    &["isSimulator"],
];

/// What may be told of a device (spec 001 3.2.2, 1). `[sic]`
const MAYBE_TOLD_OF_DEVICE: [&str; 19] = [
    "idfa",
    "idfv",
    "gpsLongitude",
    "gpsLatitude",
    "gpsAddress",
    "wifi",
    "wifiName",
    "carrier",
    "teleNum",
    "dns",
    "picCount",
    "androidId",
    "udid",
    "uuid",
    "imsi",
    "mac",
    "sdcard",
    "unuseSdcard",
    "imei",
];

/// Reads the body of an additional-info push.
pub(super) fn read(body: &[u8]) -> Result<Push, PushError> {
    let text = super::utf8(body)?;
    let body = Object::body(text)?;
    let order_info = body.object("orderInfo")?;
    let order = field::order(&order_info.required(&["orderNo"])?)?;
    let amount_fen = field::amount_fen(&order_info.required(AMOUNT)?)?;
    let phone = field::phone(&order_info.required(&["userPhone"])?)?;
    let additional = body.object("userAdditional")?;
    let device = device(&additional.object("deviceInfo")?)?;
    let address_book = address_book(&additional.object("addressBook")?)?;
    let contacts = contacts(&additional.object("contactInfo")?)?;
    let work = work(&additional.object("workOfficeInfo")?)?;
    sound::check(text)?;
    Ok(Push {
        order: Order::Told(order),
        phone: Some(phone),
        id_card: None,
        has_wrong_check_digit: false,
        parts: vec![
            Dossier {
                loan: Some(Loan { amount_fen }),
                contacts: Some(contacts),
                work: Some(work),
                device: Some(device),
                ..Dossier::default()
            },
            Dossier { address_book: Some(address_book), ..Dossier::default() },
        ],
        kind: Kind::Additional,
    })
}

/// Reads `deviceInfo` (spec 001 3.2.2, 1).
fn device(info: &Object<'_>) -> Result<Device, PushError> {
    let device = Device {
        device_id: field::text(&info.required(&["deviceId"])?)?,
        last_login: seconds(&field::told(&info.required(&["lastLoginTime"])?)?),
        os: field::told(&info.required(&["osType"])?)?,
        os_version: field::told(&info.required(&["osVersion"])?)?,
        app_market: field::told(&info.required(&["appMarket"])?)?,
    };
    for names in TOLD_OF_DEVICE {
        field::told(&info.required(names)?)?;
    }
    for name in MAYBE_TOLD_OF_DEVICE {
        if let Some(said) = info.find(&[name])? {
            field::told(&said)?;
        }
    }
    Ok(device)
}

/// Reads a time told in seconds or, with 13 digits, in milliseconds (spec 005 A-001-8).
fn seconds(told: &str) -> Option<i64> {
    let number = Some(told).filter(|told| field::is_digits(told))?.parse::<i64>().ok()?;
    match told.len() {
        10 => Some(number),
        13 => Some(number / 1_000),
        _ => None,
    }
}

/// Reads `addressBook`; an empty one is one (spec 001 3.2.2, 2; spec 005 A-001-12).
fn address_book(book: &Object<'_>) -> Result<Vec<BookEntry>, PushError> {
    let list = book.required(&["phoneList"])?.elements(BOOK_LIMIT)?;
    let entries = list.iter().map(book_entry);
    let is_useful = |entry: &BookEntry| entry.phone.contains(|c: char| c.is_ascii_digit());
    entries.filter(|entry| entry.as_ref().map_or(true, is_useful)).collect()
}

/// Reads one element: `name_phone`, split at the last `_`, or an object (spec 005 A-001-6).
fn book_entry(element: &Field<'_>) -> Result<BookEntry, PushError> {
    if element.is_string() {
        let told = field::told(element)?;
        let (name, phone) = told.rsplit_once('_').unwrap_or(("", &told));
        return Ok(BookEntry { name: name.trim().to_owned(), phone: phone.trim().to_owned() });
    }
    if !element.is_object() {
        return Err(element.error(Problem::WrongType(Type::StringOrObject)));
    }
    let entry = element.object()?;
    let part = |name| match entry.find(&[name])? {
        Some(part) => field::told(&part),
        None => Ok(String::new()),
    };
    Ok(BookEntry { name: part("name")?, phone: part("phone")? })
}

/// Reads `contactInfo`: two contacts (spec 001 3.2.2, 3).
fn contacts(info: &Object<'_>) -> Result<Vec<Contact>, PushError> {
    let read = |name, phone, relation| {
        contact::read(&info.required(&[name])?, &info.required(&[phone])?, &info.required(&[relation])?)
    };
    Ok(vec![read("name", "mobile", "relation")?, read("nameSpare", "mobileSpare", "relationSpare")?])
}

/// Reads `workOfficeInfo` (spec 001 3.2.2, 4).
fn work(info: &Object<'_>) -> Result<Work, PushError> {
    let areas = field::text(&info.required(&["areas"])?)?;
    Ok(Work {
        company: field::text(&info.required(&["companyName"])?)?,
        region: areas.split([',', '，']).map(str::trim).collect(),
        address: field::text(&info.required(&["address"])?)?,
        phone: field::text(&info.required(&["telNo"])?)?,
        ..Work::default()
    })
}
