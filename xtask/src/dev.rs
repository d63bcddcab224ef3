//! Build, serve, and do both again whenever a source file changes.
//!
//! Times of files are polled: no kernel interface to learn, works on every system and on mounted folders, and a walk over
//! a few hundred files costs about a millisecond.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result};

use crate::{Mode, command::say, front, native, root};

/// How often files are looked at: below what a person notices after saving.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// The program finishes requests and stops its own Redis; past this it hangs and is killed.
const GRACE: Duration = Duration::from_secs(15);

/// Folders that are watched. `style` and `public` need no compiler, `app` and `domain` belong to both halves.
const WATCHED: [&str; 10] =
    ["app", "console", "domain", "migrations", "public", "server", "services", "store", "streams", "style"];

type Times = BTreeMap<PathBuf, SystemTime>;

/// Never returns unless the first build fails or Ctrl+C ends it.
pub(crate) fn run(serve: &[String]) -> Result<()> {
    let mut seen = times()?;
    native::build(Mode::Development)?;
    front::build(Mode::Development)?;
    let mut server = start(serve)?;
    loop {
        thread::sleep(LOOK_EVERY);
        if let Some(status) = server.try_wait()? {
            say(&format!("the server ended with {status}; it is started again after the next change"));
            wait_for_change(&mut seen)?;
            rebuild_until_good(&mut seen)?;
            server = start(serve)?;
            continue;
        }
        let now = times()?;
        let changed = changed_folders(&seen, &now);
        if changed.is_empty() {
            continue;
        }
        seen = now;
        say(&format!("changed: {}", changed.join(", ")));
        match rebuild(&changed) {
            Ok(Restart::No) => say("reload the page"),
            Ok(Restart::Yes) => {
                stop(&mut server)?;
                server = start(serve)?;
            }
            // the compiler has said what is wrong; the last good server goes on
            Err(error) => say(&format!("{error:#}; the server from before goes on")),
        }
    }
}

enum Restart {
    Yes,
    No,
}

fn rebuild(changed: &[&str]) -> Result<Restart> {
    let touches = |folders: &[&str]| changed.iter().any(|folder| folders.contains(folder));
    if !touches(&WATCHED.iter().copied().filter(|folder| !["public", "style"].contains(folder)).collect::<Vec<_>>()) {
        front::assets(Mode::Development)?;
        return Ok(Restart::No);
    }
    native::build(Mode::Development)?;
    if touches(&["app", "domain"]) {
        front::build(Mode::Development)?;
    } else if touches(&["public", "style"]) {
        front::assets(Mode::Development)?;
    }
    Ok(Restart::Yes)
}

fn rebuild_until_good(seen: &mut Times) -> Result<()> {
    while let Err(error) = rebuild(&WATCHED) {
        say(&format!("{error:#}"));
        wait_for_change(seen)?;
    }
    Ok(())
}

fn wait_for_change(seen: &mut Times) -> Result<()> {
    loop {
        let now = times()?;
        if now != *seen {
            *seen = now;
            return Ok(());
        }
        thread::sleep(LOOK_EVERY);
    }
}

fn start(serve: &[String]) -> Result<Child> {
    let program = root().join("target/debug/dsm-console");
    Command::new(&program)
        .arg("serve")
        .args(serve)
        .env("DSM_SITE", Mode::Development.site())
        .current_dir(root())
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))
}

/// Asks the program to end, as a service manager would; kills it only if it does not.
fn stop(server: &mut Child) -> Result<()> {
    // `Child::kill` is SIGKILL, which would leave the private Redis without its parent
    Command::new("kill").args(["-TERM", &server.id().to_string()]).status().context("cannot run `kill`")?;
    let asked = Instant::now();
    while server.try_wait()?.is_none() {
        if asked.elapsed() > GRACE {
            say("the server did not end in time and is killed");
            server.kill()?;
            server.wait()?;
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// When each watched file was last changed.
fn times() -> Result<Times> {
    let mut times = Times::new();
    for folder in WATCHED {
        collect(&root().join(folder), &mut times)?;
    }
    Ok(times)
}

fn collect(folder: &Path, times: &mut Times) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))? {
        let entry = entry?;
        // a file may vanish between the listing and the look: editors write beside and rename
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            collect(&entry.path(), times)?;
        } else if let Ok(modified) = metadata.modified() {
            times.insert(entry.path(), modified);
        }
    }
    Ok(())
}

fn changed_folders(before: &Times, now: &Times) -> Vec<&'static str> {
    let differs = |path: &PathBuf| before.get(path) != now.get(path);
    let changed: Vec<&PathBuf> = before.keys().chain(now.keys()).filter(|path| differs(path)).collect();
    WATCHED.into_iter().filter(|folder| changed.iter().any(|path| path.starts_with(root().join(folder)))).collect()
}
