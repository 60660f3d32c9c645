//! The upstream credit-data provider: its wire types and its client.
//!
//! Owns the way from a call that the core asked for to what its answer means. It must never decide
//! what happens next, repeat what is not safe to repeat, or let a secret into an error or a log.

pub mod audit;
mod banks;
mod blocking;
pub mod calls;
pub mod client;
mod failure;
mod line;
mod material;
mod picture;
pub mod prepare;
mod read;
mod text;
mod token;
pub mod transport;
pub mod wire;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod specimen;
