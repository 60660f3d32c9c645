//! Compiles `proto/` and turns `state/` into Rust; no other logic.

#[path = "build/machine.rs"]
#[expect(dead_code, reason = "the page of a machine is written by a test")]
mod machine;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    machines(&out)?;
    protocol(&out)
}

/// Writes the tables of every machine, or ends the build with all that is wrong with them.
fn machines(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=state");
    let mut refused = false;
    for path in files("state", "toml")? {
        let shown = path.display().to_string();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        match machine::read(&shown, &stem, &fs::read_to_string(&path)?) {
            Ok(machine) => {
                fs::write(out.join(format!("{stem}.rs")), machine::rust(&machine))?;
            }
            Err(refusals) => {
                refused = true;
                refusals.iter().for_each(|refusal| eprintln!("{refusal}"));
            }
        }
    }
    if refused {
        process::exit(1);
    }
    Ok(())
}

/// Messages about a person, or with secrets: `src/api/proto.rs` lets them print their names only.
const UNPRINTED: [&str; 15] = [
    ".docket.v1.AddressBook",
    ".docket.v1.AddressBookEntry",
    ".docket.v1.AnswerChallengeRequest",
    ".docket.v1.BankLogin",
    ".docket.v1.Contact",
    ".docket.v1.Contacts",
    ".docket.v1.Credentials",
    ".docket.v1.DegreeAccount",
    ".docket.v1.Device",
    ".docket.v1.Evidence",
    ".docket.v1.Identity",
    ".docket.v1.IdentityCard",
    ".docket.v1.IssueSessionRequest",
    ".docket.v1.Session",
    ".docket.v1.Work",
];

/// Compiles the public contract, and keeps its descriptors for reflection.
fn protocol(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = files("proto/docket/v1", "proto")?;
    if files.is_empty() {
        return Ok(());
    }
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true).open_files(files)?;
    let descriptors = compiler.file_descriptor_set();
    fs::write(out.join("docket.v1.bin"), descriptors.encode_to_vec())?;
    let builder = tonic_prost_build::configure().build_server(true).build_client(true);
    builder.btree_map(".").skip_debug(UNPRINTED).compile_fds(descriptors)?;
    Ok(())
}

/// Lists the files of a folder by name; a folder that is not there has none.
fn files(folder: &str, extension: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    if !Path::new(folder).exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    Ok(files)
}
