//! Form fields, `application/x-www-form-urlencoded`, in a body or a query.
//!
//! Owns the decoding. Nested keys of the PHP kind (`options[contacts][0][contact_tel]`) become
//! objects and lists in [`super::nest`]; a name given twice has its last value.

/// Reads the fields in their order; `None` if a name or a value is not UTF-8.
pub(super) fn fields(text: &[u8]) -> Option<Vec<(String, String)>> {
    text.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let name = decoded(parts.next().unwrap_or_default())?;
            let value = decoded(parts.next().unwrap_or_default())?;
            Some((name, value))
        })
        .collect()
}

/// A percent sign that no two hex digits follow stands for itself, as in a browser.
fn decoded(text: &[u8]) -> Option<String> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => plain.push(b' '),
            b'%' => match tail.first_chunk::<2>().and_then(|pair| hex_byte(*pair)) {
                Some(value) => {
                    plain.push(value);
                    rest = &tail[2..];
                }
                None => plain.push(b'%'),
            },
            _ => plain.push(byte),
        }
    }
    String::from_utf8(plain).ok()
}

fn hex_byte(pair: [u8; 2]) -> Option<u8> {
    let mut byte = [0];
    hex::decode_to_slice(pair, &mut byte).ok()?;
    Some(byte[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = fields(text.as_bytes()).expect(text);
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn fields_are_decoded() {
        check("", &[]);
        check("a=1&b=&c", &[("a", "1"), ("b", ""), ("c", "")]);
        check("a=1&&a=2=3", &[("a", "1"), ("a", "2=3")]);
        check("n=%e6%9d%8E+%2B", &[("n", "李 +")]);
        check("p=100%&q=%zz&r%5B0%5D=x", &[("p", "100%"), ("q", "%zz"), ("r[0]", "x")]);
        assert_eq!(fields(b"a=%ff"), None);
    }
}
