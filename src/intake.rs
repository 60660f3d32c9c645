//! Intake: what partners push over HTTP and what applicants tell a mobile app, taken in by the contracts
//! printed for them.
//!
//! It owns the way from a body to a checked [`push::Push`], or to the evidence of a call of the app
//! ([`mobile`]), and from a desk's word to the answer that a partner or an app reads. It must never decide
//! about an application, keep anything, or repeat in an answer or a log what a body says of a person.

pub mod mobile;
pub mod photos;
pub mod push;
pub mod reception;
pub mod routes;
mod signature;
