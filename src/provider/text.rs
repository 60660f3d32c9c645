//! The provider's texts, made fit to be kept and shown.
//!
//! Owns what is taken out of them: what we had sent ourselves, and what does things to a terminal
//! instead of saying something. It must never cut a text before our own words are out of it.

use crate::machine::challenge::bounded;

/// Bytes of the shortest text worth hiding: a shorter one is part of anything.
const TELLING: usize = 4;

/// Makes a text of the provider fit to be kept: hides what the call `carried`, in case our input is
/// repeated, cuts it to length, and puts a space for what is no letter of any kind.
pub(super) fn fit(text: &str, carried: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in carried.iter().filter(|secret| secret.len() >= TELLING) {
        if text.contains(*secret) {
            text = text.replace(*secret, "…");
        }
    }
    bounded(&text).chars().map(|letter| if is_unfit(letter) { ' ' } else { letter }).collect()
}

/// Whether a character moves the cursor, turns the line round, or is nothing that can be seen: a space
/// is never longer.
fn is_unfit(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::challenge::MESSAGE_LIMIT;

    #[test]
    fn a_text_is_fit_to_be_kept() {
        let check = |text: &str, expected: &str| assert_eq!(fit(text, &["", "123", "654321"]), expected);
        check("验证码错误", "验证码错误");
        check("code 654321654321 of 123 is wrong", "code …… of 123 is wrong");
        check("\u{1b}[2J\u{1b}]0;x\u{7}a\r\nb\0", " [2J ]0;x a  b ");
        check("\u{202e}txt\u{2066}\u{feff}\u{9b}31m", " txt   31m");
    }

    #[test]
    fn a_long_text_is_cut_once_our_own_is_out() {
        let text = format!("{}654321", "错".repeat(MESSAGE_LIMIT / 3 - 1));
        let kept = fit(&text, &["654321"]);
        assert!(kept.len() <= MESSAGE_LIMIT && !kept.contains('6'), "{kept}");
        assert!(fit(&"x".repeat(1 << 20), &["654321"]).len() <= MESSAGE_LIMIT);
    }
}
