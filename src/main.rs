//! The `docket` program: see `docket help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    docket::cli::main()
}
