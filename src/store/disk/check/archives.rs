//! The archive: every file by itself, and against the rows that say what lies in it.

use super::{Findings, Problem, Work};
use crate::machine::id::ApplicationId;
use crate::store::StoreError;
use crate::store::archive::Filed;
use crate::store::disk::archive;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How many applications are named whose journals one file has lost.
const NAMED: usize = 20;

/// The archive files of a folder, and what the rows say of them.
pub(super) struct Archives {
    data: PathBuf,
    instance: [u8; 16],
    /// The files that are whole.
    whole: BTreeSet<u64>,
    /// Their journals, in order.
    journals: Vec<(ApplicationId, Filed)>,
    /// The files that a row names.
    named: BTreeSet<u64>,
    /// By the file, and why they are not in it.
    lost: BTreeMap<(u64, String), Lost>,
}

/// The journals that are not in the file in which they must be.
#[derive(Default)]
struct Lost {
    count: u64,
    /// The first of them.
    named: Vec<String>,
}

impl Archives {
    /// Reads every file through.
    pub(super) fn read(work: &mut Work<'_>, instance: [u8; 16]) -> Result<Self, StoreError> {
        let files = archive::list(work.data)?;
        let all = files.len() as u64;
        work.findings.counted.archives = all;
        let (mut whole, mut journals) = (BTreeSet::new(), Vec::new());
        for (done, (number, path)) in (1..).zip(files) {
            work.tell("reading the archive", done, Some(all))?;
            match archive::verify(&path, instance, number) {
                Ok(found) => {
                    whole.insert(number);
                    journals.extend(found);
                }
                Err(StoreError::FileDamaged { what, .. }) => {
                    let place = format_args!("{}: {what}", name(work.data, number));
                    work.findings.note(Problem::ArchiveDamaged, place);
                }
                Err(error) => return Err(error),
            }
        }
        journals.sort_unstable_by_key(key);
        let data = work.data.to_owned();
        Ok(Self { data, instance, whole, journals, named: BTreeSet::new(), lost: BTreeMap::new() })
    }

    /// Looks for a journal where a row says that it is.
    pub(super) fn look_for(&mut self, id: ApplicationId, filed: &Filed) -> Result<(), StoreError> {
        self.named.insert(filed.file);
        let why = if self.whole.contains(&filed.file) {
            match self.journals.binary_search_by_key(&(id, filed.file), key) {
                Ok(at) if self.journals[at].1 == *filed => return Ok(()),
                Ok(_) => "it has another journal than was archived".to_owned(),
                Err(_) => "the journal is not in it".to_owned(),
            }
        } else {
            // What of a damaged file is whole can be read as ever.
            let path = archive::path(&self.data, filed.file);
            match archive::journal(&path, self.instance, id, filed) {
                Ok(_) => return Ok(()),
                Err(StoreError::FileDamaged { what, .. }) => what,
                Err(error) => return Err(error),
            }
        };
        let lost = self.lost.entry((filed.file, why)).or_default();
        lost.count += 1;
        if lost.named.len() < NAMED {
            lost.named.push(format!("{id} (entries 1 to {})", filed.entries));
        }
        Ok(())
    }

    /// Tells what is lost, and which files no row names.
    pub(super) fn end(self, findings: &mut Findings) {
        for ((number, why), Lost { count, named }) in self.lost {
            let more = if count > named.len() as u64 { ", …" } else { "" };
            let (file, named) = (name(&self.data, number), named.join(", "));
            let place = format_args!("{file}: {why}: the journals of {count} applications: {named}{more}");
            findings.note(Problem::Archive, place);
        }
        for number in self.whole.difference(&self.named) {
            findings.note(Problem::ArchiveOrphan, name(&self.data, *number));
        }
    }
}

fn key((id, filed): &(ApplicationId, Filed)) -> (ApplicationId, u64) {
    (*id, filed.file)
}

/// The name of a file, as it stands in the folder.
fn name(data: &Path, number: u64) -> String {
    let path = archive::path(data, number);
    path.strip_prefix(data).unwrap_or(&path).display().to_string()
}
