//! Intake: what partners push over HTTP, taken in by the contract printed for them.
//!
//! It owns the way from a body to a checked [`push::Push`], and from a desk's word to the answer
//! that a partner reads. It must never decide about an application, keep anything, or repeat in
//! an answer or a log what a body says of a person.

pub mod push;
pub mod reception;
pub mod routes;
mod signature;
