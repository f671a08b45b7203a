//! Images for protocols that carry only the bytes.

use mem0_core::{Error, ErrorKind, Image, Result};

/// Media type and Base64 of an image.
///
/// # Errors
/// `Unsupported` for an address on the web: what a message points to is not
/// fetched from here.
pub(crate) fn inline(image: &Image) -> Result<(&str, &str)> {
    let unsupported = || {
        let message = "this provider takes images only as bytes: give them as data: URLs instead of web addresses";
        Error::new(ErrorKind::Unsupported, message)
    };
    image.data().ok_or_else(unsupported)
}
