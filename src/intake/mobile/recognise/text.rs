//! From the text of an identity card's front to name and CURP, and how sure that is.
//!
//! Pure. The layout is the INE's: `NOMBRE`, below it the two surnames and the names, a line each, or
//! `APELLIDOS` and `NOMBRES` with a label of their own; the CURP anywhere. Sure is what agrees: a CURP has
//! a check digit, and letters of the name.

use crate::engine::dossier::Recognised;
use crate::intake::mobile::curp::{Curp, LENGTH, Place, place};
use jiff::civil::Date;

/// Bytes of text that are looked at: a card has a few hundred.
pub(super) const TEXT_LIMIT: usize = 16 * 1024;

/// The most characters of a name that is believed.
const NAME_LIMIT: usize = 100;

/// Years that nobody who applies is old.
const AGE_LIMIT: i16 = 100;

/// Words that begin a surname and say nothing in a CURP.
const PARTICLES: [&str; 10] = ["DE", "DEL", "LA", "LAS", "LOS", "Y", "MC", "MAC", "VON", "VAN"];

/// First names after which a CURP takes the next one.
const SKIPPED: [&str; 5] = ["JOSE", "J", "MARIA", "MA", "M"];

/// What was read, and whether the parts agree with each other.
#[derive(Clone, Default)]
pub(in crate::intake::mobile) struct Reading {
    pub(in crate::intake::mobile) recognised: Recognised,
    pub(in crate::intake::mobile) is_sure: bool,
}

impl Reading {
    /// Gives the CURP that was read.
    pub(in crate::intake::mobile) fn curp(&self) -> Option<Curp> {
        Curp::read(&self.recognised.number).ok()
    }
}

/// Reads the text of a card as it is on the day `today`.
pub(in crate::intake::mobile) fn read(text: &str, today: Date) -> Reading {
    let end = (0..=text.len().min(TEXT_LIMIT)).rev().find(|end| text.is_char_boundary(*end));
    let lines: Vec<String> = text[..end.unwrap_or_default()].lines().map(plain).collect();
    let curp = curp(&lines, today);
    let name = Name::find(&lines);
    let is_sure = match (&curp, &name) {
        (Some(curp), Some(name)) => name.agrees(curp),
        _ => false,
    };
    let recognised = Recognised {
        name: name.map(|name| name.full()).unwrap_or_default(),
        number: curp.map(|curp| curp.text().to_owned()).unwrap_or_default(),
    };
    Reading { recognised, is_sure }
}

/// Upper case, without accents; what is neither letter nor digit is a space.
fn plain(line: &str) -> String {
    let plain = |c: char| match c {
        'Á' => 'A',
        'É' => 'E',
        'Í' => 'I',
        'Ó' => 'O',
        'Ú' | 'Ü' => 'U',
        c if c.is_alphanumeric() => c,
        _other => ' ',
    };
    line.chars().flat_map(char::to_uppercase).map(plain).collect()
}

/// The one CURP whose check digit is right, of somebody who can be alive; none if there are two. The check
/// digit cannot tell O from 0 before it, which stand for two centuries: the age can.
fn curp(lines: &[String], today: Date) -> Option<Curp> {
    let is_alive = |curp: &Curp| {
        let birthday = curp.birthday();
        birthday < today && birthday.year() + AGE_LIMIT > today.year()
    };
    let mut found: Vec<Curp> = Vec::new();
    for line in lines {
        let packed: Vec<u8> = line.bytes().filter(|byte| *byte != b' ').collect();
        for curp in packed.windows(LENGTH).flat_map(candidates).filter(is_alive) {
            if !found.contains(&curp) {
                found.push(curp);
            }
        }
    }
    if found.len() == 1 { found.pop() } else { None }
}

