//! What a browser loads before the first page is alive: wasm, JavaScript and style sheet, as brotli.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::{Mode, compress};

/// Bytes of brotli that must not be passed: a phone on a slow line still gets the page within two seconds.
const BUDGET_BYTES: u64 = 250_000;
/// Bytes of brotli to stay under: what the lightest consoles of this kind load.
const AIM_BYTES: u64 = 186_000;

/// Prints the table; an error above the budget.
pub(crate) fn check() -> Result<()> {
    let site = Mode::Release.site();
    let files = compress::files(&site.join("pkg"))
        .with_context(|| format!("no site in {}: run `cargo xtask build --release --front` first", site.display()))?;
    let mut total = (0, 0);
    println!("{:>12} {:>12}  file", "raw bytes", "brotli bytes");
    for file in files {
        let raw = fs::metadata(&file)?.len();
        // tiny files have no twin: they are sent as they are
        let brotli = fs::metadata(compress::twin(&file, "br")).map_or(raw, |twin| twin.len());
        println!("{raw:>12} {brotli:>12}  {}", file.strip_prefix(&site)?.display());
        total = (total.0 + raw, total.1 + brotli);
    }
    let (raw, brotli) = total;
    println!("{raw:>12} {brotli:>12}  in all (aim {AIM_BYTES}, budget {BUDGET_BYTES})");
    ensure!(brotli <= BUDGET_BYTES, "the first page weighs {brotli} bytes of brotli, {BUDGET_BYTES} are allowed");
    Ok(())
}
