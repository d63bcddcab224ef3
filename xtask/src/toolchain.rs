//! A cargo that can compile for the browser.
//!
//! A rustup toolchain needs one more download for that (`rustup target add`). Where that server cannot be reached, Debian's
//! packages have the parts, and `scripts/wasm-toolchain.sh` puts them together in a folder.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};

use crate::{
    command::{cargo, find_program, output, run, say},
    root,
};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A cargo call for the browser half; the caller adds the words.
pub(crate) fn wasm_cargo() -> Result<Command> {
    Ok(match find()? {
        Toolchain::Own => cargo(),
        Toolchain::Folder(folder) => {
            let mut cargo = Command::new(folder.join("bin/cargo"));
            // Named, because a cargo outside rustup would take rustup's `rustc` from PATH.
            cargo.env("RUSTC", folder.join("bin/rustc")).env_remove("RUSTUP_TOOLCHAIN").current_dir(root());
            cargo
        }
    })
}

enum Toolchain {
    /// The one that runs this task.
    Own,
    /// Made by `scripts/wasm-toolchain.sh`.
    Folder(PathBuf),
}

fn find() -> Result<Toolchain> {
    if let Some(folder) = env::var_os("WASM_TOOLCHAIN").map(PathBuf::from) {
        return made_by_script(folder);
    }
    if has_std() {
        return Ok(Toolchain::Own);
    }
    let usual = PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cache/wasm-toolchain");
    if usual.join("id").is_file() {
        return made_by_script(usual);
    }
    if find_program("rustup").is_some() {
        say(&format!("adding the target {TARGET} with rustup"));
        if run(Command::new("rustup").args(["target", "add", TARGET])).is_ok() {
            return Ok(Toolchain::Own);
        }
    }
    if find_program("apt-get").is_some() {
        say("making a toolchain for the browser half from Debian's packages, once");
        return made_by_script(usual);
    }
    bail!(
        "this Rust cannot compile for {TARGET}. rustup: `rustup target add {TARGET}` · \
         Fedora: `sudo dnf install rust-std-static-{TARGET}` · Arch: `sudo pacman -S rust-wasm` · \
         macOS: install Rust with rustup (https://rustup.rs), not with Homebrew"
    )
}

/// The script does nothing when the folder is up to date, so it is asked every time.
fn made_by_script(folder: PathBuf) -> Result<Toolchain> {
    run(Command::new(root().join("scripts/wasm-toolchain.sh")).arg(&folder))?;
    Ok(Toolchain::Folder(folder))
}

/// Whether our own rustc has a standard library for the browser.
fn has_std() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let Some(folder) = output(Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET])) else {
        return false;
    };
    fs::read_dir(Path::new(&folder))
        .is_ok_and(|files| files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libcore-")))
}
