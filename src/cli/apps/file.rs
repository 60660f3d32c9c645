//! What commands take from a file, or from the standard input.

use crate::cli::failure::{Exit, Failure};
use std::fs::File;
use std::io::{Read as _, stdin};
use std::path::Path;

/// The longest file: above the largest message that a server takes.
const LIMIT: u64 = 16 << 20;

/// Reads a file whole; `-` is the standard input.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let read = if path == Path::new("-") {
        stdin().lock().take(LIMIT + 1).read_to_end(&mut content)
    } else {
        File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut content))
    };
    match read {
        Ok(_) if content.len() as u64 > LIMIT => Err(wrong(path, "is too large")),
        Ok(_) => Ok(content),
        Err(error) => Err(Failure::new(Exit::Other, format!("failed to read {}: {error}", path.display()))),
    }
}

/// Reads a file of text.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?).map_err(|_error| wrong(path, "is not UTF-8"))
}

/// Says what is wrong with a file.
pub(super) fn wrong(path: &Path, problem: &str) -> Failure {
    let name =
        if path == Path::new("-") { "the standard input".to_owned() } else { path.display().to_string() };
    Failure::new(Exit::Invalid, format!("{name} {problem}"))
}
