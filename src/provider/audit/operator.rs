//! The audit's telecom section, drawn from an operator's raw data (spec 006 §7.2).
//!
//! Owns the sums over calls and messages of one number. It must never pass on what the operator
//! did not know or hid: `未知`, `null` and masked numbers count as not told.

mod shape;

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::DateTime;

use self::shape::{Account, Base, Call, Loose, Message, Operator, Task};
use super::{AuditDialect, FORMAT, filled};
use crate::engine::provider::Failure;
use crate::provider::failure::missing;
use crate::provider::wire::audit::dossier::{Bill, CallContact, TelecomData};

/// Fills the section from the JSON text of operator data in the shape of spec 000, wrapped in
/// `data` or not (spec 005 A-000-4).
pub(super) fn telecom_data(text: &[u8], dialect: &AuditDialect) -> Result<TelecomData, Failure> {
    let operator: Operator = serde_json::from_slice(text).map_err(|_| missing("telecom_data"))?;
    let (created, task) = unwrapped(operator).ok_or_else(|| missing("telecom_data"))?;
    let created = created.known().and_then(moment);
    let Task {
        bill_info,
        sms_info,
        call_info,
        account_info: Account { real_info },
        base_info: Base { user_name, cert_num },
    } = task;
    let mut ledger = Ledger::before(created);
    for call in call_info.into_iter().flat_map(|month| month.call_record) {
        ledger.call(&call);
    }
    for message in sms_info.into_iter().flat_map(|month| month.sms_record) {
        ledger.message(&message);
    }
    let bills = bill_info.into_iter().filter_map(|bill| {
        let month = bill.bill_cycle.unmasked()?.to_owned();
        let amount = amount(bill.bill_total.number()?, dialect.bills_in_yuan);
        Some(Bill { month, amount })
    });
    Ok(TelecomData {
        real_name_status: i64::from(real_info.known() == Some("已登记")),
        real_name_time: None,
        // A masked name is still a name to compare with: the print's own example has one.
        real_name_name: user_name.known().map(str::to_owned),
        real_name_id_card: cert_num.unmasked().map(str::to_owned),
        bill_list: filled(bills.collect(), "telecom_data.bill_list", dialect)?,
        contact_list: filled(ledger.contacts(), "telecom_data.contact_list", dialect)?,
    })
}

/// Writes an amount of fen.
fn amount(fen: u64, in_yuan: bool) -> String {
    if in_yuan { format!("{}.{:02}", fen / 100, fen % 100) } else { fen.to_string() }
}

/// Finds the object that holds the data, and when the data was made.
fn unwrapped(operator: Operator) -> Option<(Loose, Task)> {
    let mut layer = operator;
    loop {
        match (layer.data, layer.task_data) {
            (Some(inner), None) => layer = inner.0,
            // `.data` is the one only if it holds the data (spec 005 A-000-4).
            (Some(inner), Some(_)) if inner.0.task_data.is_some() => layer = inner.0,
            (_, task) => return Some((layer.created_time, task?.0)),
        }
    }
}

/// What was exchanged with whom.
struct Ledger {
    window: Option<Window>,
    numbers: BTreeMap<String, Tally>,
}

/// The last week and month before the data was made.
struct Window {
    week: DateTime,
    month: DateTime,
    end: DateTime,
}

/// What was exchanged with one number.
#[derive(Default)]
struct Tally {
    first: Option<DateTime>,
    last: Option<DateTime>,
    outgoing: Talk,
    incoming: Talk,
    all: Talk,
    sent: i64,
    received: i64,
    messages: i64,
    week: i64,
    month: i64,
}

/// Calls of one direction.
#[derive(Default)]
struct Talk {
    count: u64,
    seconds: u64,
}

impl Ledger {
    fn before(created: Option<DateTime>) -> Self {
        let window = created.and_then(|end| {
            Some(Window {
                week: end.checked_sub(7.days()).ok()?,
                month: end.checked_sub(30.days()).ok()?,
                end,
            })
        });
        Self { window, numbers: BTreeMap::new() }
    }

    fn call(&mut self, call: &Call) {
        let Some(tally) = self.contact(&call.call_other_number, &call.call_start_time) else {
            return;
        };
        let seconds = call.call_time.number().unwrap_or_default();
        tally.all.add(seconds);
        match call.call_type_name.known() {
            Some("主叫") => tally.outgoing.add(seconds),
            Some("被叫") => tally.incoming.add(seconds),
            _ => {}
        }
    }

    fn message(&mut self, message: &Message) {
        let Some(tally) = self.contact(&message.msg_other_num, &message.msg_start_time) else {
            return;
        };
        tally.messages += 1;
        match message.msg_type.known() {
            Some("发送") => tally.sent += 1,
            Some("接收") => tally.received += 1,
            _ => {}
        }
    }

    /// Notes a contact with a number; none if the number is not told.
    fn contact(&mut self, number: &Loose, at: &Loose) -> Option<&mut Tally> {
        let tally = self.numbers.entry(number.unmasked()?.to_owned()).or_default();
        if let Some(at) = at.known().and_then(moment) {
            tally.first = Some(tally.first.map_or(at, |first| first.min(at)));
            tally.last = Some(tally.last.map_or(at, |last| last.max(at)));
            if let Some(window) = self.window.as_ref().filter(|window| at <= window.end) {
                tally.week += i64::from(at >= window.week);
                tally.month += i64::from(at >= window.month);
            }
        }
        Some(tally)
    }

    /// Lists the numbers; one whose contacts have no time is left out, for the last is required.
    fn contacts(self) -> Vec<CallContact> {
        let has_window = self.window.is_some();
        let contact = |(phone, tally): (String, Tally)| {
            Some(CallContact {
                phone,
                last_contact_date: written(tally.last?),
                talk_seconds: tally.all.seconds.to_string(),
                talk_cnt: tally.all.count.to_string(),
                call_seconds: Some(tally.outgoing.seconds.to_string()),
                call_cnt: Some(tally.outgoing.count.to_string()),
                called_seconds: Some(tally.incoming.seconds.to_string()),
                called_cnt: Some(tally.incoming.count.to_string()),
                first_contact_date: tally.first.map(written),
                msg_cnt: Some(tally.messages),
                send_cnt: Some(tally.sent),
                receive_cnt: Some(tally.received),
                unknown_cnt: Some(tally.messages - tally.sent - tally.received),
                contact_1w: has_window.then_some(tally.week),
                contact_1m: has_window.then_some(tally.month),
            })
        };
        self.numbers.into_iter().filter_map(contact).collect()
    }
}

impl Talk {
    const fn add(&mut self, seconds: u64) {
        self.count += 1;
        self.seconds = self.seconds.saturating_add(seconds);
    }
}

fn moment(text: &str) -> Option<DateTime> {
    text.parse().ok()
}

fn written(at: DateTime) -> String {
    at.strftime(FORMAT).to_string()
}

#[cfg(test)]
mod tests;
