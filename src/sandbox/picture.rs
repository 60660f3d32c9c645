//! Picture captchas: digits that somebody can read, as PNG.
//!
//! Owns the font and the noise. It must never choose the text.

use super::chance::{Chance, Purpose};

/// Pixels of a dot of the font.
const DOT: usize = 5;
/// Dots round and between digits.
const GAP: usize = 2;
/// Dots of a digit, across and down.
const WIDTH: usize = 5;
const HEIGHT: usize = 7;
const PAPER: u8 = 0xff;
const INK: u8 = 0x20;
const DUST: u8 = 0xa0;

/// The digits, row by row, five dots each, the leftmost in the highest of five bits.
const FONT: [[u8; 7]; 10] = [
    [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110],
    [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
    [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111],
    [0b01110, 0b10001, 0b00001, 0b00110, 0b00001, 0b10001, 0b01110],
    [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
    [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
    [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
    [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000],
    [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
    [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100],
];

/// Draws digits, dark on light with some dust; what is no digit leaves a gap.
pub(crate) fn png(digits: &str) -> Vec<u8> {
    let columns = GAP + digits.len() * (WIDTH + GAP);
    let rows = HEIGHT + 2 * GAP;
    let (width, height) = (columns * DOT, rows * DOT);
    let mut chance = Chance::new(1, Purpose::Picture, digits.len() as u64, 0);
    let mut pixels: Vec<u8> =
        (0..width * height).map(|_| if chance.between(0, 19) == 0 { DUST } else { PAPER }).collect();
    for (at, glyph) in digits.chars().map(glyph).enumerate() {
        for (row, dots) in glyph.into_iter().enumerate() {
            for column in (0..WIDTH).filter(|column| dots >> (WIDTH - 1 - column) & 1 == 1) {
                let x = (GAP + at * (WIDTH + GAP) + column) * DOT;
                let y = (GAP + row) * DOT;
                for line in pixels.chunks_exact_mut(width).skip(y).take(DOT) {
                    line[x..x + DOT].fill(INK);
                }
            }
        }
    }
    written(width, height, &pixels)
}

fn glyph(letter: char) -> [u8; 7] {
    let digit = letter.to_digit(10).and_then(|digit| FONT.get(digit as usize));
    digit.copied().unwrap_or_default()
}

fn written(width: usize, height: usize, pixels: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("a picture of a few thousand pixels has a header");
    writer.write_image_data(pixels).expect("memory takes everything that is written to it");
    writer.finish().expect("memory takes everything that is written to it");
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the digits back by their ink, as a person would.
    fn read(file: &[u8]) -> String {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let width = info.width as usize;
        let is_ink = |column: usize, row: usize| pixels[row * DOT * width + column * DOT] == INK;
        let digits = (width / DOT - GAP) / (WIDTH + GAP);
        (0..digits)
            .map(|at| {
                let dots: [u8; 7] = std::array::from_fn(|row| {
                    (0..WIDTH).fold(0, |dots, column| {
                        dots << 1 | u8::from(is_ink(GAP + at * (WIDTH + GAP) + column, GAP + row))
                    })
                });
                let digit = FONT.iter().position(|glyph| *glyph == dots).expect("a digit of the font");
                char::from_digit(digit as u32, 10).unwrap()
            })
            .collect()
    }

    #[test]
    fn a_picture_shows_its_text() {
        for text in ["0123", "4567", "8901"] {
            let file = png(text);
            assert!(file.starts_with(b"\x89PNG\r\n\x1a\n"));
            assert_eq!(read(&file), text);
        }
    }
}
