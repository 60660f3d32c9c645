//! From what a watcher is told to the wire.

use super::{application, provider, timestamp};
use crate::api::proto::v1::WatchChangesResponse;
use crate::api::proto::v1::watch_changes_response::Kind;
use crate::clock;
use crate::engine::watch::{Line, Told};

/// Shows one line.
pub(in super::super) fn line(line: Line) -> WatchChangesResponse {
    let (kind, seen, at) = match &line.told {
        Told::Present(view) => (Kind::Present, Some(view), None),
        Told::Complete => (Kind::Complete, None, None),
        Told::Entered(view, at) => (Kind::Entered, Some(view), Some(*at)),
        Told::Changed(view, at) => (Kind::Changed, Some(view), Some(*at)),
        Told::Left(view, at) => (Kind::Left, Some(view), Some(*at)),
        Told::Progress => (Kind::Progress, None, None),
        Told::Provider(_) => (Kind::Provider, None, None),
    };
    let provider = match &line.told {
        Told::Provider(standing) => Some(provider::status(standing)),
        Told::Present(_)
        | Told::Complete
        | Told::Entered(..)
        | Told::Changed(..)
        | Told::Left(..)
        | Told::Progress => None,
    };
    WatchChangesResponse {
        kind: kind.into(),
        application: seen.map(|seen| application::view(seen)),
        time: Some(timestamp(at.unwrap_or_else(clock::now))),
        resume_token: line.token.unwrap_or_default(),
        provider,
    }
}
