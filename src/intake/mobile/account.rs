//! Numbers of accounts: a debit card's, and CLABE, the account number of Mexico's banks.

/// Digits of a debit card's number (spec 004 §12: "16-Dígitos").
pub(super) const CARD_DIGITS: usize = 16;

/// Digits of a CLABE: bank, place, account, check digit.
pub(super) const CLABE_DIGITS: usize = 18;

/// Says whether a card's number is as its last digit says (Luhn, ISO/IEC 7812).
pub(super) fn is_card_checked(digits: &str) -> bool {
    let doubled = |(at, digit): (usize, u32)| match (at % 2, 2 * digit) {
        (0, _) => digit,
        (_, twice) if twice > 9 => twice - 9,
        (_, twice) => twice,
    };
    let sum: u32 = numbers(digits).rev().enumerate().map(doubled).sum();
    sum.is_multiple_of(10)
}

/// Says whether a CLABE is as its last digit says: weights 3, 7, 1, each product to one digit.
pub(super) fn is_clabe_checked(digits: &str) -> bool {
    let weights = [3, 7, 1].into_iter().cycle();
    let sum: u32 = numbers(digits).take(CLABE_DIGITS - 1).zip(weights).map(|(digit, w)| digit * w % 10).sum();
    numbers(digits).next_back() == Some((10 - sum % 10) % 10)
}

/// Says whether a CLABE is of a bank: its first three digits are the last three of the bank's code (40012 is
/// 012, spec 004 §12).
pub(super) fn is_of_bank(clabe: &str, bank_code: &str) -> bool {
    clabe.get(..3).is_some_and(|bank| bank_code.ends_with(bank))
}

fn numbers(digits: &str) -> impl DoubleEndedIterator<Item = u32> {
    digits.bytes().map(|digit| u32::from(digit.wrapping_sub(b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every other last digit is wrong, and every two neighbours that are swapped.
    fn check(right: &str, is_checked: fn(&str) -> bool) {
        assert!(is_checked(right), "{right}");
        let (front, last) = right.split_at(right.len() - 1);
        for digit in (0..10).map(|digit| digit.to_string()).filter(|digit| digit != last) {
            assert!(!is_checked(&format!("{front}{digit}")), "{front}{digit}");
        }
    }

    #[test]
    fn a_wrong_digit_is_noticed() {
        for card in ["4242424242424242", "5555555555554444", "4111111111111111"] {
            check(card, is_card_checked);
        }
        // The first is the sample of spec 004 §13, the second that of the bankers' association.
        for clabe in ["012180001234567899", "032180000118359719"] {
            check(clabe, is_clabe_checked);
        }
    }

    #[test]
    fn a_clabe_begins_with_its_bank() {
        assert!(is_of_bank("012180001234567899", "40012"));
        assert!(!is_of_bank("012180001234567899", "40002"));
        assert!(!is_of_bank("01", "40012"));
    }
}
