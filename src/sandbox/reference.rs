//! The reference of the sandbox, made from its own tables.
//!
//! Owns the page's texts. It must never say what a table says already.

use std::fmt::Write as _;

use super::{Endpoint, Fault, Script, ScriptRow, System, Violation};

const NUMBERS: &str = "# Sandbox: numbers, calls, faults, rules

How they are used is told in [the chapter on the sandbox](../sandbox.md). Generated from the code.

## Test numbers

Mobile number `199SSxxxxxx` runs script `SS`, with any six digits for the `x`; every other number runs script 01. A
script is about one system, every other is happy for its numbers. The last column tells how an application ends that
must have the system, if its applicant types what the table says, with three sessions and five answers each.

| number | system | name | what happens | the applicant types | ends |
|---|---|---|---|---|---|
";

const CALLS: &str = "
## Calls

The names that faults and counters go by.

| call | system | path |
|---|---|---|
";

const FAULTS: &str = "
## Faults

| fault | the call is | the client gets |
|---|---|---|
";

const RULES: &str = "
## Rules

What a client must never do; the ledger notes who does.

| violation | what happened |
|---|---|
";

/// The page `docs/reference/sandbox.md`.
#[must_use]
pub fn reference() -> String {
    let mut page = String::from(NUMBERS);
    let mut line = |text: std::fmt::Arguments<'_>| {
        let _written = writeln!(page, "{text}");
    };
    for row in Script::ALL.map(Script::row) {
        let ScriptRow { number, system, name, description, types, ends, .. } = row;
        let (system, ends) = (system.name(), ends.name());
        line(format_args!(
            "| `199{number:02}xxxxxx` | {system} | `{name}` | {description} | {types} | {ends} |"
        ));
    }
    line(format_args!("{}", CALLS.trim_end()));
    for endpoint in Endpoint::ALL {
        let (name, system, path) = (endpoint.name(), endpoint.system(), endpoint.path());
        line(format_args!("| `{name}` | {} | `{path}` |", System::name(system)));
    }
    line(format_args!("{}", FAULTS.trim_end()));
    for fault in Fault::ALL {
        let done = if fault.is_processed() { "processed" } else { "not processed" };
        line(format_args!("| `{}` | {done} | {} |", fault.name(), fault.description()));
    }
    line(format_args!("{}", RULES.trim_end()));
    for violation in Violation::ALL {
        line(format_args!("| `{}` | {} |", violation.name(), violation.description()));
    }
    page
}
