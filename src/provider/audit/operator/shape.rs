//! Operator data as far as the audit needs it (spec 000, `operatorVerify`).
//!
//! Owns the tolerance towards it: no format is promised, so a value of an unexpected kind reads as
//! one that is not told, and nothing but broken JSON is an error.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The whole, or the wrapping around it.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Operator {
    pub(super) data: Option<Box<Section<Self>>>,
    pub(super) created_time: Loose,
    pub(super) task_data: Option<Section<Task>>,
}

/// `task_data`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Task {
    #[serde(deserialize_with = "list")]
    pub(super) bill_info: Vec<Bill>,
    #[serde(deserialize_with = "list")]
    pub(super) sms_info: Vec<MonthOfMessages>,
    #[serde(deserialize_with = "list")]
    pub(super) call_info: Vec<MonthOfCalls>,
    #[serde(deserialize_with = "section")]
    pub(super) account_info: Account,
    #[serde(deserialize_with = "section")]
    pub(super) base_info: Base,
}

/// `bill_info[]`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Bill {
    /// The month, `YYYY-MM`.
    pub(super) bill_cycle: Loose,
    /// All fees in fen.
    pub(super) bill_total: Loose,
}

/// `sms_info[]`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct MonthOfMessages {
    #[serde(deserialize_with = "list")]
    pub(super) sms_record: Vec<Message>,
}

/// `sms_info[].sms_record[]`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Message {
    pub(super) msg_start_time: Loose,
    /// 发送 sent, 接收 received.
    pub(super) msg_type: Loose,
    pub(super) msg_other_num: Loose,
}

/// `call_info[]`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct MonthOfCalls {
    #[serde(deserialize_with = "list")]
    pub(super) call_record: Vec<Call>,
}

/// `call_info[].call_record[]`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Call {
    pub(super) call_start_time: Loose,
    /// 主叫 outgoing, 被叫 incoming, 呼转 forwarded.
    pub(super) call_type_name: Loose,
    pub(super) call_other_number: Loose,
    /// Seconds.
    pub(super) call_time: Loose,
}

/// `account_info`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Account {
    /// 已登记 or 未登记.
    pub(super) real_info: Loose,
}

/// `base_info`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Base {
    pub(super) user_name: Loose,
    pub(super) cert_num: Loose,
}

/// A text or a number, as text; anything else, `未知` and the empty text are not told.
#[derive(Default)]
pub(super) struct Loose(Option<String>);

impl Loose {
    /// Gives what is told.
    pub(super) fn known(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Gives what is told and not masked.
    pub(super) fn unmasked(&self) -> Option<&str> {
        self.known().filter(|text| !text.contains('*'))
    }

    /// Gives a whole number that is told.
    pub(super) fn number(&self) -> Option<u64> {
        self.known()?.parse().ok()
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Lenient::<Self>::new())
    }
}

impl Kind<'_> for Loose {
    fn text(text: &str) -> Self {
        let text = text.trim();
        let is_told = !matches!(text, "" | "未知");
        Self(is_told.then(|| text.to_owned()))
    }
}

/// An object; anything else reads as an empty one.
#[derive(Default)]
pub(super) struct Section<T>(pub(super) T);

impl<'de, T: Default + Deserialize<'de>> Deserialize<'de> for Section<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Lenient::<Self>::new())
    }
}

impl<'de, T: Default + Deserialize<'de>> Kind<'de> for Section<T> {
    fn object<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Self)
    }
}

/// A list of objects; anything else reads as an empty one.
#[derive(Default)]
struct List<T>(Vec<T>);

impl<'de, T: Default + Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Lenient::<Self>::new())
    }
}

impl<'de, T: Default + Deserialize<'de>> Kind<'de> for List<T> {
    fn list<A: SeqAccess<'de>>(mut seq: A) -> Result<Self, A::Error> {
        let mut list = Vec::new();
        while let Some(Section(element)) = seq.next_element()? {
            list.push(element);
        }
        Ok(Self(list))
    }
}

fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    List::deserialize(deserializer).map(|list| list.0)
}

fn section<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Section::deserialize(deserializer).map(|section| section.0)
}

/// A value read from the kind of JSON it expects; its default stands for every other kind.
trait Kind<'de>: Default {
    fn text(_: &str) -> Self {
        Self::default()
    }

    fn object<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }

    fn list<A: SeqAccess<'de>>(mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

/// Reads any kind of JSON into a [`Kind`].
struct Lenient<K>(PhantomData<K>);

impl<K> Lenient<K> {
    const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, K: Kind<'de>> Visitor<'de> for Lenient<K> {
    type Value = K;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<K, E> {
        Ok(K::text(text))
    }

    fn visit_i64<E>(self, number: i64) -> Result<K, E> {
        Ok(K::text(&number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<K, E> {
        Ok(K::text(&number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<K, E> {
        Ok(K::text(&number.to_string()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<K, E> {
        Ok(K::default())
    }

    fn visit_unit<E>(self) -> Result<K, E> {
        Ok(K::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<K, A::Error> {
        K::object(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<K, A::Error> {
        K::list(seq)
    }
}
