//! The public contract `docket.v1` over gRPC, and the port that serves it.
//!
//! A handler checks the request, hands it to the engine once and maps the answer; none decides.
//! What is checked and how errors look is in `convert`, the only place that makes a `Status`.
//! Nothing here keeps state, and nothing about a person is ever in a log or an error.

mod application;
pub(crate) mod convert;
mod delivery;
mod machine;
mod operator;
pub mod proto;
pub mod reason;
mod review;
pub mod serve;
pub mod session;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use self::convert::migration;
