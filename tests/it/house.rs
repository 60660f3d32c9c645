//! The house rules that no compiler knows: which way dependencies point, and what the pure core
//! must never touch.

use std::fs;
use std::path::{Path, PathBuf};

/// What each top module may use besides itself, outermost last: an arrow that is not here points
/// the wrong way. A path of two names allows that part only.
const MAY_USE: &[(&str, &[&str])] = &[
    ("machine", &[]),
    ("vault", &["machine::id"]),
    ("clock", &["machine::time"]),
    ("config", &["machine", "vault"]),
    ("contract", &[]),
    ("telemetry", &[]),
    ("store", &["machine", "clock", "telemetry"]),
    ("engine", &["machine", "store", "vault", "clock", "telemetry"]),
    ("provider", &["machine", "store", "engine", "vault", "clock", "config"]),
    ("intake", &["machine", "store", "engine", "vault", "clock", "config", "contract", "telemetry"]),
    ("callback", &["machine", "store", "engine", "vault", "clock", "config", "contract", "telemetry"]),
    ("api", &["machine", "store", "engine", "vault", "clock", "config", "contract", "telemetry", "callback"]),
    ("console", &["machine", "store", "engine", "vault", "clock", "config"]),
    ("sandbox", &["provider::wire"]),
];

/// What wires everything together may use everything.
const MAY_USE_ALL: &[&str] = &["main", "lib", "cli"];

/// What the pure core must not even name.
const NOT_IN_THE_CORE: &[&str] = &[
    "serde",
    "tokio",
    "tracing",
    "SystemTime",
    "Instant",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "std::process",
    "std::io",
    "async ",
    ".await",
    "HashMap",
    "HashSet",
    "rand::",
    "rand_",
];

#[test]
fn dependencies_point_inwards() {
    let broken: Vec<_> = sources(Path::new("src"))
        .iter()
        .flat_map(|file| {
            let code = code_of(&fs::read_to_string(file).unwrap());
            let broken = broken_arrows(&top_module(file), &code);
            broken.into_iter().map(|arrow| format!("{}: {arrow}", file.display())).collect::<Vec<_>>()
        })
        .collect();
    assert!(broken.is_empty(), "these arrows point the wrong way:\n{}", broken.join("\n"));
}

#[test]
fn the_core_is_pure() {
    let files: Vec<_> =
        sources(Path::new("src")).into_iter().filter(|file| top_module(file) == "machine").collect();
    assert!(files.len() > 10, "the core is looked for in the wrong place");
    let mut found = Vec::new();
    for file in files {
        let code = code_of(&fs::read_to_string(&file).unwrap());
        let named = NOT_IN_THE_CORE.iter().filter(|word| code.contains(*word));
        found.extend(named.map(|word| format!("{}: {word}", file.display())));
    }
    assert!(found.is_empty(), "the core must not know of these:\n{}", found.join("\n"));
}

/// What is served takes its paths from the one list, which the description is compared with.
#[test]
fn every_route_is_taken_from_the_list() {
    let mut taken = 0;
    let mut found = Vec::new();
    for file in sources(Path::new("src")) {
        let is_inside = ["sandbox", "provider"].contains(&top_module(&file).as_str());
        if is_inside || file.with_extension("").iter().any(|part| part == "tests") {
            continue;
        }
        let code = code_of(&fs::read_to_string(&file).unwrap());
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (at, _) in code.match_indices(".route(") {
            let argument = code[at + ".route(".len()..].trim_start();
            let path = argument.split(',').next().unwrap_or_default();
            if path.ends_with(".path") {
                taken += 1
            } else {
                found.push(format!("{}: {path}", file.display()))
            }
        }
    }
    assert!(found.is_empty(), "these paths are not in src/contract.rs:\n{}", found.join("\n"));
    assert!(taken >= docket::contract::ROUTES.len(), "routes are looked for in the wrong place");
}

#[test]
fn an_arrow_that_points_the_wrong_way_is_found() {
    let broken = |module: &str, code: &str| broken_arrows(module, &code_of(code));
    assert_eq!(broken("machine", "use crate::store::Store;"), ["machine -> store::Store"]);
    assert_eq!(broken("store", "let at = crate::engine::now();"), ["store -> engine::now"]);
    assert_eq!(
        broken("sandbox", "use crate::provider::{wire::seal, token};"),
        ["sandbox -> provider::token"]
    );
    assert_eq!(broken("api", "use crate::{console::Page, engine};"), ["api -> console::Page"]);
    assert_eq!(broken("vault", "use crate::machine::{\n    id, time,\n};"), ["vault -> machine::time"]);
    assert_eq!(broken("new", "fn x() {}"), ["`new` is not in the map: say what it may use"]);
    let fine = "// use crate::engine;\nuse crate::machine::id::ApplicationId;\npub(crate) fn x() {}";
    assert_eq!(broken("vault", fine), [""; 0]);
    assert_eq!(broken("main", "use crate::anything;"), [""; 0]);
}

/// Every Rust file below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).expect("the tests run in the project's folder");
    for entry in entries {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The module right below the crate that a file belongs to.
fn top_module(file: &Path) -> String {
    let inside = file.strip_prefix("src").expect("it is looked for there").with_extension("");
    inside.iter().next().expect("a file has a name").to_string_lossy().into_owned()
}

/// The text without its comments.
fn code_of(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

fn broken_arrows(module: &str, code: &str) -> Vec<String> {
    if MAY_USE_ALL.contains(&module) {
        return Vec::new();
    }
    let Some((_, may_use)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
        return vec![format!("`{module}` is not in the map: say what it may use")];
    };
    let mut broken = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        for used in paths(&code[at + "crate::".len()..]) {
            let is_below = |allowed: &str| used == allowed || used.starts_with(&format!("{allowed}::"));
            if !is_below(module) && !may_use.iter().any(|allowed| is_below(allowed)) {
                broken.push(format!("{module} -> {used}"));
            }
        }
    }
    broken
}

/// The first two names of every path that begins here: `a::{b, c::d}` is `a::b` and `a::c`.
fn paths(text: &str) -> Vec<String> {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        return members(group).iter().flat_map(|member| paths(member)).collect();
    }
    let (first, rest) = name(text);
    let Some(rest) = rest.strip_prefix("::") else { return vec![first.to_owned()] };
    if let Some(group) = rest.strip_prefix('{') {
        return members(group).iter().map(|member| format!("{first}::{}", name(member).0)).collect();
    }
    vec![format!("{first}::{}", name(rest).0)]
}

fn name(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    text.split_at(end)
}

/// The members of a group whose brace is already open.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth == 0 => {
                found.push(group[start..at].trim());
                start = at + 1;
            }
            '}' => {
                found.push(group[start..at].trim());
                break;
            }
            _ => {}
        }
    }
    found.retain(|member| !member.is_empty());
    found
}
