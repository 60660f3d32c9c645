//! The picture that an applicant must read: in a file, and the question for its text.

use super::super::challenge::write;
use crate::api::proto::v1::Challenge;
use crate::cli::failure::Failure;
use crate::cli::prompt::{Echo, ask};
use std::path::Path;

/// Asks for the text of a challenge's picture, which lies in `image` or in a temporary file meanwhile.
pub(super) fn ask_text(challenge: &Challenge, prompt: &str, image: Option<&Path>) -> Result<String, Failure> {
    let suffix = match &*challenge.image_type {
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        "image/gif" => ".gif",
        _unknown => "",
    };
    let temporary = match image {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("docket-").suffix(suffix).tempfile()?),
    };
    let file = image.or_else(|| temporary.as_ref().map(tempfile::NamedTempFile::path));
    if let Some(file) = file {
        write(challenge, file)?;
        eprintln!("the picture is in {}", file.display());
    }
    ask(prompt, Echo::Shown)
}
