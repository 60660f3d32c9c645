//! Reading a request's body within a size and a time.
//!
//! It must never hold more than the limit, nor wait longer than it was told in all, however
//! steadily a sender trickles.

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use std::time::Duration;
use thiserror::Error;

/// How often the limit a body is still read, to be thrown away: a sender that is cut off while
/// it sends seldom reads the answer that tells it why.
const DRAIN_FACTOR: usize = 4;

/// Why a body is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(in crate::intake) enum BodyError {
    /// It is larger than it may be.
    #[error("the body must be at most {limit} bytes")]
    TooLarge {
        /// How large it may be.
        limit: usize,
    },
    /// It did not arrive in time.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// The connection ended before it did.
    #[error("the body did not arrive in whole")]
    Cut,
}

/// Reads a body of at most `limit` bytes that arrives within `time`.
pub(in crate::intake) async fn read(body: Body, limit: usize, time: Duration) -> Result<Bytes, BodyError> {
    tokio::time::timeout(time, collect(body, limit)).await.unwrap_or(Err(BodyError::TooSlow))
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, BodyError> {
    let drain_limit = limit.saturating_mul(DRAIN_FACTOR);
    if body.size_hint().lower() > drain_limit as u64 {
        return Err(BodyError::TooLarge { limit });
    }
    let mut held = BytesMut::new();
    let mut seen: usize = 0;
    while seen <= drain_limit
        && let Some(frame) = body.frame().await
    {
        let Ok(data) = frame.map_err(|_| BodyError::Cut)?.into_data() else {
            continue;
        };
        seen = seen.saturating_add(data.len());
        if seen <= limit {
            held.extend_from_slice(&data);
        } else {
            held = BytesMut::new();
        }
    }
    if seen > limit { Err(BodyError::TooLarge { limit }) } else { Ok(held.freeze()) }
}
