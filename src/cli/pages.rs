//! `docket completion` and `docket man`: made from the tree of commands.

use super::failure::{Ended, Failure};
use super::out::print;
use clap_complete::Shell;
use std::path::PathBuf;
use std::process::ExitCode;

/// What `docket completion` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  docket completion bash > /etc/bash_completion.d/docket
  docket completion zsh > ~/.zfunc/_docket")]
pub(super) struct CompletionOptions {
    /// The shell
    shell: Shell,
}

/// What `docket man` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  docket man | man -l -
  docket man /usr/local/share/man/man1")]
pub(super) struct ManOptions {
    /// Write a page for every command into this folder
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

pub(super) fn completion(options: &CompletionOptions) -> Ended {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut super::tree(), "docket", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn man(options: &ManOptions) -> Ended {
    match &options.folder {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(super::tree()).render(&mut page)?;
            print(&String::from_utf8_lossy(&page))?;
        }
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(Failure::from)?;
            clap_mangen::generate_to(super::tree(), folder)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
