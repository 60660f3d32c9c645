//! What a line of `tests/fixtures/bad/` says; its README has the form.

use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const BASE: &str = include_str!("../../../src/intake/push/examples/base.json");
const ADDITIONAL: &str = include_str!("../../../src/intake/push/examples/additional.json");
const SIGNED: &str = include_str!("../../../src/intake/push/examples/signed-object.json");
const SIGNED_STRING: &str = include_str!("../../../src/intake/push/examples/signed.json");

/// A bad input, and what it is answered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    to: String,
    body: Option<Text>,
    example: Option<String>,
    #[serde(default)]
    edit: Vec<(String, Text)>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Header>,
    #[serde(default)]
    pub(super) sign: Sign,
    pub(super) raw: Option<Text>,
    pub(super) trickle: Option<u64>,
    #[serde(default = "ok")]
    pub(super) status: u16,
    says: Option<String>,
    answer: Option<Value>,
    pub(super) makes: Option<String>,
}

const fn ok() -> u16 {
    200
}

/// A header field: none, once, or several times.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Header {
    Absent(()),
    Once(String),
    Often(Vec<String>),
}

/// How it is signed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Sign {
    pub(super) key: Option<String>,
    pub(super) over: Option<Text>,
    pub(super) value: Option<String>,
    pub(super) late_s: i64,
    pub(super) time: Option<String>,
    pub(super) ua: Option<String>,
    pub(super) call: Option<String>,
    pub(super) as_string: bool,
}

impl Sign {
    /// The secret that signs.
    pub(super) fn secret(&self) -> &str {
        match self.key.as_deref() {
            None => "the newest secret",
            Some("old") => "the former secret",
            Some("wrong") => "somebody's secret",
            Some(other) => panic!("nobody knows the key `{other}`"),
        }
    }
}

/// A text, or how to make one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Plain(String),
    Hex { hex: String },
    Repeat { repeat: Box<Self>, times: usize },
    Parts(Vec<Self>),
}

impl Text {
    pub(super) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Plain(text) => text.clone().into_bytes(),
            Self::Hex { hex } => hex::decode(hex).unwrap(),
            Self::Repeat { repeat, times } => repeat.bytes().repeat(*times),
            Self::Parts(parts) => parts.iter().flat_map(Self::bytes).collect(),
        }
    }
}

/// By which contract it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contract {
    Halves,
    Sealed,
    Signed,
    Other,
}

impl Case {
    pub(super) const fn is_slow(&self) -> bool {
        self.trickle.is_some() || self.status == 0
    }

    pub(super) fn contract(&self) -> Contract {
        match self.to.as_str() {
            "base" | "additional" => Contract::Halves,
            "sealed" => Contract::Sealed,
            "signed" => Contract::Signed,
            other if other.ends_with("/qunadai") => Contract::Signed,
            other if other.contains("/pushUser") => Contract::Halves,
            _other => Contract::Other,
        }
    }

    /// Its method and path.
    pub(super) fn target(&self) -> (&str, &str) {
        match self.to.as_str() {
            "base" => ("POST", "/partners/open/pushUserBaseInfo"),
            "additional" => ("POST", "/partners/open/pushUserAdditionalInfo"),
            "sealed" => ("POST", "/partners/sealed/pushUserBaseInfo"),
            "signed" => ("POST", "/partners/signed/qunadai"),
            "outcomes" => ("GET", "/partners/open/outcomes"),
            other => other.split_once(' ').unwrap_or_else(|| panic!("{}: to `{other}`?", self.name)),
        }
    }

    /// The content, before anything is put round it.
    pub(super) fn content(&self) -> Vec<u8> {
        if let Some(body) = &self.body {
            assert!(self.edit.is_empty() && self.example.is_none(), "{}: edits of what?", self.name);
            return body.bytes();
        }
        let example = self.example.as_deref().unwrap_or(self.to.as_str());
        let example = match example {
            "base" | "sealed" => BASE,
            "additional" => ADDITIONAL,
            "signed" => SIGNED,
            "signed_string" => SIGNED_STRING,
            _other => "",
        };
        self.edit.iter().fold(example.trim_end().as_bytes().to_vec(), |text, (from, to)| {
            let found = places(&text, from.as_bytes());
            assert_eq!(found.len(), 1, "{}: `{from}` must occur once", self.name);
            let (before, behind) = (&text[..found[0]], &text[found[0] + from.len()..]);
            [before, &to.bytes(), behind].concat()
        })
    }

    /// Whether its body goes as it is, and nothing is put round it.
    pub(super) const fn is_as_given(&self) -> bool {
        self.body.is_some()
    }

    /// The expected body.
    pub(super) fn expected(&self) -> Option<Value> {
        let Some(says) = &self.says else {
            let is_success = self.makes.is_some() && self.answer.is_none();
            return if is_success { self.success() } else { self.answer.clone() };
        };
        Some(match self.contract() {
            Contract::Halves | Contract::Sealed => json!({"status": 0, "message": says, "data": null}),
            Contract::Signed => json!({"status": "0", "msg": says, "data": {"appDownloadUrl": null}}),
            Contract::Other => json!({"error": says}),
        })
    }
}

impl Case {
    /// What its contract says when a push was taken.
    fn success(&self) -> Option<Value> {
        match self.contract() {
            Contract::Halves | Contract::Sealed => {
                Some(json!({"status": 1, "message": "success", "data": null}))
            }
            Contract::Signed => {
                Some(json!({"status": "1", "msg": "推送成功", "data": {"appDownloadUrl": null}}))
            }
            Contract::Other => None,
        }
    }
}

/// Where a text begins in another.
fn places(text: &[u8], wanted: &[u8]) -> Vec<usize> {
    (0..=text.len().saturating_sub(wanted.len())).filter(|at| text[*at..].starts_with(wanted)).collect()
}

/// Reads cases, one a line.
pub(super) fn read(lines: &str) -> Vec<Case> {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// All cases, each with the name of its file.
pub(super) fn cases() -> Vec<(String, Case)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bad");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_ours = |path: &std::path::PathBuf| path.extension().is_some_and(|it| it == "jsonl");
    let mut files: Vec<_> = files.filter(is_ours).collect();
    files.sort();
    let of = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let cases = read(&std::fs::read_to_string(&path).unwrap());
        let mut names: Vec<_> = cases.iter().map(|case| case.name.clone()).collect();
        names.sort();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        assert!(twice.is_none(), "{name}: {twice:?}");
        cases.into_iter().map(move |case| (name.clone(), case))
    };
    files.into_iter().flat_map(of).collect()
}
