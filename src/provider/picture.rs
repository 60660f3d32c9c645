//! The pictures that applicants must read (spec 002 §5.1.4 `pic_captcha`).
//!
//! Owns what counts as a picture. It must never decode one: it is shown by whoever knows how to do that
//! safely.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Bytes of a picture: a captcha has a few KiB.
pub(super) const PICTURE_LIMIT: usize = 256 * 1024;

/// Base64 with or without its padding, as servers send it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How the files begin that browsers show as pictures.
const BEGINNINGS: [&[u8]; 4] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a"];

/// Reads a picture, with or without the head of a data URL; says what is wrong with one that cannot be
/// shown.
pub(super) fn picture(text: &str) -> Result<Vec<u8>, &'static str> {
    let text = match text.trim_start().strip_prefix("data:") {
        None => text,
        Some(url) => url.split_once(";base64,").ok_or("the picture is no Base64")?.1,
    };
    if text.len() > PICTURE_LIMIT * 2 {
        return Err("the picture is too large");
    }
    // Some encoders break their lines.
    let text: String = text.split_ascii_whitespace().collect();
    let picture = BASE64.decode(text).map_err(|_unspoken| "the picture is no Base64")?;
    if picture.len() > PICTURE_LIMIT {
        return Err("the picture is too large");
    }
    let is_picture = BEGINNINGS.iter().any(|beginning| picture.starts_with(beginning));
    is_picture.then_some(picture).ok_or("the picture is neither PNG nor JPEG nor GIF")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_first_bytes() {
        let check = |text: &str, expected: Result<&[u8], &str>| {
            assert_eq!(picture(text), expected.map(<[u8]>::to_vec), "{text}");
        };
        let png = b"\x89PNG\r\n\x1a\n".as_slice();
        check("iVBORw0KGgo=", Ok(png));
        check("iVBORw0KGgo", Ok(png));
        check("data:image/png;base64,iVBORw0KGgo=", Ok(png));
        check(" data:image/png;base64,\niVBO\r\nRw0KGgo= ", Ok(png));
        check("/9j/4A==", Ok(b"\xff\xd8\xff\xe0"));
        check("R0lGODlh", Ok(b"GIF89a"));
        check("data:image/png,iVBORw0KGgo=", Err("the picture is no Base64"));
        check("!", Err("the picture is no Base64"));
        check("", Err("the picture is neither PNG nor JPEG nor GIF"));
        check("PHN2Zz4=", Err("the picture is neither PNG nor JPEG nor GIF"));
    }

    #[test]
    fn a_large_picture_is_none() {
        let sized = |size: usize| {
            let mut bytes = b"GIF89a".to_vec();
            bytes.resize(size, 0);
            picture(&BASE64.encode(bytes)).map(|picture| picture.len())
        };
        assert_eq!(sized(PICTURE_LIMIT), Ok(PICTURE_LIMIT));
        assert_eq!(sized(PICTURE_LIMIT + 1), Err("the picture is too large"));
        assert_eq!(sized(4 * PICTURE_LIMIT), Err("the picture is too large"));
    }
}
