//! Secrets.

/// A secret text: it prints nothing.
pub struct Secret(String);

impl Secret {
    /// Takes a text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Gives the text to whoever must hand it over.
    pub fn expose(&self) -> &str {
        &self.0
    }
}
