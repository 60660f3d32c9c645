//! The catalogue of forms: which items the app shows, and what may be answered (spec 004, "Item object").
//!
//! Owns the names of the wire that an item has. It must never know who answered what: values are given to
//! it, to be shown.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The forms as printed.
const PRINTED: &str = include_str!("catalogue.toml");

/// Bytes of a catalogue: the printed one has a tenth, a list of all banks three times as much.
const FILE_LIMIT: u64 = 256 * 1024;

/// Items of a form: more than anybody fills in on a telephone.
const ITEMS_LIMIT: usize = 100;

/// Bytes of the name of an answer.
const CODE_LIMIT: usize = 64;

/// All forms.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    pub(super) questionnaire: Vec<Item>,
    pub(super) personal: Vec<Item>,
    pub(super) job: Vec<Item>,
    pub(super) contacts: Contacts,
    pub(super) card: Vec<Item>,
}

/// What the form of emergency contacts shows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contacts {
    pub(super) relations: Vec<Choice>,
}

/// One line of a form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Item {
    id: Option<String>,
    title: String,
    #[serde(default)]
    subtitle: String,
    /// The name under which it is answered; none where there is nothing to answer.
    pub(super) code: Option<String>,
    cate: String,
    /// A text or a number, as printed.
    input_type: Option<Value>,
    #[serde(default)]
    note: Vec<Choice>,
    #[serde(default)]
    optional: u8,
    #[serde(default)]
    status: u8,
    status_name: Option<String>,
    done_name: Option<String>,
    enable: Option<bool>,
    #[serde(default)]
    date_select: u8,
    bank_type: Option<u8>,
}

/// One of the answers that are offered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    pub(super) name: String,
    /// What is submitted: a number in most lists, a text in that of relations (spec 005 A-004-13).
    #[serde(rename = "type")]
    code: Code,
    title: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Code {
    Number(u32),
    Text(String),
}

/// A catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The file cannot be read.
    #[error("read {path}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is no catalogue.
    #[error("read the catalogue: {0}")]
    Toml(#[from] toml::de::Error),
    /// A form makes no sense.
    #[error("the form `{form}` {problem}")]
    Senseless {
        /// The form.
        form: &'static str,
        /// What is wrong.
        problem: String,
    },
}

impl Catalogue {
    /// Gives the forms as printed.
    ///
    /// # Panics
    /// Never: a test reads it.
    pub fn printed() -> Self {
        Self::read(PRINTED).expect("the printed forms are a catalogue")
    }

    /// Reads a catalogue from a file.
    ///
    /// # Errors
    /// It cannot be read, or makes no sense.
    pub fn from_file(path: &Path) -> Result<Self, CatalogueError> {
        let failed = |source| CatalogueError::File { path: path.to_owned(), source };
        if std::fs::metadata(path).map_err(failed)?.len() > FILE_LIMIT {
            return Err(failed(std::io::ErrorKind::FileTooLarge.into()));
        }
        Self::read(&std::fs::read_to_string(path).map_err(failed)?)
    }

    fn read(text: &str) -> Result<Self, CatalogueError> {
        let catalogue: Self = toml::from_str(text)?;
        let forms = [
            ("questionnaire", &catalogue.questionnaire),
            ("personal", &catalogue.personal),
            ("job", &catalogue.job),
            ("card", &catalogue.card),
        ];
        for (form, items) in forms {
            let senseless = |problem| CatalogueError::Senseless { form, problem };
            if items.len() > ITEMS_LIMIT {
                return Err(senseless(format!("must have at most {ITEMS_LIMIT} items")));
            }
            let codes: Vec<_> = items.iter().filter_map(|item| item.code.as_deref()).collect();
            for (at, code) in codes.iter().enumerate() {
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
                if !(1..=CODE_LIMIT).contains(&code.len()) || !code.bytes().all(is_plain) {
                    let must =
                        format!("has the code `{code}`: must be 1 to {CODE_LIMIT} letters, digits and `_`");
                    return Err(senseless(must));
                }
                if codes[..at].contains(code) {
                    return Err(senseless(format!("has the code `{code}` twice")));
                }
            }
        }
        Ok(catalogue)
    }
}

impl Item {
    /// Says whether it may be left out.
    pub(super) const fn is_optional(&self) -> bool {
        self.optional != 0
    }

    /// Says whether any options are listed; what has none is answered with a text.
    pub(super) const fn has_options(&self) -> bool {
        !self.note.is_empty()
    }

    /// Says whether an answer is among those that are offered, where any are.
    pub(super) fn offers(&self, answer: &str) -> bool {
        !self.has_options() || self.choice(answer).is_some()
    }

