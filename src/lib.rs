//! Docket: a persistent state-machine orchestrator for loan applications.

pub mod api;
pub mod callback;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contract;
pub mod engine;
pub mod intake;
pub mod machine;
pub mod provider;
pub mod sandbox;
pub mod store;
pub mod telemetry;
pub mod vault;