/// What a row of characters can be when O and 0, I and 1 are taken for what their place demands, or for
/// either where it demands neither.
fn candidates(row: &[u8]) -> Vec<Curp> {
    let mut texts = vec![String::new()];
    for (at, byte) in row.iter().enumerate() {
        let (letter, digit) = match byte {
            b'O' | b'0' => (b'O', b'0'),
            b'I' | b'1' => (b'I', b'1'),
            other => (*other, *other),
        };
        let taken = match place(at) {
            Place::Letter => vec![letter],
            Place::Digit => vec![digit],
            Place::Either if letter == digit => vec![letter],
            Place::Either => vec![letter, digit],
        };
        texts =
            taken.iter().flat_map(|c| texts.iter().map(|text| format!("{text}{}", char::from(*c)))).collect();
    }
    texts.iter().filter_map(|text| Curp::read(text).ok()).filter(Curp::is_checked).collect()
}

/// A name in its parts.
struct Name {
    given: Vec<String>,
    paternal: Vec<String>,
    maternal: Vec<String>,
}

impl Name {
    fn find(lines: &[String]) -> Option<Self> {
        let surnames = below(lines, "APELLIDO", &["NOMBRE"]);
        let named = below(lines, "NOMBRE", &["APELLIDO"]);
        let (surnames, given) = match (surnames.as_slice(), named.as_slice()) {
            ([both], [given]) => {
                let (paternal, maternal) = split(both);
                ((paternal, maternal), given.clone())
            }
            ([paternal, maternal], [given]) => ((paternal.clone(), maternal.clone()), given.clone()),
            ([], [paternal, maternal, given]) => ((paternal.clone(), maternal.clone()), given.clone()),
            ([], [paternal, given]) => ((paternal.clone(), Vec::new()), given.clone()),
            _ => return None,
        };
        let name = Self { given, paternal: surnames.0, maternal: surnames.1 };
        (name.full().chars().count() <= NAME_LIMIT).then_some(name)
    }

