//! The pure core: no IO, no clock, no async, no serde, no tracing.

pub mod id;
pub mod time;
