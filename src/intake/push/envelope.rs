//! The envelope round a push: who sends it, its arguments, a signature (spec 000, "Envelope and
//! signature").
//!
//! It is read and not believed: whether the signature is good is for [`signature`](super::super::signature).

use super::json::Object;
use super::{PushError, Type, field};
use crate::intake::push::Problem;
use std::borrow::Cow;

/// An envelope as it came.
pub(in super::super) struct Envelope<'a> {
    /// Who says that it is theirs.
    pub(in super::super) ua: String,
    /// What is called, in the older form of the envelope.
    pub(in super::super) call: Option<String>,
    /// The push: JSON text to the byte as it was sent.
    pub(in super::super) args: Cow<'a, str>,
    /// The signature.
    pub(in super::super) sign: String,
}

impl<'a> Envelope<'a> {
    /// Reads an envelope. Its arguments are an object, whose text is signed, or a string, whose
    /// content is (spec 005 A-000-2).
    pub(in super::super) fn read(body: &'a [u8]) -> Result<Self, PushError> {
        let envelope = Object::body(super::utf8(body)?)?;
        let ua = field::text(&envelope.required(&["ua"])?)?;
        let call = envelope.find(&["call"])?.map(|call| field::text(&call)).transpose()?;
        let sign = field::text(&envelope.required(&["sign"])?)?;
        let args = envelope.required(&["args"])?;
        let args = match (args.is_object(), args.is_string()) {
            (true, _) => Cow::Borrowed(args.raw().get()),
            (false, true) => Cow::Owned(args.string()?),
            (false, false) => return Err(args.error(Problem::WrongType(Type::StringOrObject))),
        };
        Ok(Self { ua, call, args, sign })
    }
}
