# The chores; `just` lists them.

default:
    @just --list

# What CI runs.
check:
    .ci/run

# Format, then the lints as CI has them.
tidy:
    cargo fmt
    cargo clippy --all-targets -- -D warnings

# Draw the machines anew after a change in state/.
machines:
    UPDATE=1 cargo test --test it machines_are_drawn

# Show every state change of a dozen applications.
demo:
    cargo run -- demo
