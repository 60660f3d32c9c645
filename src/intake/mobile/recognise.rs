//! Reading name and CURP from the photo of an identity card's front.
//!
//! Owns what is believed of what a machine reads: [`text`] finds it and says how sure it is. Whoever reads
//! is behind [`Recogniser`]; that may be nobody, and then the applicant types (spec 004 §5).

mod tesseract;
pub(super) mod text;

pub use tesseract::{NoTesseract, Tesseract};

use bytes::Bytes;
use futures_util::future::BoxFuture;

/// Whoever turns a photo into text.
pub trait Recogniser: Send + Sync + 'static {
    /// Reads the text of an image, a JPEG or PNG file; none if there is none to be had, for whatever reason.
    ///
    /// It always comes to an end, within a time limit of its own.
    fn read(&self, image: Bytes) -> BoxFuture<'_, Option<String>>;
}

/// Nobody: nothing is ever read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl Recogniser for Nobody {
    fn read(&self, _image: Bytes) -> BoxFuture<'_, Option<String>> {
        Box::pin(std::future::ready(None))
    }
}
