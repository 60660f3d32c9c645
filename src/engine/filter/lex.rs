//! The words of a filter, each with its place.

/// A word of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`
    Compare(&'static str),
    /// A bare word.
    Word(String),
    /// A text in quotes.
    Text(String),
}

/// What cannot be a word, and where it begins: counted in characters, from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

const SIGNS: [&str; 6] = ["!=", "<=", ">=", "=", "<", ">"];

/// Takes a filter apart.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Unreadable> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let at = text.chars().count() - rest.chars().count() + 1;
        let (token, left) = match first {
            _ if first.is_whitespace() => {
                rest = rest.trim_start();
                continue;
            }
            '(' => (Token::Open, &rest[1..]),
            ')' => (Token::Close, &rest[1..]),
            '"' | '\'' => {
                quoted(&rest[1..], first).ok_or(Unreadable { at, what: "a quote that is not closed" })?
            }
            '=' | '!' | '<' | '>' => {
                let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
                let sign = sign.ok_or(Unreadable { at, what: "`!` without `=`" })?;
                (Token::Compare(sign), &rest[sign.len()..])
            }
            _ if is_plain(first) => {
                let end = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
                (Token::Word(rest[..end].to_owned()), &rest[end..])
            }
            _ => return Err(Unreadable { at, what: "a character that must stand in quotes" }),
        };
        tokens.push((at, token));
        rest = left;
    }
    Ok(tokens)
}

/// A text up to its quote; a backslash takes the next character as it is.
fn quoted(rest: &str, quote: char) -> Option<(Token, &str)> {
    let mut text = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => text.push(chars.next()?.1),
            c if c == quote => return Some((Token::Text(text), &rest[at + c.len_utf8()..])),
            c => text.push(c),
        }
    }
    None
}

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/' | '+' | '*' | '#' | '@')
}
