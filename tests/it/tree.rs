//! A folder in memory: read from a disk, changed as a test likes, and written to another.
//!
//! Owns no meaning of any file. What is all zeroes is written as a hole, so that the spare room of files
//! costs nothing.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What is written or left out at once.
const BLOCK: usize = 4_096;
/// Files and folders may hold keys: the vault insists.
const FILE_MODE: u32 = 0o600;

/// Files by their path below the folder; `None` for a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tree(pub(crate) BTreeMap<PathBuf, Option<Vec<u8>>>);

impl Tree {
    /// Reads a folder.
    pub(crate) fn read(folder: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.read_below(folder, Path::new(""))?;
        Ok(tree)
    }

    fn read_below(&mut self, folder: &Path, below: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder.join(below))? {
            let entry = entry?;
            let path = below.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                self.0.insert(path.clone(), None);
                self.read_below(folder, &path)?;
            } else {
                self.0.insert(path, Some(fs::read(entry.path())?));
            }
        }
        Ok(())
    }

    /// Writes it into a folder, which is made.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        for (path, bytes) in &self.0 {
            let path = folder.join(path);
            match bytes {
                None => fs::create_dir_all(&path)?,
                Some(bytes) => {
                    let file = File::create(&path)?;
                    file.set_permissions(Permissions::from_mode(FILE_MODE))?;
                    file.set_len(bytes.len() as u64)?;
                    for (at, block) in (0..).step_by(BLOCK).zip(bytes.chunks(BLOCK)) {
                        if *block != [0; BLOCK][..block.len()] {
                            file.write_all_at(block, at)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// Where many folders are written and soon deleted: in memory if there is such a place.
pub(crate) fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

#[test]
fn a_folder_comes_back_as_it_was_written() {
    let mut spare = vec![0; 3 * BLOCK + 7];
    spare[2 * BLOCK + 1] = 9;
    let files = [("a", Some(b"text".to_vec())), ("b", None), ("b/c", Some(spare)), ("b/d", Some(Vec::new()))];
    let tree = Tree(files.into_iter().map(|(path, bytes)| (PathBuf::from(path), bytes)).collect());
    let folder = scratch();
    tree.write(&folder.path().join("here")).unwrap();
    assert_eq!(Tree::read(&folder.path().join("here")).unwrap(), tree);
}
