//! A sum over rows that tells whether a set of rows is the one that was written.
//!
//! sled opens damaged files with rows missing or old ones in their place, and says nothing. Owns
//! the hash, which is permanent: it lies in marks and in checkpoints. It is a witness against accidents, not
//! against forgery.

use xxhash_rust::xxh3::Xxh3;

/// How many rows, and the sum of their hashes; the order of the rows does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sum {
    pub(super) rows: u64,
    pub(super) hash: u64,
}

impl Sum {
    /// Counts a row in.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_add(1);
        self.hash = self.hash.wrapping_add(hash(key, value));
    }

    /// Counts a row out that was counted in before.
    pub(super) fn take(&mut self, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_sub(1);
        self.hash = self.hash.wrapping_sub(hash(key, value));
    }
}

/// XXH3 of the length of the key as u64, the key, the value.
fn hash(key: &[u8], value: &[u8]) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(&(key.len() as u64).to_be_bytes());
    hash.update(key);
    hash.update(value);
    hash.digest()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_all_else_does() {
        let of = |rows: &[(&str, &str)]| {
            let mut sum = Sum::default();
            rows.iter().for_each(|(k, v)| sum.add(k.as_bytes(), v.as_bytes()));
            sum
        };
        let whole = of(&[("a", "1"), ("b", "2")]);
        assert_eq!(whole, of(&[("b", "2"), ("a", "1")]));
        for other in [of(&[("a", "1")]), of(&[("a", "2"), ("b", "1")]), of(&[("a1", ""), ("b", "2")])] {
            assert_ne!(whole, other);
        }
        let mut less = whole;
        less.take(b"b", b"2");
        assert_eq!(less, of(&[("a", "1")]));
    }

    #[test]
    fn its_numbers_are_a_promise() {
        let mut sum = Sum::default();
        sum.add(b"key", b"value");
        assert_eq!(sum, Sum { rows: 1, hash: 14_693_405_130_414_648_175 });
    }
}
