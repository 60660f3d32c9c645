//! Questions to whoever sits at the terminal; through a pipe, the next line of it.

use super::failure::{Exit, Failure};
use std::io::{BufRead as _, IsTerminal as _, Read as _, stdin};

/// The longest answer, in bytes.
const LIMIT: u64 = 4096;

/// Whether what is typed is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Echo {
    /// It is.
    Shown,
    /// It is not.
    Hidden,
}

/// Asks for a text that is not empty.
pub(super) fn ask(what: &str, echo: Echo) -> Result<String, Failure> {
    let is_terminal = stdin().is_terminal();
    let text = if is_terminal && echo == Echo::Hidden {
        let asked = dialoguer::Password::new().with_prompt(what).report(false).interact();
        asked.map_err(|dialoguer::Error::IO(error)| Failure::from(error))?
    } else {
        if is_terminal {
            eprint!("{what}: ");
        }
        let mut line = String::new();
        stdin().lock().take(LIMIT).read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    if text.is_empty() {
        let what = format!("no {what} was given");
        return Err(
            Failure::new(Exit::Usage, what).hint("type it, or give it as a line of the standard input")
        );
    }
    Ok(text)
}

/// Asks until the answer is good; through a pipe only once. What is wrong never repeats the answer.
pub(super) fn ask_good<T>(
    what: &str,
    echo: Echo,
    check: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Failure> {
    loop {
        match check(&ask(what, echo)?) {
            Ok(good) => return Ok(good),
            Err(problem) if stdin().is_terminal() => eprintln!("{what}: {problem}"),
            Err(problem) => return Err(Failure::new(Exit::Invalid, format!("{what}: {problem}"))),
        }
    }
}
