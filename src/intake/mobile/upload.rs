//! A photo that is uploaded: a form of parts, of which one is an image (spec 004 §4).
//!
//! It believes nothing that is said of the image: what it is, it says by its own bytes.

use super::answer::Wrong;
use crate::engine::photo::Side;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use imagesize::ImageType;

/// Bytes of the parts that are not the photo, and of what stands between them.
pub(super) const OTHER_BYTES: usize = 64 * 1024;

/// Parts of an upload: two of use, and noise.
const PARTS_LIMIT: usize = 32;

/// Pixels on the longer side: what cameras make.
const SIDE_LIMIT: usize = 12_000;

/// Pixels in all: whoever opens it holds four bytes for each.
const PIXELS_LIMIT: usize = 50_000_000;

/// Pixels on the shorter side, below which nothing can be seen.
const SIDE_LEAST: usize = 32;

/// A photo as uploaded.
pub(super) struct Photo {
    pub(super) side: Side,
    pub(super) image: Bytes,
    pub(super) media_type: &'static str,
}

/// Gives the boundary of the parts; none if the content has none.
pub(super) fn boundary(headers: &HeaderMap) -> Option<String> {
    let told = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    multer::parse_boundary(told).ok()
}

/// Reads an upload whose image has at most `limit` bytes.
pub(super) async fn read(body: Bytes, boundary: String, limit: usize) -> Result<Photo, Wrong> {
    let stream = futures_util::stream::once(std::future::ready(Ok::<_, std::convert::Infallible>(body)));
    let mut parts = multer::Multipart::new(stream, boundary);
    let broken = |_error| Wrong::new("body", "must be a form of parts, ended by its boundary");
    let (mut image, mut kind) = (None, None);
    let mut count = 0;
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        count += 1;
        if count > PARTS_LIMIT {
            return Err(Wrong::new("body", format!("must have at most {PARTS_LIMIT} parts")));
        }
        let (name, place) = match part.name() {
            Some("attach") => ("attach", &mut image),
            Some("type") => ("type", &mut kind),
            Some(_) | None => continue,
        };
        if place.is_some() {
            return Err(Wrong::new(name, "must be there once"));
        }
        *place = Some(part.bytes().await.map_err(broken)?);
    }
    let kind = kind.ok_or_else(|| Wrong::new("type", "is required"))?;
    let side = match kind.trim_ascii() {
        b"10" => Side::Face,
        b"11" => Side::Front,
        b"12" => Side::Back,
        _other => return Err(Wrong::new("type", "must be 10, 11 or 12")),
    };
    let image = image.ok_or_else(|| Wrong::new("attach", "is required"))?;
    if image.len() > limit {
        return Err(Wrong::new("attach", format!("must be at most {limit} bytes")));
    }
    Ok(Photo { side, media_type: sniffed(&image)?, image })
}

/// Says what an image is, by its bytes.
fn sniffed(image: &[u8]) -> Result<&'static str, Wrong> {
    let wrong = |must: String| Wrong::new("attach", must);
    let media_type = media_type(image).ok_or_else(|| wrong("must be a JPEG or PNG image".to_owned()))?;
    let size = imagesize::blob_size(image);
    let size = size.map_err(|_broken| wrong("must be an image that can be opened".to_owned()))?;
    let (shorter, longer) = (size.width.min(size.height), size.width.max(size.height));
    if shorter < SIDE_LEAST {
        return Err(wrong(format!("must be at least {SIDE_LEAST} pixels wide and high")));
    }
    if longer > SIDE_LIMIT || shorter.saturating_mul(longer) > PIXELS_LIMIT {
        let must = format!("must be at most {SIDE_LIMIT} pixels wide and high, and {PIXELS_LIMIT} in all");
        return Err(wrong(must));
    }
    Ok(media_type)
}

/// Gives the media type of an image; none if it is neither of the two that are taken.
pub(in crate::intake) fn media_type(image: &[u8]) -> Option<&'static str> {
    match imagesize::image_type(image) {
        Ok(ImageType::Jpeg) => Some("image/jpeg"),
        Ok(ImageType::Png) => Some("image/png"),
        Ok(_) | Err(_) => None,
    }
}
