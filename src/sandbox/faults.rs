//! Disturbances on order.
//!
//! Owns the kinds of faults, which of them comes when (by chance or planned), and the outages of
//! whole systems. It must never make an answer: that is [`super::mangle`].

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::chance::{Chance, Purpose};
use super::{Endpoint, Millis, Mobile, System};

/// Planned faults that wait at once.
pub const MAX_PLANNED: usize = 1_000;
/// The unit of rates.
pub const MILLION: u32 = 1_000_000;
/// The delay of [`Fault::Late`] unless told otherwise: longer than clients have patience.
const LATE_MS: u64 = 60_000;

/// Makes the list of faults from one table, so that none is forgotten in one of its columns.
macro_rules! faults {
    ($($variant:ident, $name:literal, $processed:literal, $text:literal;)*) => {
        /// A disturbance.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Fault {
            $(
                #[doc = concat!("`", $name, "`: ", $text, ".")]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// The fault's name, as the control API spells it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether the call is processed all the same.
            #[must_use]
            pub const fn is_processed(self) -> bool {
                match self { $(Self::$variant => $processed,)* }
            }

            /// What the client sees.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

faults! {
    RequestCut, "request_cut", false, "the connection is cut without an answer";
    Cut, "cut", true, "the connection is cut without an answer";
    Late, "late", true, "the answer comes after `late_ms`, 60 s unless set";
    BadRequest, "http_400", false, "HTTP 400, a page";
    Unauthorized, "http_401", false, "HTTP 401, a page";
    Forbidden, "http_403", false, "HTTP 403, a page";
    NotFound, "http_404", false, "HTTP 404, a page";
    ServerError, "server_error", false, "HTTP 500, a page";
    BadGateway, "http_502", false, "HTTP 502, a page";
    Unavailable, "http_503", false, "HTTP 503, a page";
    TooManyRequests, "too_many_requests", false, "HTTP 429 with `Retry-After: 2`";
    SystemError, "system_error", false, "code 1000";
    TokenRejected, "token_rejected", false, "code 1001, 令牌验证失败";
    Refused, "refused", false, "code 1001, 输入错误: the provider says no";
    Garbage, "garbage", true, "bytes that are no text";
    HtmlPage, "html", false, "HTTP 200 and a page";
    Empty, "empty", true, "HTTP 200 and an empty body";
    CodeText, "code_text", true, "`code` as a string";
    StateText, "state_text", true, "`data.state` as a string";
    DataList, "data_list", true, "`data` as a list of it";
    MissingMembers, "missing_members", true, "`data` without its members";
    UnknownMembers, "unknown_members", true, "members that nobody knows, everywhere";
    Redirect, "redirect", false, "HTTP 307 to `/_sandbox/trap`";
    Huge, "huge", true, "an answer of 21 MiB";
    Drip, "drip", true, "one byte a second";
    GzipBomb, "gzip_bomb", true, "about 1 MiB of gzip that inflates to 1.1 GiB";
    Gzip, "gzip", true, "the answer itself, as gzip that nobody asked for";
    HostileText, "hostile_text", false,
        "code 1000, and a `msg` of 1 MiB: control characters, ANSI escapes, a script, what the caller sent";
}

impl Fault {
    /// Whether the client learns nothing of an answer that was made.
    pub(super) const fn loses_answer(self) -> bool {
        match self {
            Self::CodeText | Self::StateText | Self::UnknownMembers => false,
            Self::RequestCut
            | Self::Cut
            | Self::Late
            | Self::BadRequest
            | Self::Unauthorized
            | Self::Forbidden
            | Self::NotFound
            | Self::ServerError
            | Self::BadGateway
            | Self::Unavailable
            | Self::TooManyRequests
            | Self::SystemError
            | Self::TokenRejected
            | Self::Refused
            | Self::Garbage
            | Self::HtmlPage
            | Self::Empty
            | Self::DataList
            | Self::MissingMembers
            | Self::Redirect
            | Self::Huge
            | Self::Drip
            | Self::GzipBomb
            | Self::Gzip
            | Self::HostileText => true,
        }
    }
}

/// Faults by chance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Faults {
    /// Which calls are hit follows from it, and from their order.
    #[serde(default)]
    pub seed: u64,
    /// How many of a million calls each fault hits.
    #[serde(default)]
    pub per_million: BTreeMap<Fault, u32>,
    /// The delay of `late`, in milliseconds.
    #[serde(default = "late_ms")]
    pub late_ms: u64,
}

const fn late_ms() -> u64 {
    LATE_MS
}

impl Default for Faults {
    fn default() -> Self {
        Self { seed: 0, per_million: BTreeMap::new(), late_ms: LATE_MS }
    }
}

impl Faults {
    /// All kinds alike, together so many of a million calls; without refusals, which are no disturbance:
    /// an application ends by them.
    #[must_use]
    pub fn of_all_kinds(seed: u64, per_million: u32) -> Self {
        let kinds = Fault::ALL.into_iter().filter(|fault| *fault != Fault::Refused);
        let each = per_million / (Fault::ALL.len() as u32 - 1);
        Self { seed, per_million: kinds.map(|fault| (fault, each)).collect(), late_ms: LATE_MS }
    }

    /// The sum of the rates, which must not exceed [`MILLION`].
    pub(super) fn total(&self) -> u64 {
        self.per_million.values().copied().map(u64::from).sum()
    }

    fn draw(&self, call: u64) -> Option<Fault> {
        let mut drawn = Chance::new(self.seed, Purpose::Fault, call, 0).between(0, u64::from(MILLION) - 1);
        for (fault, rate) in &self.per_million {
            let rate = u64::from(*rate);
            if drawn < rate {
                return Some(*fault);
            }
            drawn -= rate;
        }
        None
    }
}

/// A fault for the next calls of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// The call.
    pub endpoint: Endpoint,
    /// What happens to it.
    pub fault: Fault,
    /// Whose calls; everybody's unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<Mobile>,
    /// How many calls; one unless told.
    #[serde(default = "once")]
    pub times: u32,
}

const fn once() -> u32 {
    1
}

/// What a system does while it is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum OutageKind {
    /// HTTP 503.
    #[default]
    Unavailable,
    /// The connection is cut.
    Cut,
}

