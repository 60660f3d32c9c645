//! Form fields, the other way to write a request (spec 005 A-002-7).
//!
//! Owns the flattening of nested fields in the PHP way, `options[contacts][0][contact_tel]`. It
//! must never know which request it writes.

use form_urlencoded::Serializer;
use serde::Serialize;
use serde_json::Value;

/// Writes an object as form fields; absent and null ones are left out.
pub(super) fn fields(body: &impl Serialize) -> String {
    let body = serde_json::to_value(body).expect("a message of texts and numbers can be written");
    let mut form = Serializer::new(String::new());
    append(&mut form, String::new(), &body);
    form.finish()
}

fn append(form: &mut Serializer<'_, String>, name: String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(value) => {
            form.append_pair(&name, if *value { "1" } else { "0" });
        }
        Value::Number(value) => {
            form.append_pair(&name, &value.to_string());
        }
        Value::String(value) => {
            form.append_pair(&name, value);
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                append(form, within(&name, &index.to_string()), value);
            }
        }
        Value::Object(values) => {
            for (key, value) in values {
                append(form, within(&name, key), value);
            }
        }
    }
}

fn within(name: &str, key: &str) -> String {
    match name {
        "" => key.to_owned(),
        _ => format!("{name}[{key}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nested_fields_are_written_as_php_reads_them() {
        let body = json!({"a": "1 &2", "n": 7, "none": null, "o": {"c": [{"t": "是"}, {"t": "x"}]}});
        let expected = "a=1+%262&n=7&o%5Bc%5D%5B0%5D%5Bt%5D=%E6%98%AF&o%5Bc%5D%5B1%5D%5Bt%5D=x";
        assert_eq!(fields(&body), expected);
    }
}