    fn choice(&self, answer: &str) -> Option<&Choice> {
        self.note.iter().find(|choice| choice.code() == answer)
    }

    /// Shows it with the value that is stored; `is_done` says that the form is.
    pub(super) fn shown(&self, value: &str, is_done: bool) -> Map<String, Value> {
        let mut shown = Map::new();
        let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
        let Some(code) = &self.code else {
            put("cate", json!(self.cate));
            put("title", json!(self.title));
            put("status", json!(self.status));
            return shown;
        };
        if let Some(id) = &self.id {
            put("id", json!(id));
        }
        put("title", json!(self.title));
        put("subtitle", json!(self.subtitle));
        put("code", json!(code));
        put("cate", json!(self.cate));
        if let Some(input) = &self.input_type {
            put("inputType", input.clone());
        }
        put("note", self.note.iter().map(Choice::shown).collect());
        put("optional", json!(self.optional));
        put("status", json!(if is_done { 1 } else { self.status }));
        let name = if is_done {
            self.done_name.as_ref().or(self.status_name.as_ref())
        } else {
            self.status_name.as_ref()
        };
        if let Some(name) = name {
            put("statusName", json!(name));
        }
        if let Some(enable) = self.enable {
            put("enable", json!(enable));
        }
        put("value", json!(value));
        put("dateSelect", json!(self.date_select));
        if let Some(kind) = self.bank_type {
            put("bankType", json!(kind));
        }
        shown
    }

    /// What people read for a value: the name of the option, or the value itself.
    pub(super) fn words<'a>(&'a self, value: &'a str) -> &'a str {
        self.choice(value).map_or(value, |choice| &choice.name)
    }
}

impl Choice {
    /// Gives what is submitted, as text.
    pub(super) fn code(&self) -> String {
        match &self.code {
            Code::Number(number) => number.to_string(),
            Code::Text(text) => text.clone(),
        }
    }

    pub(super) fn shown(&self) -> Value {
        let code = match &self.code {
            Code::Number(number) => json!(number),
            Code::Text(text) => json!(text),
        };
        match &self.title {
            Some(title) => json!({ "name": self.name, "type": code, "title": title }),
            None => json!({ "name": self.name, "type": code }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_forms_are_a_catalogue() {
        let catalogue = Catalogue::printed();
        let counts = [&catalogue.questionnaire, &catalogue.personal, &catalogue.job, &catalogue.card]
            .map(|form| form.len());
        assert_eq!(counts, [5, 7, 3, 5]);
        assert_eq!(catalogue.contacts.relations.len(), 7);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let printed = PRINTED;
        for (text, error) in [
            (
                printed.replace("code = \"email\"", "code = \"sex\""),
                "the form `personal` has the code `sex` twice",
            ),
            (
                printed.replace("code = \"email\"", "code = \"e-mail\""),
                "the form `personal` has the code `e-mail`: must be",
            ),
            (printed.replace("enable = true", "enabled = true"), "unknown field `enabled`"),
            (printed.replace("[contacts]", "[kontakte]"), "unknown field `kontakte`"),
            ("x".to_owned(), "read the catalogue: "),
        ] {
            let told = Catalogue::read(&text).unwrap_err().to_string();
            assert!(told.contains(error), "{told}");
        }
        let error = Catalogue::from_file(Path::new("/nowhere/forms.toml")).unwrap_err();
        assert_eq!(error.to_string(), "read /nowhere/forms.toml");
    }

    #[test]
    fn an_item_is_shown_as_printed_and_filled_in() {
        let catalogue = Catalogue::printed();
        let empty = Value::Object(catalogue.questionnaire[1].shown("", false));
        let printed = json!({
            "id": "105", "title": "¿Cuál es el máximo de días de atraso en sus deudas vencidas?", "subtitle": "",
            "code": "is_overdue_maximum", "cate": "enum", "note": [{"name": "No", "type": 1}, {"name": "1", "type": 2}],
            "optional": 0, "status": 0, "statusName": "未认证", "enable": true, "value": "", "dateSelect": 0
        });
        assert_eq!(empty, printed);
        let filled = catalogue.questionnaire[1].shown("2", true);
        assert_eq!(
            (&filled["status"], &filled["statusName"], &filled["value"]),
            (&json!(1), &json!("已认证"), &json!("2"))
        );
        assert!(catalogue.questionnaire[1].offers("2") && !catalogue.questionnaire[1].offers("3"));
        assert_eq!(catalogue.questionnaire[1].words("1"), "No");
    }
}
