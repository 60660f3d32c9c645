//! The body of an answer, within its limit.
//!
//! Owns the limit, before and after a compression that nobody asked for. It must never hold more than
//! the limit allows, however little was sent.

use std::io::Read as _;

use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, Response};

use super::super::blocking::blocking;
use super::super::failure::described;
use super::TransportError;

/// Bytes of an answer: raw data of a talkative applicant is a few MiB.
pub const RESPONSE_LIMIT: usize = 20 * 1024 * 1024;

/// Reads an answer to its end.
pub(super) async fn whole(mut answer: reqwest::Response) -> Result<Response<Bytes>, TransportError> {
    let body = received(&mut answer).await?;
    let body = decoded(answer.headers(), body)?;
    let mut whole = Response::new(body);
    *whole.status_mut() = answer.status();
    std::mem::swap(whole.headers_mut(), answer.headers_mut());
    Ok(whole)
}

/// Makes of a body that was received the one that was meant, within the limit.
///
/// # Errors
/// It is too long, before or after it is inflated, or compressed in a way that nobody asked for.
pub fn decoded(headers: &HeaderMap, body: Bytes) -> Result<Bytes, TransportError> {
    if body.len() > RESPONSE_LIMIT {
        return Err(too_long());
    }
    match coding(headers)? {
        Coding::None => Ok(body),
        Coding::Gzip => blocking(|| inflated(&body)),
    }
}

async fn received(answer: &mut reqwest::Response) -> Result<Bytes, TransportError> {
    let announced = answer.content_length().unwrap_or_default();
    if usize::try_from(announced).map_or(true, |length| length > RESPONSE_LIMIT) {
        return Err(too_long());
    }
    let mut body = BytesMut::new();
    loop {
        let chunk = answer.chunk().await;
        let chunk = chunk.map_err(|error| ambiguous(described(&error.without_url())))?;
        let Some(chunk) = chunk else {
            return Ok(body.freeze());
        };
        if body.len() + chunk.len() > RESPONSE_LIMIT {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
}

/// How a body is compressed. We ask for none; servers that look at nothing send gzip all the same.
enum Coding {
    None,
    Gzip,
}

fn coding(headers: &HeaderMap) -> Result<Coding, TransportError> {
    let mut codings = headers.get_all(CONTENT_ENCODING).into_iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(Coding::None),
        (Some(one), None) => match one.to_str().unwrap_or_default().trim() {
            "" | "identity" => Ok(Coding::None),
            "gzip" | "x-gzip" => Ok(Coding::Gzip),
            _ => Err(ambiguous("the answer is compressed in a way that nobody asked for".to_owned())),
        },
        (Some(_), Some(_)) => Err(ambiguous("the answer is compressed more than once".to_owned())),
    }
}

/// Inflates a body up to the limit.
fn inflated(body: &[u8]) -> Result<Bytes, TransportError> {
    let mut plain = Vec::new();
    let one_more = u64::try_from(RESPONSE_LIMIT).unwrap_or(u64::MAX).saturating_add(1);
    let read = MultiGzDecoder::new(body).take(one_more).read_to_end(&mut plain);
    read.map_err(|_unspoken| ambiguous("the answer cannot be inflated".to_owned()))?;
    if plain.len() > RESPONSE_LIMIT { Err(too_long()) } else { Ok(plain.into()) }
}

fn too_long() -> TransportError {
    ambiguous(format!("the answer is longer than {RESPONSE_LIMIT} bytes"))
}

const fn ambiguous(detail: String) -> TransportError {
    TransportError::Ambiguous { detail }
}
