//! The envelope round every record.

/// A record's body with the permanent number of its kind and the version of its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The version of the form of `body`, from 1; people assign it and never reuse it.
    pub version: u16,
    /// The bytes.
    pub body: Vec<u8>,
}
