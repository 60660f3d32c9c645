//! MANIFEST: a small text that says what the folder must hold.
//!
//! It is a witness besides the log and the view, and names the view that counts. Owns the format
//! number of the folder. It must never be written ahead of what is durable.

use super::files;
use crate::store::{Counts, StoreError};
use std::path::Path;

/// The format that is written, and the newest that is opened. It grows when an older Docket could
/// misread the folder, not with every new record version.
pub(super) const FORMAT: u32 = 2;

/// The format in which sled was all there was: no log, no checkpoints.
pub(super) const SLED_ALONE: u32 = 1;

const NAME: &str = "MANIFEST";
const TITLE: &str = "docket store";

/// What the folder must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) format: u32,
    pub(super) instance: [u8; 16],
    /// The number of the view that counts.
    pub(super) view: u64,
    /// A commit that is durable; later ones may be too.
    pub(super) commit: u64,
    /// The newest sequence at that commit.
    pub(super) sequence: u64,
    /// What there was at that commit.
    pub(super) counts: Counts,
    /// The first commit of a segment that the log has; later ones may be there too.
    pub(super) segment: u64,
    /// Whether the store was closed: then there is no commit after `commit`.
    pub(super) is_closed: bool,
    /// Whether this is a restored copy that must not call anybody yet.
    pub(super) is_held: bool,
}

impl Manifest {
    /// The MANIFEST of a folder in which nothing was committed yet.
    pub(super) const fn new(instance: [u8; 16]) -> Self {
        let counts = Counts { applications: 0, live: 0, moves: 0 };
        Self {
            format: FORMAT,
            instance,
            view: 0,
            commit: 0,
            sequence: 0,
            counts,
            segment: 0,
            is_closed: false,
            is_held: false,
        }
    }

    /// Reads the MANIFEST of a folder, if there is one.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, StoreError> {
        let Some(bytes) = files::read_if_there(&folder.join(NAME))? else {
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
        files::write_whole(&folder.join(NAME), &folder.join("MANIFEST.new"), self.text().as_bytes())?;
        files::sync(folder)
    }

    fn text(&self) -> String {
        let Self { format, view, commit, sequence, .. } = self;
        let Counts { applications, live, moves } = self.counts;
        let instance = hex::encode(self.instance);
        let log = match *format {
            SLED_ALONE => String::new(),
            _ => {
                let [closed, held] = [self.is_closed, self.is_held].map(|is| if is { "yes" } else { "no" });
                let segment = self.segment;
                format!(
                    "view = {view}\ncommit = {commit}\nsegment = {segment}\nclosed = {closed}\nheld = {held}\n"
                )
            }
        };
        let body = format!(
            "{TITLE}\nformat = {format}\ninstance = {instance}\n{log}sequence = {sequence}\n\
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
        format: format(text)?,
        instance: instance.try_into().ok()?,
        view: number("view").unwrap_or(0),
        commit: number("commit").unwrap_or(0),
        sequence: number("sequence")?,
        counts: Counts {
            applications: number("applications")?,
            live: number("live")?,
            moves: number("moves")?,
        },
        segment: number("segment").unwrap_or(0),
        is_closed: value(text, "closed") == Some("yes"),
        is_held: value(text, "held") == Some("yes"),
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
        format: FORMAT,
        instance: [0xab; 16],
        view: 3,
        commit: 9,
        sequence: 12,
        counts: Counts { applications: 5, live: 4, moves: 12 },
        segment: 5,
        is_closed: true,
        is_held: false,
    };

    #[test]
    fn its_texts_are_a_promise() {
        let text = include_str!("../../../tests/fixtures/store/v2/MANIFEST");
        assert_eq!(MANIFEST.text(), text);
        assert_eq!(parse(text), Some(MANIFEST));
        let text = include_str!("../../../tests/fixtures/store/v1/MANIFEST");
        let old =
            Manifest { format: SLED_ALONE, view: 0, commit: 0, segment: 0, is_closed: false, ..MANIFEST };
        assert_eq!((old.text().as_str(), parse(text)), (text, Some(old)));
    }

    #[test]
    fn any_changed_byte_is_damage() {
        for manifest in [MANIFEST, Manifest { is_held: true, ..MANIFEST }] {
            let text = manifest.text();
            assert_eq!(parse(&text), Some(manifest));
            for at in 0..text.len() {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1;
                assert_eq!(String::from_utf8(bytes).ok().and_then(|t| parse(&t)), None, "byte {at}");
            }
        }
        assert_eq!(parse(""), None);
    }
}
