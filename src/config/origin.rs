//! Where each setting came from, and which keys nobody knows.

use super::callback;
use super::keys::{KEYS, LISTS};
use super::{Key, OTHER_VARIABLES, Overrides, SettingsError};
use config::{FileFormat, Map, Source, Value, ValueKind};
use std::path::Path;

/// How alike two names must be for one to be suggested for the other: a slip or two in a word.
const ALIKE: f64 = 0.7;

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nobody gave one, and there is no default.
    Unset,
    /// Nobody gave one.
    Default,
    /// From the file.
    File,
    /// From its variable.
    Variable,
    /// From the command line.
    Flag,
}

/// A setting as it will be used.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its path.
    pub path: &'static str,
    /// Its value, as written; `[secret]` for a secret, none when unset.
    pub value: Option<String>,
    /// Where the value came from.
    pub origin: Origin,
}

impl Shown {
    /// Gives its variable.
    pub fn variable(&self) -> String {
        super::keys::variable(self.path)
    }
}

/// Tells every setting's value and where it came from; values are not looked into.
///
/// # Errors
/// If the file cannot be read.
pub fn show(file: Option<&Path>, overrides: &Overrides) -> Result<Vec<Shown>, SettingsError> {
    let written = written(file)?;
    let mut shown: Vec<_> = KEYS.iter().map(|key| show_key(key, &written, overrides)).collect();
    for (list, ..) in LISTS {
        let names = written.get(list).map(names);
        let origin = if names.is_some() { Origin::File } else { Origin::Default };
        let default = || match list {
            "partner" => super::products::partners().into_iter().map(|it| it.name).collect::<Vec<_>>(),
            _product => super::products::products().into_iter().map(|it| it.name).collect(),
        };
        let value = names.unwrap_or_else(default).join(", ");
        shown.push(Shown { path: list, value: Some(value), origin });
    }
    Ok(shown)
}

fn show_key(key: &Key, written: &Map<String, Value>, overrides: &Overrides) -> Shown {
    let flag = overrides.iter().rev().find(|(path, _)| *path == key.path).map(|(_, value)| value.clone());
    let given = [
        (flag, Origin::Flag),
        (std::env::var(key.variable()).ok(), Origin::Variable),
        (at(written, key.path).map(|value| value.clone().into_string().unwrap_or_default()), Origin::File),
        (key.default_value(), Origin::Default),
    ];
    let found = given.into_iter().find_map(|(value, origin)| Some((value?, origin)));
    let (value, origin) = found.map_or((None, Origin::Unset), |(value, origin)| (Some(value), origin));
    let value = value.map(|value| if key.is_secret { "[secret]".to_owned() } else { value });
    Shown { path: key.path, value, origin }
}

fn names(list: &Value) -> Vec<String> {
    let entries = list.clone().into_array().unwrap_or_default();
    let name = |entry: Value| {
        let mut table = entry.into_table().ok()?;
        let name = table.remove("name")?.into_string().ok()?;
        let url = table.remove("callback_url").and_then(|url| url.into_string().ok());
        Some(url.map_or_else(|| name.clone(), |url| format!("{name} ({})", callback::shown(&url))))
    };
    entries.into_iter().filter_map(name).collect()
}

fn at<'a>(table: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let Some((first, rest)) = path.split_once('.') else { return table.get(path) };
    if let ValueKind::Table(inner) = &table.get(first)?.kind { at(inner, rest) } else { None }
}

/// What stands in the file; nothing without one.
fn written(file: Option<&Path>) -> Result<Map<String, Value>, SettingsError> {
    let Some(file) = file else { return Ok(Map::new()) };
    Ok(config::File::from(file).format(FileFormat::Toml).collect()?)
}

/// Every variable and key that nobody knows, and every setting that must be given and is not.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn problems(
    file: Option<&Path>,
    overrides: &Overrides,
) -> Result<Vec<SettingsError>, SettingsError> {
    let written = written(file)?;
    let mut problems = unknown_variables();
    problems.extend(unknown_keys(&written));
    let required = KEYS.iter().filter(|key| key.is_required);
    let missing = required.filter(|key| show_key(key, &written, overrides).origin == Origin::Unset);
    problems.extend(
        missing.map(|key| SettingsError::Missing { key: key.path.to_owned(), variable: key.variable() }),
    );
    Ok(problems)
}

/// Every key of the file that nobody knows, each with the nearest that somebody does.
fn unknown_keys(written: &Map<String, Value>) -> Vec<SettingsError> {
    let mut unknown = Vec::new();
    look(written, "", &mut unknown);
    unknown.sort();
    let mut known = known();
    let sections: Vec<_> = known.iter().filter_map(|path| Some(path.split_once('.')?.0.to_owned())).collect();
    known.extend(sections);
    let error = |key: String| SettingsError::UnknownKey { like: nearest(&key, &known), key };
    unknown.into_iter().map(error).collect()
}

fn look(table: &Map<String, Value>, prefix: &str, unknown: &mut Vec<String>) {
    let known = known();
    for (key, value) in table {
        let path = format!("{prefix}{key}");
        let inside = format!("{path}.");
        let is_section = known.iter().any(|known| known.starts_with(&inside));
        if !is_section {
            if !known.contains(&path) {
                unknown.push(path);
            }
        } else if let ValueKind::Table(inner) = &value.kind {
            look(inner, &inside, unknown);
        } else if let ValueKind::Array(entries) = &value.kind {
            for entry in entries {
                if let ValueKind::Table(inner) = &entry.kind {
                    look(inner, &inside, unknown);
                }
            }
        }
    }
}

/// The paths of all that may stand in a file.
fn known() -> Vec<String> {
    let keys = KEYS.iter().map(|key| key.path.to_owned());
    let fields =
        LISTS.iter().flat_map(|(list, fields, _)| fields.iter().map(move |it| format!("{list}.{it}")));
    keys.chain(fields).collect()
}

/// Every variable that begins like a setting and is none.
fn unknown_variables() -> Vec<SettingsError> {
    let known: Vec<_> = KEYS.iter().map(Key::variable).collect();
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let is_unknown = |name: &String| {
        name.starts_with("DOCKET_") && !OTHER_VARIABLES.contains(&name.as_str()) && !known.contains(name)
    };
    let mut unknown: Vec<_> = names.filter(is_unknown).collect();
    unknown.sort();
    let error = |name: String| SettingsError::UnknownVariable { like: nearest(&name, &known), name };
    unknown.into_iter().map(error).collect()
}

/// The name most like another one, or a key of this name in the wrong section.
fn nearest(name: &str, known: &[String]) -> Option<String> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let misplaced = known.iter().find(|known| known.rsplit('.').next() == Some(last));
    let likeness = |known: &String| strsim::jaro_winkler(name, known);
    let alike = || {
        let best = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        best.filter(|best| likeness(best) >= ALIKE)
    };
    misplaced.or_else(alike).cloned()
}
