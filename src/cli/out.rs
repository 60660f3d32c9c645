//! What commands print: data on the standard output, in the form that was asked for, and nothing
//! else there.

pub(super) mod json;
pub(super) mod table;
pub(super) mod words;

use super::failure::Failure;
use clap::ValueEnum;
use json::{Told, Written};
use serde_json::Value;
use std::io::{IsTerminal as _, Write as _};

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// For people.
    Table,
    /// An object for one, an array for many, an object a line for streams.
    Json,
    /// An object a line.
    Jsonl,
    /// Resource names only, one a line.
    Name,
}

/// When tables are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How results are shown.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Show {
    /// How results are printed
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "table", global = true)]
    output: Form,
    /// When tables are coloured; `NO_COLOR` is heeded
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", global = true)]
    color: Color,
}

impl Show {
    pub(super) const fn form(&self) -> Form {
        self.output
    }

    pub(super) fn out(&self) -> Out {
        let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_coloured = self.color.is_due(is_refused, std::io::stdout().is_terminal());
        Out { form: self.output, is_coloured }
    }
}

impl Color {
    /// What is asked for on the command line goes before what `NO_COLOR` refuses.
    const fn is_due(self, is_refused: bool, is_terminal: bool) -> bool {
        match self {
            Self::Auto => is_terminal && !is_refused,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// The standard output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Out {
    form: Form,
    is_coloured: bool,
}

impl Out {
    pub(super) const fn is_coloured(self) -> bool {
        self.is_coloured
    }

    /// Prints one thing; `page` makes what people read.
    pub(super) fn one<M: Told>(self, told: &M, page: impl FnOnce(&M) -> String) -> Result<(), Failure> {
        match self.form {
            Form::Table => print(&page(told)),
            Form::Json => print(&json::pretty(&Written(told))),
            Form::Jsonl => print(&json::line(&Written(told))),
            Form::Name => print(told.name()),
        }
    }

    /// Prints a list that is complete.
    pub(super) fn many<M: Told>(self, told: &[M], page: impl FnOnce(&[M]) -> String) -> Result<(), Failure> {
        match self.form {
            Form::Table => print(&page(told)),
            Form::Json => print(&json::pretty(&told.iter().map(Written).collect::<Vec<_>>())),
            Form::Jsonl => told.iter().try_for_each(|each| print(&json::line(&Written(each)))),
            Form::Name => told.iter().try_for_each(|each| print(each.name())),
        }
    }

    /// Prints the next of a stream; `line` makes what people read, if it is for people.
    pub(super) fn next<M: Told>(
        self,
        told: &M,
        line: impl FnOnce(&M) -> Option<String>,
    ) -> Result<(), Failure> {
        match self.form {
            Form::Table => line(told).map_or(Ok(()), |line| print(&line)),
            Form::Json | Form::Jsonl => print(&json::line(&Written(told))),
            Form::Name if told.name().is_empty() => Ok(()),
            Form::Name => print(told.name()),
        }
    }

    /// Prints one thing that is no message of the contract.
    pub(super) fn object(self, name: &str, object: &Value, page: &str) -> Result<(), Failure> {
        match self.form {
            Form::Table => print(page),
            Form::Json => print(&json::pretty(object)),
            Form::Jsonl => print(&json::line(object)),
            Form::Name => print(name),
        }
    }

    /// Prints rows that are no messages of the contract: each with its name, and its JSON.
    pub(super) fn rows(self, rows: &[(String, Value)], page: impl FnOnce() -> String) -> Result<(), Failure> {
        match self.form {
            Form::Table => print(&page()),
            Form::Json => print(&json::pretty(&rows.iter().map(|(_, json)| json).collect::<Vec<_>>())),
            Form::Jsonl => rows.iter().try_for_each(|(_, json)| print(&json.to_string())),
            Form::Name => rows.iter().try_for_each(|(name, _)| print(name)),
        }
    }
}

/// Prints a text, which ends with a line's end; what is printed is out when this returns.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::Color;

    #[test]
    fn colours_are_for_terminals_that_are_not_refused_them() {
        let due = |color: Color| {
            [(false, true), (true, true), (false, false)].map(|(no, tty)| color.is_due(no, tty))
        };
        assert_eq!(due(Color::Auto), [true, false, false]);
        assert_eq!(due(Color::Always), [true, true, true]);
        assert_eq!(due(Color::Never), [false, false, false]);
    }
}
