//! Nested names of the PHP kind.
//!
//! Owns the way from `options[contacts][0][contact_tel]` to objects and lists (spec 005 A-002-7).
//! It must never nest without end: names that go too deep stay as they are.

use serde_json::{Map, Value};

/// Brackets that a name may have; the print needs three.
const MAX_DEPTH: usize = 8;

/// Puts fields in their places; a later one wins.
pub(super) fn nested(fields: Vec<(String, String)>) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, value) in fields {
        match path(&name) {
            Some((first, rest)) => insert(&mut all, first, &rest, value),
            None => {
                all.insert(name, Value::String(value));
            }
        }
    }
    all.into_iter().map(|(name, value)| (name, listed(value))).collect()
}

/// `a[b][c]` is `a` and `[b, c]`; `None` for a name without brackets, or with odd ones.
fn path(name: &str) -> Option<(&str, Vec<&str>)> {
    let (first, rest) = name.split_once('[')?;
    let keys: Vec<&str> = rest.strip_suffix(']')?.split("][").collect();
    let is_odd = first.is_empty() || keys.len() > MAX_DEPTH;
    let has_brackets = keys.iter().any(|key| key.contains(['[', ']']));
    (!is_odd && !has_brackets).then_some((first, keys))
}

fn insert(object: &mut Map<String, Value>, key: &str, rest: &[&str], value: String) {
    // `[]` takes the next place.
    let key = if key.is_empty() { object.len().to_string() } else { key.to_owned() };
    let Some((next, rest)) = rest.split_first() else {
        object.insert(key, Value::String(value));
        return;
    };
    let inner = object.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !inner.is_object() {
        *inner = Value::Object(Map::new());
    }
    if let Value::Object(inner) = inner {
        insert(inner, next, rest, value);
    }
}

/// Turns objects whose names are 0, 1, 2, … into lists, from the inside out.
fn listed(value: Value) -> Value {
    let Value::Object(object) = value else { return value };
    let mut object: Map<String, Value> =
        object.into_iter().map(|(name, value)| (name, listed(value))).collect();
    let is_list = !object.is_empty() && (0..object.len()).all(|at| object.contains_key(&at.to_string()));
    if !is_list {
        return Value::Object(object);
    }
    Value::Array((0..object.len()).filter_map(|at| object.remove(&at.to_string())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(fields: &[(&str, &str)], expected: Value) {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(Value::Object(nested(fields)), expected);
    }

    #[test]
    fn names_nest_as_in_php() {
        check(
            &[
                ("name", "n"),
                ("options[work_addr]", "w"),
                ("options[contacts][1][contact_tel]", "2"),
                ("options[contacts][0][contact_tel]", "1"),
                ("options[contacts][0][contact_name]", "x"),
            ],
            json!({"name": "n", "options": {"work_addr": "w", "contacts": [
                {"contact_tel": "1", "contact_name": "x"}, {"contact_tel": "2"},
            ]}}),
        );
        check(&[("a[]", "1"), ("a[]", "2")], json!({"a": ["1", "2"]}));
        check(&[("a[1]", "1")], json!({"a": {"1": "1"}}));
        check(&[("a", "1"), ("a", "2"), ("b", "1"), ("b[c]", "2")], json!({"a": "2", "b": {"c": "2"}}));
        check(&[("[a]", "1"), ("b]", "2"), ("c[", "3")], json!({"[a]": "1", "b]": "2", "c[": "3"}));
        let deep = format!("a{}", "[0]".repeat(MAX_DEPTH + 1));
        check(&[(deep.as_str(), "1")], json!({ (deep.clone()): "1" }));
    }
}