    fn full(&self) -> String {
        let words = self.given.iter().chain(&self.paternal).chain(&self.maternal);
        words.map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Says whether the letters of a CURP are those of the name.
    fn agrees(&self, curp: &Curp) -> bool {
        let letters: Vec<char> = curp.text().chars().take(4).collect();
        let [paternal, _vowel, maternal, given] = letters.as_slice() else { return false };
        initial(&self.paternal, &PARTICLES) == *paternal
            && initial(&self.maternal, &PARTICLES) == *maternal
            && initial(&self.given, &SKIPPED) == *given
    }
}

/// The letter that a CURP takes of a part: that of the first word that counts.
fn initial(words: &[String], skipped: &[&str]) -> char {
    let counts = words.iter().find(|word| !skipped.contains(&word.as_str()));
    let letter = counts.or_else(|| words.first()).and_then(|word| word.chars().next());
    letter.filter(|c| *c != 'Ñ').unwrap_or('X')
}

/// Two surnames on one line: particles belong to the word behind them.
fn split(both: &[String]) -> (Vec<String>, Vec<String>) {
    let end =
        both.iter().position(|word| !PARTICLES.contains(&word.as_str())).map_or(both.len(), |at| at + 1);
    let (paternal, maternal) = both.split_at(end);
    (paternal.to_vec(), maternal.to_vec())
}

/// The lines of words below a label, at most three, up to the next label.
fn below(lines: &[String], label: &str, others: &[&str]) -> Vec<Vec<String>> {
    const LABELS: [&str; 8] =
        ["DOMICILIO", "CLAVE", "CURP", "FECHA", "SEXO", "SECCION", "NACIMIENTO", "NACIONALIDAD"];
    let starts = |word: &str, with: &str| word.starts_with(with);
    let Some(at) = lines.iter().position(|line| line.split(' ').any(|word| starts(word, label))) else {
        return Vec::new();
    };
    let is_label = |word: &str| LABELS.iter().chain(others).any(|other| starts(word, other));
    let mut found = Vec::new();
    for (nth, line) in lines[at..].iter().enumerate() {
        let words = line.split_whitespace();
        // Beside a label stands another one at most.
        let words: Vec<_> = if nth == 0 {
            words.skip_while(|word| !starts(word, label)).skip(1).take_while(|word| !is_label(word)).collect()
        } else {
            words.collect()
        };
        if nth > 0 && words.first().is_some_and(|word| is_label(word) || starts(word, label)) {
            break;
        }
        let words: Vec<_> = words.into_iter().take_while(|word| !is_label(word)).collect();
        let is_word =
            |word: &&str| word.chars().all(char::is_alphabetic) && (word.chars().count() > 1 || *word == "Y");
        let words: Vec<_> =
            words.iter().filter(|word| is_word(word)).map(|word| (*word).to_owned()).collect();
        if !words.is_empty() {
            found.push(words);
        }
        if found.len() == 3 {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, name: &str, number: &str, is_sure: bool) {
        let Reading { recognised, is_sure: sure } = read(text, TODAY);
        assert_eq!((recognised.name.as_str(), recognised.number.as_str(), sure), (name, number, is_sure));
    }

    const CURP: &str = "CORM770627MDFNJR01";

    const TODAY: Date = jiff::civil::date(2026, 11, 25);

    #[test]
    fn the_layout_of_the_institute_is_read() {
        let text = "INSTITUTO NACIONAL ELECTORAL\nCREDENCIAL PARA VOTAR\n\nNOMBRE SEXO M\nCONTRERAS\n\nROJAS\n\n\
                    MARICELA\n\nDOMICILIO\n\nC HIDALGO 12\nCLAVE DE ELECTOR CRRMMR77062707M400\n\
                    curP_ CORM770627MDFNJRO1 460 oe recistro 1996 01\nFECHA DE NACIMIENTO 27/06/1977";
        check(text, "MARICELA CONTRERAS ROJAS", CURP, true);
    }

    #[test]
    fn labels_of_their_own_are_read() {
        let text = format!("Apellidos\nDE LA CONTRERAS ROJAS\nNombre(s)\nMARÍA MARICELA\nCURP: {CURP}");
        check(&text, "MARIA MARICELA DE LA CONTRERAS ROJAS", CURP, true);
        let text = format!("APELLIDOS\nCONTRERAS\nROJAS\nNOMBRES\nMARICELA\nSEXO M\n{CURP}");
        check(&text, "MARICELA CONTRERAS ROJAS", CURP, true);
    }

    #[test]
    fn letters_and_digits_that_look_alike_are_told_by_their_place() {
        for misread in [
            "C0RM770627MDFNJR01",
            "CORM77O627MDFNJR01",
            "CORM770627MDFNJRO1",
            "CORM770627MDFNJR0I",
            "C0RM77O627MDFNJROI",
        ] {
            check(&format!("CURP {misread}"), "", CURP, false);
        }
        check("CORM 770627 MDFNJR 01", "", CURP, false);
    }

    #[test]
    fn what_does_not_agree_is_not_sure() {
        let other = format!("NOMBRE\nCONTRERAS\nROJAS\nPATRICIA\nDOMICILIO\n{CURP}");
        check(&other, "PATRICIA CONTRERAS ROJAS", CURP, false);
        let wrong_check_digit = "NOMBRE\nCONTRERAS\nROJAS\nMARICELA\nCURP CORM770627MDFNJR02";
        check(wrong_check_digit, "MARICELA CONTRERAS ROJAS", "", false);
        let two = format!("{CURP}\nMAAR790213HMNRLF03");
        check(&two, "", "", false);
        let twice = format!("{CURP}\n{CURP}");
        check(&twice, "", CURP, false);
    }

    #[test]
    fn noise_is_nothing() {
        for noise in ["", "\u{0}\u{1}", "NOMBRE", "NOMBRE\nDOMICILIO", "CURP", "🙂🙂", "NOMBRE\n1 2 3\n\n"]
        {
            check(noise, "", "", false);
        }
        let long = "Ñ".repeat(TEXT_LIMIT);
        check(&long, "", "", false);
        check(&format!("NOMBRE\n{}\nROJAS\nMARICELA", "CONTRERAS ".repeat(30)), "", "", false);
    }
}
