//! MANIFEST: a small text that says what the folder must hold.
//!
//! It is the witness against sled, which opens a damaged file as an empty one. Owns the format
//! number of the folder. It must never be written ahead of what is durable.

use super::disk;
use crate::store::{Counts, StoreError};
use std::path::Path;

/// The format that is written, and the newest that is opened. It grows when an older Docket could
/// misread the folder, not with every new record version.
pub(super) const FORMAT: u32 = 1;

const NAME: &str = "MANIFEST";
const TITLE: &str = "docket store";

/// What the folder must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) instance: [u8; 16],
    /// A sequence that is durable; later ones may be too.
    pub(super) sequence: u64,
    /// What there was at that sequence.
    pub(super) counts: Counts,
}

impl Manifest {
    /// Reads the MANIFEST of a folder, if there is one.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, StoreError> {
        let Some(bytes) = disk::read_if_there(&folder.join(NAME))? else {
            return Ok(None);
        };
        let damaged = || StoreError::Lost {
            folder: folder.to_owned(),
            lost: "the MANIFEST is damaged, so nobody can say whether all data is there".to_owned(),
        };
        let text = String::from_utf8(bytes).map_err(|_| damaged())?;
        if let Some(found) = format(&text).filter(|found| *found > FORMAT) {
            return Err(StoreError::NewerFolder { folder: folder.to_owned(), found, known: FORMAT });
        }
        parse(&text).map(Some).ok_or_else(damaged)
    }

    /// Puts the MANIFEST in place, durable on return.
    pub(super) fn write(&self, folder: &Path) -> Result<(), StoreError> {
        disk::write_whole(&folder.join(NAME), &folder.join("MANIFEST.new"), self.text().as_bytes())?;
        disk::sync(folder)
    }

    fn text(&self) -> String {
        let Counts { applications, live, moves } = self.counts;
        let (instance, sequence) = (hex::encode(self.instance), self.sequence);
        let body = format!(
            "{TITLE}\nformat = {FORMAT}\ninstance = {instance}\nsequence = {sequence}\n\
             applications = {applications}\nlive = {live}\nmoves = {moves}\n"
        );
        let sum = crc32c::crc32c(body.as_bytes());
        format!("{body}crc32c = {sum:08x}\n")
    }
}

fn parse(text: &str) -> Option<Manifest> {
    let instance = hex::decode(value(text, "instance")?).ok()?;
    let number = |name| value(text, name)?.parse::<u64>().ok();
    let manifest = Manifest {
        instance: instance.try_into().ok()?,
        sequence: number("sequence")?,
        counts: Counts {
            applications: number("applications")?,
            live: number("live")?,
            moves: number("moves")?,
        },
    };
    // One way to write it: whatever else it says, or says otherwise, the checksum included, is
    // damage.
    (manifest.text() == text).then_some(manifest)
}

/// The format, readable whatever later formats put into the other lines.
fn format(text: &str) -> Option<u32> {
    text.starts_with(TITLE).then(|| value(text, "format")?.parse().ok())?
}

fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: Manifest = Manifest {
        instance: [0xab; 16],
        sequence: 12,
        counts: Counts { applications: 5, live: 4, moves: 12 },
    };

    #[test]
    fn its_text_is_a_promise() {
        let text = include_str!("../../../tests/fixtures/store/v1/MANIFEST");
        assert_eq!(MANIFEST.text(), text);
        assert_eq!(parse(text), Some(MANIFEST));
    }

    #[test]
    fn any_changed_byte_is_damage() {
        let text = MANIFEST.text();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            assert_eq!(String::from_utf8(bytes).ok().and_then(|t| parse(&t)), None, "byte {at}");
        }
        assert_eq!(parse(""), None);
    }
}
