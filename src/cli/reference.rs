//! The reference of the command line, as Markdown, made from the tree of commands.

use clap::{Arg, Command};
use std::fmt::Write as _;

const OPENING: &str =
    "<!-- generated from src/cli: edit it, then run UPDATE=1 cargo test --test it references -->

# Command line

What `docket help` says of every command. Only data goes to the standard output; logs, prompts and errors
go to the standard error output.

## Output

`-o` chooses how results are printed: `table` for people; `json`, an object for one thing, an array for
many, and an object a line for streams; `jsonl`, an object a line; `name`, resource names only. The JSON is
protobuf's own mapping of the messages in `proto/docket/v1`, with the field names of those files and
64-bit numbers as numbers; no field is left out for being empty.

An error says what, its reason where the server gave one, the fields that are wrong, and a hint. With
`-o json` or `jsonl` the last line of the standard error output is one JSON object with the same:
`{\"error\": {\"message\", \"exit_code\", \"reason\", \"metadata\", \"field_violations\", \"hint\"}}`.

## Exit codes

| code | meaning |
|---|---|
| 0 | done |
| 1 | anything else, and `apps wait` whose time is over |
| 2 | the command line makes no sense |
| 3 | not found |
| 4 | what was brought is wrong |
| 5 | the state of things is in the way |
| 6 | not permitted |
| 7 | the server cannot be reached, or cannot answer now |
| 8 | the awaited application ended without approval, or is parked |
| 9 | something on disk is damaged |
| 10 | something on disk is lost |
";

/// Writes the reference of a program.
pub(super) fn page(mut program: Command) -> String {
    program.build();
    let mut page = String::from(OPENING);
    for command in program.get_subcommands() {
        describe(command, "docket", &mut page);
    }
    page
}

fn describe(command: &Command, parent: &str, page: &mut String) {
    if command.is_hide_set() || command.get_name() == "help" {
        return;
    }
    let name = format!("{parent} {}", command.get_name());
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let _infallible = writeln!(page, "\n## `{name}`\n\n{}", sentence(&about));
    let is_leaf = command.get_subcommands().next().is_none();
    if is_leaf {
        let _infallible = writeln!(page, "\n```text\n{}\n```", usage(command, &name));
    }
    let arguments: Vec<_> = command.get_arguments().filter(|it| is_told(it, is_leaf, parent)).collect();
    if !arguments.is_empty() {
        page.push_str("\n| argument | what it means | default |\n|---|---|---|\n");
    }
    for argument in arguments {
        row(argument, page);
    }
    if let Some(examples) = command.get_after_help() {
        let _infallible = writeln!(page, "\n```text\n{examples}\n```");
    }
    for command in command.get_subcommands() {
        describe(command, &name, page);
    }
}

/// What all commands of a family share is told with the family.
fn is_told(argument: &Arg, is_leaf: bool, parent: &str) -> bool {
    let is_shared = argument.is_global_set() && is_leaf && parent != "docket";
    !argument.is_hide_set() && !is_shared && !matches!(argument.get_id().as_str(), "help" | "version")
}

fn usage(command: &Command, name: &str) -> String {
    let usage = command.clone().render_usage().to_string();
    let tail =
        usage.trim_start_matches("Usage: ").split_once(command.get_name()).map_or("", |(_, tail)| tail);
    format!("{name}{tail}")
}

fn row(argument: &Arg, page: &mut String) {
    let values: Vec<_> =
        argument.get_value_names().unwrap_or_default().iter().map(|it| it.to_string()).collect();
    let takes = argument.get_action().takes_values();
    let value = if takes { values.join(" ") } else { String::new() };
    let name = match (argument.get_short(), argument.get_long()) {
        (Some(short), Some(long)) => format!("`-{short}`, `--{long} {value}`"),
        (None, Some(long)) => format!("`--{long} {value}`"),
        (Some(short), None) => format!("`-{short} {value}`"),
        (None, None) => format!("`{value}`"),
    };
    let name = name.replace(" `", "`").replace(",`", ", `");
    let about = argument.get_long_help().or_else(|| argument.get_help()).map(ToString::to_string);
    let mut about = sentence(&about.unwrap_or_default());
    let possible: Vec<_> =
        argument.get_possible_values().iter().map(|it| format!("`{}`", it.get_name())).collect();
    if takes && !possible.is_empty() {
        let _infallible = write!(about, " One of {}.", possible.join(", "));
    }
    if let Some(variable) = argument.get_env() {
        let _infallible = write!(about, " Variable: `{}`.", variable.to_string_lossy());
    }
    let hidden = argument.is_hide_default_value_set() || !takes;
    let defaults = argument.get_default_values().iter().filter(|_| !hidden);
    let defaults: Vec<_> = defaults.map(|it| format!("`{}`", it.to_string_lossy())).collect();
    let _infallible = writeln!(
        page,
        "| {name} | {} | {} |",
        about.replace('\n', " ").replace('|', "\\|"),
        defaults.join(" ")
    );
}

/// Ends a text as a sentence.
fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', ']']) { text.to_owned() } else { format!("{text}.") }
}
