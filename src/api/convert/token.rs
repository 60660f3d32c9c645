//! Page tokens: a position, bound to this server's keys and to what was asked for.

use crate::engine::archive::Archive;
use crate::store::Store;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Writes a token; it is good for the same `scope` only.
pub(super) fn write<S: Store>(archive: &Archive<S>, scope: &str, position: &[u8]) -> String {
    let mut token = position.to_vec();
    token.extend(seal(archive, scope, position));
    URL_SAFE_NO_PAD.encode(token)
}

/// Reads a token; none if it is not one for this scope.
pub(super) fn read<S: Store, const N: usize>(
    archive: &Archive<S>,
    scope: &str,
    token: &str,
) -> Option<[u8; N]> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (position, sealed) = bytes.split_first_chunk::<N>()?;
    (sealed == seal(archive, scope, position)).then_some(*position)
}

fn seal<S: Store>(archive: &Archive<S>, scope: &str, position: &[u8]) -> [u8; 16] {
    archive.digest("page token", format!("{} {scope}", hex::encode(position)))
}
