//! `.br` and `.gz` beside every file of the site: compressed once, as hard as it goes, instead of at each request.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::command::step;

/// Brotli's hardest setting: about a second for the wasm, and built once.
const BROTLI_QUALITY: i32 = 11;
/// Log2 of brotli's window in bytes: 4 MiB, more than any file of ours.
const BROTLI_WINDOW: i32 = 22;
/// Under this many bytes the headers of a compressed answer cost more than they save.
const WORTHWHILE_BYTES: usize = 256;

/// Compresses what has no compressed twin of the same age or younger.
pub(crate) fn folder(site: &Path) -> Result<()> {
    let stale: Vec<PathBuf> = files(site)?.into_iter().filter(|file| is_stale(file)).collect();
    if stale.is_empty() {
        return Ok(());
    }
    step(&format!("compressing {} files", stale.len()), || stale.iter().try_for_each(|file| compress(file)))
}

/// Every file under `folder` that is not itself a compressed twin.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_none_or(|extension| extension != "br" && extension != "gz") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// `style.css` → `style.css.br`
pub(crate) fn twin(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

fn is_stale(file: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    ["br", "gz"].iter().any(|suffix| modified(&twin(file, suffix)) < modified(file))
}

fn compress(file: &Path) -> Result<()> {
    let content = fs::read(file)?;
    if content.len() < WORTHWHILE_BYTES {
        return Ok(());
    }
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW,
        size_hint: content.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut content.as_slice(), &mut compressed, &parameters)?;
    fs::write(twin(file, "br"), compressed)?;

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&content)?;
    fs::write(twin(file, "gz"), encoder.finish()?)?;
    Ok(())
}
