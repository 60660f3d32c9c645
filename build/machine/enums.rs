//! Writes enums without fields, and the questions that each of their variants answers.

use super::{At, Class, Item};

/// One variant of an enum.
pub(super) struct Variant<'m> {
    ident: String,
    name: &'m str,
    about: &'m str,
}

impl<'m> Variant<'m> {
    pub(super) fn new(name: &'m At<String>, about: &'m str) -> Self {
        Self { ident: camel(&name.value), name: &name.value, about }
    }

    pub(super) fn of_class(class: &'m Class) -> Self {
        Self::new(&class.name, &class.about)
    }
}

/// Writes the enum of things that have permanent numbers.
pub(super) fn items<T>(about: &str, ident: &str, items: &[Item<T>]) -> String {
    let variants = items.iter().map(|item| Variant::new(&item.name, &item.about));
    let variants: Vec<_> = variants.collect();
    let numbers: Vec<_> = items.iter().map(|item| item.number.value).collect();
    let numbered = || variants.iter().map(|variant| variant.ident.as_str()).zip(&numbers);
    let answers = answers(numbered().map(|(ident, number)| (ident, number.to_string())));
    let arms = numbered().map(|(ident, number)| format!("            {number} => Some(Self::{ident}),\n"));
    let number = question("number", "Returns the permanent number.", "u16", &answers);
    let methods = number + &from_number(&arms.collect::<String>());
    enumeration(about, ident, &variants, &methods)
}

/// Writes the enum of things that have a name only.
pub(super) fn named<'m>(about: &str, ident: &str, variants: impl Iterator<Item = Variant<'m>>) -> String {
    enumeration(about, ident, &variants.collect::<Vec<_>>(), "")
}

/// Writes an enum, its list, its names and some more methods.
fn enumeration(about: &str, ident: &str, variants: &[Variant<'_>], methods: &str) -> String {
    let declared = |v: &Variant<'_>| format!("{}    {},\n", doc("    ", v.about), v.ident);
    let declared: String = variants.iter().map(declared).collect();
    let all: String = variants.iter().map(|v| format!("\n        Self::{},", v.ident)).collect();
    let names = answers(variants.iter().map(|v| (v.ident.as_str(), format!("{:?}", v.name))));
    let about_name = "Returns the name as the machine's file spells it.";
    let name = question("name", about_name, "&'static str", &names);
    format!(
        "\n{}#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]\n\
         pub enum {ident} {{\n{declared}}}\n\n\
         impl {ident} {{\n    /// All of them, in the order of the file.\n    \
         pub const ALL: &'static [Self] = &[{all}\n    ];\n{name}{methods}}}\n",
        doc("", about),
    )
}

fn from_number(arms: &str) -> String {
    let head = "\n    /// Returns the one with this permanent number, if there is one.\n";
    if arms.is_empty() {
        return format!(
            "{head}    pub const fn from_number(_: u16) -> Option<Self> {{\n        None\n    }}\n"
        );
    }
    format!(
        "{head}    pub const fn from_number(number: u16) -> Option<Self> {{\n        \
         match number {{\n{arms}            _ => None,\n        }}\n    }}\n"
    )
}

/// Groups variants by answer, in the order in which the answers first occur.
pub(super) fn answers<'m>(pairs: impl Iterator<Item = (&'m str, String)>) -> Vec<(Vec<&'m str>, String)> {
    let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
    for (ident, answer) in pairs {
        match groups.iter_mut().find(|(_, known)| *known == answer) {
            Some((idents, _)) => idents.push(ident),
            None => groups.push((vec![ident], answer)),
        }
    }
    groups
}

/// Writes a method that answers for each variant.
pub(super) fn question(method: &str, about: &str, answer: &str, groups: &[(Vec<&str>, String)]) -> String {
    let arms = groups.iter().map(|(idents, answer)| {
        let idents: Vec<_> = idents.iter().map(|ident| format!("Self::{ident}")).collect();
        format!("            {} => {answer},\n", idents.join(" | "))
    });
    let arms: String = arms.collect();
    format!(
        "\n    /// {about}\n    pub const fn {method}(self) -> {answer} {{\n        \
         match self {{\n{arms}        }}\n    }}\n"
    )
}

fn doc(indent: &str, about: &str) -> String {
    about.trim().lines().map(|line| format!("{indent}/// {}\n", line.trim())).collect()
}

/// `CAPTCHA_REQUIRED` and `captcha_required` become `CaptchaRequired`; CamelCase stays.
pub(super) fn camel(name: &str) -> String {
    if name.starts_with(|c: char| c.is_ascii_uppercase()) && name.contains(|c: char| c.is_ascii_lowercase()) {
        return name.to_owned();
    }
    let part = |part: &str| {
        let (first, rest) = part.split_at(part.len().min(1));
        first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
    };
    name.split('_').map(part).collect()
}
