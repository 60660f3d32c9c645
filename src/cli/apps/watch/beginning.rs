//! The beginning of a watch, which a server that comes back tells anew from its first line.

use crate::api::proto::v1::WatchChangesResponse;
use crate::api::proto::v1::watch_changes_response::Kind;
use crate::cli::apps::get::fetch;
use crate::cli::client::Client;
use crate::cli::failure::Failure;
use std::collections::{BTreeMap, BTreeSet};

/// What was told of a beginning that is not complete.
#[derive(Default)]
pub(super) struct Beginning {
    /// Applications told so far, each with its version; empty once the beginning is complete.
    told: BTreeMap<String, i64>,
    /// Those that the server has told since it was asked last.
    there: BTreeSet<String>,
}

impl Beginning {
    /// The server was asked again.
    pub(super) fn again(&mut self) {
        self.there.clear();
    }

    /// Says whether a line is to be told: what is present and was told as it is, is not.
    pub(super) fn is_news(&mut self, line: &WatchChangesResponse) -> bool {
        // From the end of the beginning on every line has a token, and nothing is told twice.
        let Some(application) = line.application.as_ref().filter(|_| line.resume_token.is_empty()) else {
            return true;
        };
        if line.kind() == Kind::Left {
            self.there.remove(&application.name);
            self.told.remove(&application.name);
            return true;
        }
        self.there.insert(application.name.clone());
        let before = self.told.insert(application.name.clone(), application.version);
        before != Some(application.version)
    }

    /// Ends the beginning; gives what was told and matches no more, as lines.
    pub(super) async fn complete(&mut self, client: &Client) -> Result<Vec<WatchChangesResponse>, Failure> {
        let mut gone = Vec::new();
        for name in std::mem::take(&mut self.told).into_keys() {
            if !self.there.contains(&name) {
                let application = fetch(client, name).await?;
                let time = application.state_time;
                let kind = Kind::Left.into();
                let (application, resume_token) = (Some(application), String::new());
                gone.push(WatchChangesResponse { kind, application, time, resume_token, provider: None });
            }
        }
        self.there.clear();
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::proto::v1::Application;

    fn line(kind: Kind, name: &str, version: i64) -> WatchChangesResponse {
        let application = Application { name: name.to_owned(), version, ..Application::default() };
        let application = Some(application);
        WatchChangesResponse { kind: kind.into(), application, ..WatchChangesResponse::default() }
    }

    fn present(name: &str, version: i64) -> WatchChangesResponse {
        line(Kind::Present, name, version)
    }

    #[test]
    fn a_beginning_told_anew_repeats_nothing() {
        let mut beginning = Beginning::default();
        assert!(beginning.is_news(&present("a", 1)) && beginning.is_news(&present("b", 1)));
        beginning.again();
        assert!(!beginning.is_news(&present("a", 1)), "it was told as it is");
        assert!(beginning.is_news(&present("b", 2)), "it has changed meanwhile");
        assert!(beginning.is_news(&present("c", 1)), "it is new");
    }

    #[test]
    fn what_happens_during_a_beginning_is_not_told_anew() {
        let mut beginning = Beginning::default();
        assert!(beginning.is_news(&present("a", 1)) && beginning.is_news(&present("b", 1)));
        assert!(beginning.is_news(&line(Kind::Changed, "a", 2)));
        assert!(beginning.is_news(&line(Kind::Left, "b", 2)));
        beginning.again();
        assert!(!beginning.is_news(&present("a", 2)), "the change was told");
        assert!(beginning.told.keys().eq(["a"]), "that it left was told, too");
    }
}
