//! The pure core: what an application is, and what becomes of it when something happens.
//!
//! [`step`](step::step) takes an application, an event and the time, and gives the new value
//! with the moves it made and the effects it asks for. No IO, no clock, no async, no serde, no
//! tracing: whoever calls it decides when, stores the result, and only then carries it out.

pub mod application;
pub mod call;
pub mod certification;
pub mod challenge;
pub mod collection;
pub mod event;
pub mod evidence;
pub mod graph;
pub mod id;
pub mod policy;
pub mod products;
#[cfg(test)]
pub(crate) mod samples;
pub mod step;
pub mod table;
pub mod time;
pub mod view;