/// A system that is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Outage {
    /// What it does.
    pub kind: OutageKind,
    /// When it is back, unix milliseconds; never by itself if nothing is said.
    pub until: Option<Millis>,
}

/// Every disturbance that is to come.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    pub(super) faults: Faults,
    planned: VecDeque<Planned>,
    outages: BTreeMap<System, Outage>,
}

impl Trouble {
    /// What happens to a call.
    pub(super) fn next(
        &mut self,
        now: Millis,
        endpoint: Endpoint,
        mobile: Option<Mobile>,
        call: u64,
    ) -> Option<Fault> {
        if let Some(outage) = self.outages.get(&endpoint.system()) {
            match outage.kind {
                _ if outage.until.is_some_and(|until| until <= now) => {
                    self.outages.remove(&endpoint.system());
                }
                OutageKind::Unavailable => return Some(Fault::Unavailable),
                OutageKind::Cut => return Some(Fault::RequestCut),
            }
        }
        let is_meant = |planned: &Planned| {
            planned.endpoint == endpoint && planned.mobile.is_none_or(|whose| Some(whose) == mobile)
        };
        if let Some(at) = self.planned.iter().position(is_meant)
            && let Some(planned) = self.planned.get_mut(at)
        {
            let fault = planned.fault;
            planned.times = planned.times.saturating_sub(1);
            if planned.times == 0 {
                self.planned.remove(at);
            }
            return Some(fault);
        }
        self.faults.draw(call)
    }

    /// Plans a fault; whether there was room.
    pub(super) fn plan(&mut self, planned: Planned) -> bool {
        let has_room = self.planned.len() < MAX_PLANNED;
        if has_room && planned.times > 0 {
            self.planned.push_back(planned);
        }
        has_room
    }

    pub(super) fn planned(&self) -> impl Iterator<Item = &Planned> {
        self.planned.iter()
    }

    /// No fault any more; outages stay.
    pub(super) fn clear(&mut self) {
        self.faults = Faults::default();
        self.planned.clear();
    }

    pub(super) fn start_outage(&mut self, system: System, outage: Outage) {
        self.outages.insert(system, outage);
    }

    /// Ends an outage; whether there was one.
    pub(super) fn end_outage(&mut self, system: System) -> bool {
        self.outages.remove(&system).is_some()
    }

    /// The systems that are out.
    pub(super) fn outages(&self, now: Millis) -> BTreeMap<System, Outage> {
        let is_on = |outage: &Outage| outage.until.is_none_or(|until| until > now);
        self.outages.iter().filter(|(_, it)| is_on(it)).map(|(system, it)| (*system, *it)).collect()
    }

    /// How long [`Fault::Late`] takes.
    pub(super) const fn late(&self) -> Duration {
        Duration::from_millis(self.faults.late_ms)
    }
}

#[cfg(test)]
mod tests;
