//! The rules. Each takes what it reads and answers with the violations, a line each; none is an empty list.

use crate::tree::{File, Package};

/// Lines of a Rust file past which a second noun hides in it.
const RUST_LINES: usize = 500;
/// Lines of ARCHITECTURE.md: a map that takes longer to read than an evening is not read.
const ARCHITECTURE_LINES: usize = 150;

/// Which crates may use a library directly (and every library whose name starts with it and a `_` or `-`).
const DOORS: [(&str, &[&str]); 4] = [
    // bench: the bare loops to measure against; chaos: breaks Redis on purpose, stands for a service, reads its end
    ("redis", &["streams", "bench", "chaos"]),
    ("sqlx", &["store", "services", "console", "bench", "chaos"]),
    ("leptos", &["app", "server"]),
    ("axum", &["app", "server"]),
];

/// All that `domain` may use: data and its spelling.
const DOMAIN_USES: [&str; 5] = ["serde", "serde_json", "thiserror", "time", "utoipa"];

/// Words of clocks, randomness and I/O. `domain` is told the time and the dice.
const NOT_PURE: [&str; 9] =
    ["SystemTime", "Instant::now", "now_utc", "now_local", "tokio::", "rand::", "std::fs", "std::net", "std::env"];

/// Redis names; a file `keys.rs` spells them, the others use its words.
const REDIS_NAMES: [&str; 7] = [
    ":dlq",
    "dsm:events",
    "task_update_events",
    "daily_scrum_events",
    "backlog_service_group",
    "project-service-group",
    "chronicle-service-group",
];

/// Redis commands that change something.
const CHANGING_COMMANDS: [&str; 13] = [
    "XADD",
    "XDEL",
    "XACK",
    "XCLAIM",
    "XAUTOCLAIM",
    "XTRIM",
    "XGROUP",
    "XSETID",
    "XREADGROUP",
    "DEL",
    "EVAL",
    "EXPIRE",
    "SET",
];

/// Invariant 2: each outside world has its door.
pub(crate) fn libraries_stay_in_their_crates(packages: &[Package]) -> Vec<String> {
    let mut violations = Vec::new();
    for package in packages {
        for dependency in &package.dependencies {
            for (library, allowed) in DOORS {
                let is_of_library = dependency == library
                    || dependency.strip_prefix(library).is_some_and(|rest| rest.starts_with(['_', '-']));
                if is_of_library && !allowed.contains(&package.name.as_str()) {
                    violations.push(format!("{} depends on {dependency}; only {allowed:?} may", package.name));
                }
            }
            if package.name == "domain" && !DOMAIN_USES.contains(&dependency.as_str()) {
                violations.push(format!("domain depends on {dependency}; it holds words and pure rules only"));
            }
        }
    }
    violations
}

/// Invariant 1: `domain` has no I/O and no clock.
pub(crate) fn domain_is_pure(files: &[File]) -> Vec<String> {
    in_code(files, |file| file.path.starts_with("domain/src/"), |line| contains_any(line, &NOT_PURE))
}

/// Invariant 4: nothing outside the relay publishes domain events.
pub(crate) fn only_the_relay_publishes(files: &[File]) -> Vec<String> {
    let concerns = |file: &File| {
        let outside = ["streams/", "xtask/", "bench/"].iter().any(|folder| file.path.starts_with(folder));
        file.is_rust() && !file.is_test() && !outside && file.path != "services/src/relay.rs"
    };
    in_code(files, concerns, |line| {
        contains_any(line, &["streams::publish", "publish::publish", "publish(&self.redis"])
    })
}

/// Invariant 7: only `keys.rs` spells a Redis name.
pub(crate) fn only_keys_spells_redis_names(files: &[File]) -> Vec<String> {
    let concerns = |file: &File| {
        let spells =
            file.path.ends_with("/keys.rs") || file.path.starts_with("xtask/") || file.path.starts_with("bench/");
        (file.is_rust() || file.is_a("lua")) && !file.is_test() && !spells
    };
    in_code(files, concerns, |line| contains_any(line, &REDIS_NAMES))
}

/// Looking cannot break anything: the files that read for an operator hold no command that changes.
pub(crate) fn inspect_only_reads(files: &[File]) -> Vec<String> {
    let concerns = |file: &File| {
        let inspects = ["streams/src/inspect", "streams/src/sampler", "streams/src/search"]
            .iter()
            .any(|start| file.path.starts_with(start));
        file.is_rust() && inspects
    };
    let changes =
        |line: &str| CHANGING_COMMANDS.iter().find(|command| line.contains(&format!("\"{command}\""))).copied();
    in_code(files, concerns, changes)
}

/// Invariant 8: only `app`, which is compiled twice, has Cargo features.
pub(crate) fn only_app_has_features(packages: &[Package]) -> Vec<String> {
    let others = packages.iter().filter(|package| package.name != "app" && !package.features.is_empty());
    others.map(|package| format!("{} has features {:?}", package.name, package.features)).collect()
}

