//! The browser half: everything under the site folder.
//!
//! `pkg/` holds what the build makes (wasm, JavaScript, style sheet), beside it stand the files of `public/` as they are.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result, ensure};

use crate::{
    Mode,
    command::{run, step},
    compress, root,
    toolchain::{TARGET, wasm_cargo},
};

/// The server names the files so, by `LEPTOS_OUTPUT_NAME` at run time.
const NAME: &str = "dsm-console";

/// Builds the site of this mode.
pub(crate) fn build(mode: Mode) -> Result<()> {
    let wasm = step("browser half", || compile(mode))?;
    let pkg = mode.site().join("pkg");
    fs::create_dir_all(&pkg)?;
    if !is_finished(&wasm, &pkg) {
        finish(&wasm, &pkg, mode)?;
    }
    assets(mode)
}

/// Only the files that need no compiler.
pub(crate) fn assets(mode: Mode) -> Result<()> {
    let site = mode.site();
    copy_folder(&root().join("public"), &site)?;
    let sheet = site.join(format!("pkg/{NAME}.css"));
    write_if_changed(&sheet, style()?.as_bytes())?;
    if mode == Mode::Release {
        compress::folder(&site)?;
    }
    Ok(())
}

fn compile(mode: Mode) -> Result<PathBuf> {
    let profile = match mode {
        Mode::Development => "wasm-dev",
        Mode::Release => "wasm-release",
    };
    // its own target folder: another compiler may be at work here, and two would throw each other's results away
    let mut cargo = wasm_cargo()?;
    cargo.args(["build", "--package", "app", "--lib", "--features", "hydrate"]);
    cargo.args(["--target", TARGET, "--profile", profile, "--target-dir", "target/wasm"]);
    run(&mut cargo)?;
    Ok(root().join(format!("target/wasm/{TARGET}/{profile}/app.wasm")))
}

/// The wasm that `pkg` was made from is this one: same time, same length.
fn is_finished(wasm: &Path, pkg: &Path) -> bool {
    let made = pkg.join(format!("{NAME}_bg.wasm")).is_file() && pkg.join(format!("{NAME}.js")).is_file();
    made && fs::read_to_string(stamp_file(pkg)).is_ok_and(|stamp| stamp_of(wasm).is_ok_and(|now| now == stamp))
}

/// Beside the site, not in it: it is nothing to serve.
fn stamp_file(pkg: &Path) -> PathBuf {
    pkg.parent().expect("pkg stands in the site folder").with_extension("stamp")
}

fn stamp_of(wasm: &Path) -> Result<String> {
    let metadata = fs::metadata(wasm).with_context(|| format!("no {}", wasm.display()))?;
    let modified = metadata.modified()?.duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(format!("{} {}", modified.as_nanos(), metadata.len()))
}

/// Makes what a browser loads from what the compiler left.
fn finish(wasm: &Path, pkg: &Path, mode: Mode) -> Result<()> {
    let release = mode == Mode::Release;
    fs::remove_dir_all(pkg)?;
    fs::create_dir_all(pkg)?;
    step("wasm-bindgen", || {
        wasm_bindgen_cli_support::Bindgen::new()
            .input_path(wasm)
            .out_name(NAME)
            .typescript(false)
            .web(true)?
            .keep_debug(!release)
            .remove_name_section(release)
            .remove_producers_section(release)
            .generate(pkg)
    })?;
    fs::write(stamp_file(pkg), stamp_of(wasm)?)?;
    Ok(())
}

/// One sheet out of `style/*.css`: `main.css` (tokens and layers) first, then the others by name.
fn style() -> Result<String> {
    let folder = root().join("style");
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "css") {
            files.push(path);
        }
    }
    files.sort_by_key(|path| (!path.ends_with("main.css"), path.clone()));
    ensure!(!files.is_empty(), "no style sheet in {}", folder.display());
    let mut sheet = String::new();
    for file in files {
        sheet.push_str(&fs::read_to_string(&file)?);
        sheet.push('\n');
    }
    Ok(sheet)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("no {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            write_if_changed(&target, &fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

/// Keeps the file's time when nothing changed, so that compression and browsers' caches can tell.
fn write_if_changed(file: &Path, content: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|old| old == content) {
        return Ok(());
    }
    fs::write(file, content).with_context(|| format!("cannot write {}", file.display()))
}
