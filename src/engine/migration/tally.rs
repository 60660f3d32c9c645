//! Who stands where: one look at every application that is stored.

use super::definition::Definition;
use crate::engine::chain;
use crate::engine::core::LoadError;
use crate::machine::application::Application;
use crate::machine::graph;
use crate::machine::id::ApplicationId;
use crate::store::records::index;
use crate::store::records::snapshot::{self, Standing, Survey};
use crate::store::{READ_LIMIT, Store};
use std::collections::{BTreeMap, BTreeSet};

/// How many applications are read at once.
const READ: usize = 1_000;

/// The most groups that are told apart by the reason for which they cannot be read.
const GROUPS: usize = 1_000;

/// How many applications, and how many of them have not ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) all: u64,
    pub(super) live: u64,
}

impl Count {
    fn add(&mut self, is_live: bool) {
        self.all += 1;
        self.live += u64::from(is_live);
    }
}

/// Where applications stand, and what they are read as.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) machine: u16,
    pub(super) version: Option<u16>,
    /// None where not even that can be read.
    pub(super) state: Option<u16>,
    pub(super) read: Read,
}

/// What the record of an application makes of where it stood.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Read {
    /// It stands in the state with this number.
    As(u16),
    /// It stands in this machine no more.
    Left,
    /// It cannot be read, for this reason.
    Not(String),
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) groups: BTreeMap<Group, Count>,
    /// By name and version.
    pub(super) products: BTreeMap<(String, u32), Count>,
    /// Those of which not even a survey can be read, and whether they are live.
    unread: BTreeMap<ApplicationId, bool>,
    /// Why, of the first of them.
    unread_reason: String,
}

impl Tally {
    /// Looks at every application.
    pub(super) fn of<S: Store>(
        store: &S,
        former: &Definition,
        running: &Definition,
    ) -> Result<Self, LoadError> {
        let mut tally = Self::default();
        let mut after = None;
        loop {
            let page = store.applications(after, READ)?;
            after = page.last().map(|(id, _)| *id);
            if after.is_none() {
                break;
            }
            for (id, stored) in page {
                let is_live = stored.wake.is_some();
                match snapshot::survey(&stored.snapshot) {
                    Ok(survey) => {
                        let read = snapshot::from_record(id, stored.version, &stored.snapshot);
                        tally.add(survey, read.map_err(|error| chain(&error)), is_live, running);
                    }
                    Err(error) => {
                        if tally.unread.is_empty() {
                            tally.unread_reason = chain(&error);
                        }
                        tally.unread.insert(id, is_live);
                    }
                }
            }
        }
        tally.add_unread(store, former, running)?;
        Ok(tally)
    }

    fn add(
        &mut self,
        survey: Survey,
        read: Result<Application, String>,
        is_live: bool,
        running: &Definition,
    ) {
        self.products.entry((survey.product, survey.product_version)).or_default().add(is_live);
        let is_told = survey.standings.iter().any(|standing| running.lacks(*standing).is_some());
        for (at, standing) in survey.standings.into_iter().enumerate() {
            let read = match &read {
                Ok(application) => read_as(application, standing),
                Err(reason) => {
                    // What is drawn tells who is to blame; where it does not, the whole is not read.
                    let is_to_blame = if is_told { running.lacks(standing).is_some() } else { at == 0 };
                    if is_to_blame { Read::Not(reason.clone()) } else { Read::As(standing.state) }
                }
            };
            let Standing { machine, version, state } = standing;
            self.count(Group { machine, version, state: Some(state), read }, is_live);
        }
    }

    fn count(&mut self, mut group: Group, is_live: bool) {
        if self.groups.len() >= GROUPS
            && !self.groups.contains_key(&group)
            && matches!(group.read, Read::Not(_))
        {
            group.read = Read::Not("for other reasons".to_owned());
        }
        self.groups.entry(group).or_default().add(is_live);
    }

    /// Finds where those stand of which no record can be read, by the index that was written with them.
    fn add_unread<S: Store>(
        &mut self,
        store: &S,
        former: &Definition,
        running: &Definition,
    ) -> Result<(), LoadError> {
        if self.unread.is_empty() {
            return Ok(());
        }
        let machine = graph::application::DEFINITION.number;
        let drawn = [former, running].into_iter().filter_map(|it| it.machines.get(&machine));
        let numbers =
            drawn.flat_map(|it| it.states.iter().map(|state| state.number).chain(it.retired.clone()));
        for number in numbers.collect::<BTreeSet<_>>() {
            let mut after = None;
            loop {
                let ids = store.indexed(&index::by_state_number(number), after, READ_LIMIT)?;
                after = ids.last().copied();
                if after.is_none() {
                    break;
                }
                for id in ids {
                    if let Some(is_live) = self.unread.remove(&id) {
                        self.count_unread(Some(number), is_live);
                    }
                }
            }
        }
        for is_live in std::mem::take(&mut self.unread).into_values() {
            self.count_unread(None, is_live);
        }
        Ok(())
    }

    fn count_unread(&mut self, state: Option<u16>, is_live: bool) {
        let (machine, read) = (graph::application::DEFINITION.number, Read::Not(self.unread_reason.clone()));
        self.count(Group { machine, version: None, state, read }, is_live);
    }
}

/// Where an application stands that was read.
fn read_as(application: &Application, standing: Standing) -> Read {
    if standing.machine == graph::application::DEFINITION.number {
        return Read::As(application.state().number());
    }
    let collection = application.collections.iter().find(|it| it.kind.number() == standing.machine);
    collection.map_or(Read::Left, |it| Read::As(it.state().number))
}
