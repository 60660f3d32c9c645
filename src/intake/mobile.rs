//! The calls of the mobile app, in which an applicant certifies (spec 004).
//!
//! It owns the wire of the thirteen calls: their paths, their fields, their answers. It must never decide
//! what becomes of an application, never keep a body (what is not evidence is noise, spec 005 A-004-7), and
//! never put into a log what an applicant said.
//!
//! [`routes`] takes a request in, [`call`] names it, [`work`] answers it: [`form`] and [`save`] read, [`case`]
//! finds the application that it is for, [`fill`] and [`answer`] write what is answered; [`catalogue`] knows the forms,
//! [`upload`] takes photos, which [`recognise`] reads.

mod account;
mod answer;
pub mod call;
mod case;
pub mod catalogue;
mod curp;
mod fill;
mod form;
pub mod recognise;
mod routes;
mod save;
#[cfg(test)]
mod tests;
mod upload;
mod work;

pub use routes::{App, routes};

pub(super) use upload::media_type;
