//! The upstream credit-data provider: its wire types and its client.

pub mod wire;
