//! The file that keeps the place in the stream of changes.

use crate::cli::failure::{Exit, Failure};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// The file.
pub(super) struct TokenFile {
    path: PathBuf,
}

impl TokenFile {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Reads the token; empty when there is no file yet.
    pub(super) fn read(&self) -> Result<String, Failure> {
        match std::fs::read_to_string(&self.path) {
            Ok(token) => Ok(token.trim().to_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(self.failed("read", &error)),
        }
    }

    /// Replaces the token as a whole: whoever reads finds the old one or the new one.
    pub(super) fn write(&self, token: &str) -> Result<(), Failure> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let written =
            tempfile::NamedTempFile::new_in(folder.unwrap_or_else(|| Path::new("."))).and_then(|mut file| {
                writeln!(file, "{token}")?;
                Ok(file.persist(&self.path)?)
            });
        written.map(drop).map_err(|error| self.failed("write", &error))
    }

    fn failed(&self, doing: &str, error: &std::io::Error) -> Failure {
        Failure::new(
            Exit::Other,
            format!("failed to {doing} the token file {}: {error}", self.path.display()),
        )
    }
}
