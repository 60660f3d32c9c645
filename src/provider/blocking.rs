//! Work that blocks, amid tasks that must not.
//!
//! Owns the one place where the client steps aside for it. It must never need a runtime: a
//! simulation polls the client without one.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Runs work that blocks; on a runtime of many threads the other tasks of this one move on.
pub(super) fn blocking<R>(work: impl FnOnce() -> R) -> R {
    let flavor = Handle::try_current().map(|handle| handle.runtime_flavor());
    if flavor.is_ok_and(|flavor| flavor == RuntimeFlavor::MultiThread) {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}
