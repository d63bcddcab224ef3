//! `dist/`: the release program and all it needs, runnable from any folder.
//!
//! Migrations and the API document are inside the program; the site stands beside it, where the program looks first.

use std::{fs, path::Path};

use anyhow::{Context, Result};

use crate::{Mode, command::say, front, native, root};

pub(crate) fn fill() -> Result<()> {
    native::build(Mode::Release)?;
    front::build(Mode::Release)?;
    let dist = root().join("dist");
    let program = dist.join("dsm-console");
    fs::create_dir_all(&dist)?;
    // A running program cannot be written over, but its file can be replaced.
    let fresh = dist.join(".dsm-console.new");
    fs::copy(root().join("target/release/dsm-console"), &fresh)?;
    fs::rename(&fresh, &program)?;
    replace_folder(&Mode::Release.site(), &dist.join("site"))?;
    let runbooks = root().join("docs/runbooks");
    if runbooks.is_dir() {
        replace_folder(&runbooks, &dist.join("runbooks"))?;
    }
    replace_folder(&root().join("deploy"), &dist.join("deploy"))?;
    for text in ["README.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        fs::copy(root().join(text), dist.join(text)).with_context(|| format!("no {text}"))?;
    }
    say("dist/ is ready: dist/dsm-console serve --listen 127.0.0.1:3000 --data ./data");
    Ok(())
}

/// Nothing of an older build stays behind.
fn replace_folder(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    copy(from, to)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
