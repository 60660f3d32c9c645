//! The signatures of partners, as the contracts print them: the partner's side.

use md5::{Digest, Md5};
use serde_json::{Value, json};

/// What every signed push calls its sender (spec 003, "Headers").
pub(super) const CLIENT: &str = "THIRDPARTY_QUNADAI";

/// Puts an envelope round a push (spec 000, "Envelope and signature").
pub(super) fn envelope(ua: &str, secret: &str, args: &Value) -> Value {
    // The text that is signed stands in the envelope to the byte: it is written by the same hand.
    let key = format!("{ua}{secret}{ua}");
    json!({ "ua": ua, "sign": md5(&format!("{key}{args}{key}")), "args": args })
}

/// Signs a push of this moment, in milliseconds since 1970 (spec 003, "Headers").
pub(super) fn signature(time: &str, body: &str, secret: &str) -> String {
    md5(&format!("{CLIENT}{time}{body}{secret}"))
}

fn md5(text: &str) -> String {
    hex::encode(Md5::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_what_is_sent() {
        let sealed = envelope("u", "s", &json!({ "b": "é\n", "a": { "c": 1 } })).to_string();
        let (_, args) = sealed.split_once("\"args\":").unwrap();
        let args = &args[..args.find(",\"sign\"").unwrap()];
        assert!(sealed.contains(&md5(&format!("usu{args}usu"))), "{sealed}");
    }
}
