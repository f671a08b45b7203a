//! The file that `mem0-embedders` includes; its layout is documented there,
//! in `local/model.rs`.

use std::fs;
use std::path::Path;

use anyhow::Result;

const MAGIC: &[u8; 8] = b"M0STATIC";
const VERSION: u32 = 1;

pub(crate) fn write(path: &Path, pieces: &[String], rows: &[f32], dims: usize) -> Result<()> {
    let text = pieces.concat();
    let mut head = MAGIC.to_vec();
    for number in [VERSION, u32::try_from(dims)?, u32::try_from(pieces.len())?, u32::try_from(text.len())?] {
        head.extend(number.to_le_bytes());
    }

    let mut body = Vec::new();
    for piece in pieces {
        body.push(u8::try_from(piece.len())?);
    }
    body.extend(text.as_bytes());
    let scales: Vec<f32> = rows.chunks_exact(dims).map(scale).collect();
    body.extend(scales.iter().flat_map(|s| s.to_le_bytes()));
    for (row, scale) in rows.chunks_exact(dims).zip(scales) {
        // A float-to-int cast saturates, so rounding cannot wrap around.
        body.extend(row.iter().map(|x| ((x / scale).round() as i8).cast_unsigned()));
    }

    let digest = blake3::Hasher::new().update(&head).update(&body).finalize();
    head.extend(digest.as_bytes());
    head.extend(body);
    fs::write(path, &head)?;
    println!("{} bytes, digest {digest}: {}", head.len(), path.display());
    Ok(())
}

/// The largest number of the row becomes 127.
fn scale(row: &[f32]) -> f32 {
    let largest = row.iter().fold(0f32, |max, x| max.max(x.abs()));
    if largest > 0.0 { largest / 127.0 } else { 1.0 }
}
