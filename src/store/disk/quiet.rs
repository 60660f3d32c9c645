//! Calls into sled: its panics become errors and print nothing.
//!
//! sled panics on damage that it does not expect, at opening and on reads. Owns the panic hook's
//! exception for these calls on this thread; every other panic is reported as before.

use crate::store::StoreError;
use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Calls sled; an error or a panic says what was tried (`doing`, as a verb and its object).
pub(super) fn sled<T>(
    doing: &'static str,
    call: impl FnOnce() -> ::sled::Result<T>,
) -> Result<T, StoreError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
    let outer = QUIET.replace(true);
    // sled's own state may be broken after a panic; ours is not touched inside.
    let result = panic::catch_unwind(AssertUnwindSafe(call));
    QUIET.set(outer);
    match result {
        Ok(result) => result.map_err(|source| StoreError::Sled { doing, source }),
        Err(panic) => Err(StoreError::SledPanic { doing, message: message(panic.as_ref()) }),
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_with_its_message() {
        let error = sled::<()>("try it", || panic!("broken {}", 7)).unwrap_err();
        assert!(matches!(error, StoreError::SledPanic { doing: "try it", message } if message == "broken 7"));
        assert_eq!(sled("try it", || Ok(1)).unwrap(), 1);
    }
}
