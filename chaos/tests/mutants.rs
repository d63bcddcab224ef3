//! The checker is checked: each of five mutations of the sources must turn it red, with seeds that are green without.
//!
//! A mutation is a text in a file and another text in its place, applied to a copy of the crates concerned and built
//! there; production code has no switch for it. A text that is no longer found fails the test, so that a mutation cannot
//! fall asleep. Why patches: `docs/adr/0011-mutations-are-patches.md`.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::mpsc,
    thread,
};

/// What a copy needs to build the program.
const FOLDERS: [&str; 8] = ["domain", "telemetry", "streams", "store", "services", "testkit", "chaos", "migrations"];

struct Mutation {
    name: &'static str,
    /// File, text, and what stands in its place.
    edits: &'static [(&'static str, &'static str, &'static str)],
    /// A history that needs what the mutation takes away.
    words: &'static [&'static str],
    /// What the checker must find.
    finding: &'static str,
}

const MUTATIONS: [Mutation; 5] = [
    Mutation {
        name: "no inbox",
        edits: &[
            (
                "services/src/inbox.rs",
                "Ok((marked.rows_affected() == 1).then_some(transaction))",
                "let _ = marked;\n    Ok(Some(transaction))",
            ),
            (
                "services/src/inbox.rs",
                "if usize::try_from(marked) == Ok(events.len()) {",
                "if marked <= u64::MAX {",
            ),
        ],
        words: &["--seed=7", "--seconds=8", "--faults=send-twice", "--handlers=none"],
        finding: "doubled",
    },
    Mutation {
        name: "no heartbeat",
        edits: &[(
            "streams/src/lease.rs",
            "let open: Vec<_> = group.held().open().into_iter().map(|id| (id, None)).collect();",
            "let open: Vec<(EntryId, Option<u64>)> = Vec::new();",
        )],
        words: &["--seed=7", "--seconds=8", "--faults=send-twice", "--handlers=slow=300"],
        finding: "ran twice",
    },
    Mutation {
        name: "no atomic script",
        edits: &[(
            "streams/src/dead_letter/record.rs",
            "        let mut call = script::MOVE.prepare_invoke();
        call.key(self.stream).key(keys::dead_letter_stream(self.stream));
        call.arg(self.group).arg(owner).arg(self.source_id.to_string()).arg(self.record());
        let record: Option<String> = redis.script(&call).await?;",
            "        let _ = (owner, &script::MOVE);
        let id = self.source_id.to_string();
        let _: u64 = redis.query(::redis::cmd(\"XACK\").arg(self.stream).arg(self.group).arg(id)).await?;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let grave = keys::dead_letter_stream(self.stream);
        let record: Option<String> = redis.query(::redis::cmd(\"XADD\").arg(grave).arg(\"*\").arg(self.record())).await?;",
        )],
        // workers die between the two commands, which are as far apart as on a slow machine
        words: &["--seed=7", "--seconds=8", "--faults=kill-worker", "--handlers=reject=9000"],
        finding: "lost",
    },
    Mutation {
        name: "acknowledged before the handler",
        edits: &[(
            "streams/src/dispatcher.rs",
            "            let company = self.company(&first, now);\n",
            "            let company = self.company(&first, now);
            for (_, delivery) in iter::once(&first).chain(&company) {
                self.acknowledge(delivery.id);
            }\n",
        )],
        words: &["--seed=7", "--seconds=10", "--faults=kill-worker", "--handlers=slow=1000"],
        finding: "lost",
    },
    Mutation {
        name: "new entries only",
        edits: &[
            ("streams/src/reader.rs", "        resume(group, events, room, stop).await?;\n", ""),
            ("streams/src/reader.rs", "        reclaimer::take_over(group, events, room, stop).await?;\n", ""),
            ("streams/src/reclaimer.rs", "            let _ = pass(group, &events, &room).await;\n", ""),
        ],
        words: &["--seed=7", "--seconds=10", "--faults=kill-worker", "--handlers=slow=1000", "--rest-within=45"],
        finding: "lost",
    },
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Copies what differs, so that cargo builds again only what a mutation touches.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let (from, to) = (file.path(), to.join(file.file_name()));
        if file.file_type().unwrap().is_dir() {
            copy(&from, &to);
        } else {
            write(&to, &fs::read(&from).unwrap());
        }
    }
}

fn write(to: &Path, content: &[u8]) {
    if fs::read(to).ok().as_deref() != Some(content) {
        fs::write(to, content).unwrap();
    }
}

/// The sources with the mutation, in `copy_of_sources`.
fn plant(mutation: &Mutation, copy_of_sources: &Path) {
    for folder in FOLDERS {
        copy(&root().join(folder), &copy_of_sources.join(folder));
    }
    write(&copy_of_sources.join("Cargo.lock"), &fs::read(root().join("Cargo.lock")).unwrap());
    let members = FOLDERS.iter().filter(|folder| **folder != "migrations").map(|folder| format!("\"{folder}\""));
    let members = format!("members = [{}]", members.collect::<Vec<_>>().join(", "));
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let lines = manifest.lines().filter(|line| !line.starts_with("default-members"));
    let lines = lines.map(|line| if line.starts_with("members") { members.as_str() } else { line });
    write(&copy_of_sources.join("Cargo.toml"), lines.collect::<Vec<_>>().join("\n").as_bytes());
    for (file, text, replacement) in mutation.edits {
        let path = copy_of_sources.join(file);
        let before = fs::read_to_string(&path).unwrap();
        let found = before.matches(text).count();
        assert_eq!(
            found, 1,
            "{}: `{text}` is {found} times in {file}; the mutation must follow the code",
            mutation.name
        );
        write(&path, before.replace(text, replacement).as_bytes());
    }
}

/// Builds the mutated program; gives where it is.
fn build(mutation: &Mutation, folder: &Path) -> PathBuf {
    let sources = folder.join("sources");
    plant(mutation, &sources);
    let mut cargo = Command::new(env!("CARGO"));
    // settings of the outer build are not meant for this one
    cargo.env_remove("RUSTFLAGS").env("CARGO_TARGET_DIR", folder.join("target"));
    cargo.args(["build", "--quiet", "--package", "chaos", "--bin", "chaos"]).current_dir(&sources);
    let built = cargo.output().unwrap();
    assert!(built.status.success(), "{}: {}", mutation.name, String::from_utf8_lossy(&built.stderr));
    let program = folder.join(mutation.name.replace(' ', "-"));
    fs::copy(folder.join("target/debug/chaos"), &program).unwrap();
    program
}

fn run(program: &Path, mutation: &Mutation) -> Output {
    // the journals of a red history are kept in the folder for temporary files; these have served
    let folder = tempfile::tempdir().unwrap();
    let mut chaos = Command::new(program);
    chaos.args(mutation.words).env("TMPDIR", folder.path());
    chaos.output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn each_mutation_turns_the_checker_red() {
    let folder = root().join("target/mutants");
    // three in a row each: builds here, red and green histories beside them
    let (to_run, built) = mpsc::channel::<(&Mutation, PathBuf)>();
    let red = thread::spawn(move || {
        built.iter().map(|(mutation, program)| (mutation, run(&program, mutation))).collect::<Vec<_>>()
    });
    let green = thread::spawn(|| {
        let program = Path::new(env!("CARGO_BIN_EXE_chaos"));
        MUTATIONS.iter().map(|mutation| (mutation, run(program, mutation))).collect::<Vec<_>>()
    });
    for mutation in &MUTATIONS {
        to_run.send((mutation, build(mutation, &folder))).unwrap();
    }
    drop(to_run);
    let mut wrong = Vec::new();
    for (mutation, output) in red.join().unwrap() {
        let found = text(&output).lines().any(|line| line.trim_start().starts_with(&format!("{}:", mutation.finding)));
        if output.status.code() != Some(1) || !found {
            wrong.push(format!("{} should be {}:\n{}", mutation.name, mutation.finding, text(&output)));
        }
    }
    for (mutation, output) in green.join().unwrap() {
        if !output.status.success() {
            wrong.push(format!("without `{}` it should be green:\n{}", mutation.name, text(&output)));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}