/// The two halves part in few places: a module is for one half or for both, a page does not ask.
pub(crate) fn halves_part_at_modules(files: &[File]) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && !file.path.starts_with("xtask/")) {
        let lines: Vec<_> = file.code().collect();
        for (index, (number, line)) in lines.iter().enumerate() {
            if !line.contains("cfg(feature") {
                continue;
            }
            let next = lines.get(index + 1).map_or("", |(_, line)| line.trim());
            let parts_a_module = ["mod ", "pub mod ", "pub(crate) mod ", "use ", "pub use ", "pub(crate) use "]
                .iter()
                .any(|start| next.starts_with(start));
            if !file.path.starts_with("app/src/") || !parts_a_module {
                violations.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    violations
}

/// A link that somebody spelled by hand would lead from one connection to another (docs/adr/0021). Features of the
/// services are at home alone.
pub(crate) fn pages_spell_no_address(files: &[File]) -> Vec<String> {
    const AT_HOME: [&str; 5] = ["project", "backlog", "sprint", "chronicle", "demo"];
    let is_page = |file: &File| {
        let feature = file.path.strip_prefix("app/src/").and_then(|rest| rest.split('/').next());
        // the document links to files, which are the same everywhere
        file.is_rust() && feature.is_some_and(|feature| !AT_HOME.contains(&feature) && feature != "shell.rs")
    };
    in_code(files, is_page, |line| contains_any(line, &["href=\"/", "action=\"/"]))
}

pub(crate) fn rust_files_are_short(files: &[File]) -> Vec<String> {
    let lines = |file: &File| file.text.lines().count();
    let long = files.iter().filter(|file| file.is_rust() && lines(file) > RUST_LINES);
    long.map(|file| format!("{} has {} lines, {RUST_LINES} are allowed", file.path, lines(file))).collect()
}

pub(crate) fn the_map_is_short(files: &[File]) -> Vec<String> {
    let map = files.iter().find(|file| file.path == "ARCHITECTURE.md");
    match map.map(|file| file.text.lines().count()) {
        None => vec!["ARCHITECTURE.md is missing".to_owned()],
        Some(lines) if lines > ARCHITECTURE_LINES => {
            vec![format!("ARCHITECTURE.md has {lines} lines, {ARCHITECTURE_LINES} are allowed")]
        }
        Some(_) => Vec::new(),
    }
}

/// A crate's first lines say what it is and where things are.
pub(crate) fn crates_open_with_their_map(files: &[File]) -> Vec<String> {
    let is_door = |file: &&File| {
        let depth = file.path.matches('/').count();
        depth == 2 && (file.path.ends_with("/src/lib.rs") || file.path.ends_with("/src/main.rs"))
    };
    let silent = files.iter().filter(is_door).filter(|file| !file.text.starts_with("//!"));
    silent.map(|file| format!("{} does not open with a `//!` comment", file.path)).collect()
}

/// A migration opens with why.
pub(crate) fn migrations_say_why(files: &[File]) -> Vec<String> {
    let migrations = files.iter().filter(|file| file.path.starts_with("migrations/") && file.is_a("sql"));
    let silent = migrations.filter(|file| !file.text.starts_with("-- "));
    silent.map(|file| format!("{} does not open with a comment that says why", file.path)).collect()
}

/// `#[expect(lint, reason = "…")]` goes when it is no longer needed; an allow stays for ever and at least says why.
pub(crate) fn exceptions_have_reasons(files: &[File]) -> Vec<String> {
    let concerns = |file: &File| file.is_rust() && !file.path.starts_with("xtask/tests/tidy/");
    in_code(files, concerns, |line| {
        contains_any(line, &["#[allow(", "#![allow("]).filter(|_| !line.contains("reason = "))
    })
}

/// What works only on the machine of its author.
pub(crate) fn no_paths_of_a_machine(files: &[File]) -> Vec<String> {
    // spelled in parts, so that this file keeps the rule too
    let homes = ["root", "work", "home", "Users"].map(|folder| format!("/{folder}/"));
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| !is_lock(file)) {
        for (number, line) in (1..).zip(file.text.lines()) {
            // `docs/work/` or `https://host/home/` are no paths from a machine's root
            let starts_path = |home: &str| {
                line.match_indices(home).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    before.is_none_or(|c| !c.is_alphanumeric() && !['.', '-', '_', '}', ')', '~'].contains(&c))
                })
            };
            if homes.iter().any(|home| starts_path(home)) {
                violations.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    violations
}

/// Links between the project's own texts lead somewhere.
pub(crate) fn links_lead_somewhere(files: &[File], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_a("md")) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in file.text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ', '#']).next()) {
            if link.is_empty() || link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            if !exists(&resolved(folder, link)) {
                violations.push(format!("{}: `{link}` leads nowhere", file.path));
            }
        }
    }
    violations
}

/// Every test that `docs/promises.md` names is there.
pub(crate) fn promised_tests_exist(files: &[File]) -> Vec<String> {
    let tests: String = files.iter().filter(|file| file.is_rust()).map(|file| file.text.as_str()).collect();
    let promises = files.iter().filter(|file| file.path == "docs/promises.md");
    // names of tests are sentences; a word or two is something else
    let named = promises.flat_map(|file| file.text.split('`').skip(1).step_by(2)).filter(|name| {
        name.matches('_').count() > 2 && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    });
    named
        .filter(|name| !tests.contains(&format!("fn {name}(")))
        .map(|name| format!("docs/promises.md: there is no test `{name}`"))
        .collect()
}

/// `docs/adr` and `../img/a.png` → `docs/img/a.png`
fn resolved(folder: &str, link: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn is_lock(file: &File) -> bool {
    file.is_a("lock") || file.path.ends_with("package-lock.json")
}

fn in_code<'a>(
    files: &[File],
    concerns: impl Fn(&File) -> bool,
    finds: impl Fn(&str) -> Option<&'a str>,
) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| concerns(file)) {
        for (number, line) in file.code() {
            if let Some(found) = finds(line) {
                violations.push(format!("{}:{number}: `{found}` in `{}`", file.path, line.trim()));
            }
        }
    }
    violations
}

fn contains_any<'a>(line: &str, words: &[&'a str]) -> Option<&'a str> {
    words.iter().find(|word| line.contains(**word)).copied()
}
