//! The commands that the help and the book show without running them: each must be one that there is.

use super::{Arguments, tree};
use clap::Parser as _;
use clap::error::ErrorKind;
use std::path::Path;

/// The words of a command, as a shell takes them apart.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in command.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (Some(_) | None, c) => word.get_or_insert_default().push(c),
        }
    }
    assert!(quote.is_none(), "a quote is not closed: {command}");
    words.extend(word);
    words
}

/// The commands of ours in a line of a shell, with what stands in for what a pipe brings; what they
/// do may stand behind them, after two spaces. A usage, with its `[OPTIONS]`, is none.
fn ours(line: &str) -> Vec<Vec<String>> {
    let words = words(line.trim().split("  ").next().unwrap_or_default());
    let commands = words.split(|word| ["|", "&&"].contains(&word.as_str()));
    let command = |words: &[String]| -> Vec<String> {
        let is_piped = words.first().is_some_and(|word| word == "xargs");
        let words =
            words.iter().skip(usize::from(is_piped)).take_while(|word| ![">", "<"].contains(&word.as_str()));
        words.cloned().chain(is_piped.then(|| "a/b".to_owned())).collect()
    };
    let is_usage = |words: &[String]| words.iter().any(|word| word.len() > 1 && word.starts_with(['[', '<']));
    commands
        .map(command)
        .filter(|words| words.first().is_some_and(|it| it == "docket") && !is_usage(words))
        .collect()
}

/// Reads a command as the program would; gives what is wrong with it.
fn wrong(words: &[String]) -> Option<ErrorKind> {
    let wrong = |words: &[String]| Arguments::try_parse_from(words).err().map(|error| error.kind());
    match wrong(words) {
        // Who does it is known where there is a user.
        Some(ErrorKind::MissingRequiredArgument) => {
            let actor = ["--actor", "ada"].map(str::to_owned);
            wrong(&[words, &actor].concat()).map(|_| ErrorKind::MissingRequiredArgument)
        }
        other => other,
    }
}

fn helps(command: &clap::Command, told: &mut Vec<String>) {
    told.extend(command.get_after_help().map(ToString::to_string));
    command.get_subcommands().for_each(|each| helps(each, told));
}

#[test]
fn every_example_of_the_help_is_a_command() {
    let mut helped = Vec::new();
    helps(&tree(), &mut helped);
    let mut count = 0;
    for line in helped.iter().flat_map(|help| help.lines()).filter(|line| line.starts_with("  ")) {
        for words in ours(line) {
            count += 1;
            assert_eq!(wrong(&words), None, "{line}");
        }
    }
    assert!(count > 30, "only {count} examples were found");
}

#[test]
fn every_command_that_the_book_names_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join("ARCHITECTURE.md")];
    for folder in ["docs", "docs/errors", "docs/partners", "docs/reference"] {
        let entries = std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(entries.filter(|path| path.extension().is_some_and(|kind| kind == "md")));
    }
    let mut count = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        let is_shown =
            |line: &&str| ["docket ", "xargs docket "].iter().any(|it| line.trim().starts_with(it));
        let spans = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).filter(is_shown);
        for words in spans.flat_map(ours) {
            count += 1;
            let found = wrong(&words);
            // A command that is only named needs nothing to be done with.
            let is_named = matches!(
                found,
                None | Some(
                    ErrorKind::DisplayHelp
                        | ErrorKind::MissingRequiredArgument
                        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
                )
            );
            assert!(is_named, "{}: {words:?}: {found:?}", page.display());
        }
        for words in text.lines().filter(is_shown).flat_map(ours) {
            count += 1;
            assert_eq!(wrong(&words), None, "{}: {words:?}", page.display());
        }
    }
    assert!(count > 50, "only {count} commands were found");
}

#[test]
fn what_is_deployed_starts_commands_that_there_are() {
    let unit = include_str!("../../deploy/docket.service");
    let started = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/")).unwrap();
    assert_eq!(wrong(&words(started)), None, "{started}");
    let image = include_str!("../../deploy/Dockerfile");
    let list = |key: &str| -> Vec<String> {
        let (_, list) =
            image.lines().find(|line| line.starts_with(key)).and_then(|it| it.split_once('[')).unwrap();
        serde_json::from_str(&format!("[{list}")).unwrap()
    };
    let run = [list("ENTRYPOINT"), list("CMD")].concat();
    assert_eq!((wrong(&run), run.join(" ").as_str()), (None, "docket serve"));
    assert_eq!(wrong(&list("HEALTHCHECK")), None);
}
