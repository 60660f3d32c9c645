//! From an explanation to the wire.

use super::{application, duration, provider, timestamp};
use crate::api::proto::v1;
use crate::api::proto::v1::explanation::command::{Depends, LeadsTo, Outlook as WireOutlook, Refused};
use crate::api::proto::v1::explanation::{Command, Deadline, PendingCall, System, Trouble};
use crate::engine::explain::{CommandView, Explanation, Outlook};
use crate::machine::application::Deadline as Due;

/// Shows an explanation.
pub(in super::super) fn explanation(explained: &Explanation) -> v1::Explanation {
    let deadline = explained.deadline.map(|(at, deadline)| {
        let (timer, collection) = match deadline {
            Due::Application(timer) => (timer.name(), ""),
            Due::Collection(of, timer) => (timer.name(), of.name()),
        };
        let (timer, collection) = (timer.to_owned(), collection.to_owned());
        Deadline { timer, time: Some(timestamp(at)), collection }
    });
    let trouble = explained.trouble.as_ref().map(|(tries, last_error)| Trouble {
        tries: i32::try_from(*tries).unwrap_or(i32::MAX),
        last_error: last_error.clone(),
    });
    let call =
        |(call, due): &(&str, _)| PendingCall { call: (*call).to_owned(), due_time: Some(timestamp(*due)) };
    let system = |(standing, parked): &(_, Vec<&str>)| System {
        status: Some(provider::status(standing)),
        parked_calls: parked.iter().map(|call| (*call).to_owned()).collect(),
    };
    v1::Explanation {
        application: Some(application::view(&explained.view)),
        owner: explained.owner.map_or(v1::Owner::Unspecified, application::owner).into(),
        blocks: explained.blocks.clone(),
        dwell: Some(duration(explained.dwell)),
        expected_dwell: explained.expected.map(duration),
        deadline,
        calls: explained.calls.iter().map(call).collect(),
        trouble,
        commands: explained.commands.iter().map(command).collect(),
        systems: explained.systems.iter().map(system).collect(),
    }
}

fn command(command: &CommandView) -> Command {
    let outlook = match &command.outlook {
        Outlook::LeadsTo { state, effects } => WireOutlook::LeadsTo(LeadsTo {
            state: application::state(*state).into(),
            effects: effects.clone(),
        }),
        Outlook::Depends { rows } => WireOutlook::Depends(Depends { edges: rows.clone() }),
        Outlook::Refused => WireOutlook::Refused(Refused {}),
    };
    let (event, collection) = (command.event.to_owned(), command.of.to_owned());
    Command { event, outlook: Some(outlook), collection }
}
