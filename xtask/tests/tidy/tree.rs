//! The project as the rules read it: its text files, and what cargo knows of its crates.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// One text file.
pub(crate) struct File {
    /// From the project's root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.is_a("rs")
    }

    pub(crate) fn is_a(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    /// Under a `tests` folder, or in the crate that is for tests.
    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("testkit/") || self.path.starts_with("end2end/") || self.path.contains("/tests/")
    }

    /// The lines that do something in production: no comments, nothing after `#[cfg(test)]` (which ends a file here).
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let ends = |line: &str| line.trim() == "#[cfg(test)]";
        let is_comment = |line: &str| line.trim_start().starts_with("//") || line.trim_start().starts_with("--");
        (1..).zip(self.text.lines()).take_while(move |(_, line)| !ends(line)).filter(move |(_, line)| !is_comment(line))
    }
}

/// A member of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Names of what it depends on outside tests.
    pub(crate) dependencies: Vec<String>,
    /// Named features; those that only mirror an optional dependency are left out.
    pub(crate) features: Vec<String>,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ stands in the root folder").to_owned()
}

/// Every text file that belongs to the project, also those not added to git yet.
pub(crate) fn files() -> Vec<File> {
    let listing = output(Command::new("git").args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]));
    let paths = listing.split('\0').filter(|path| !path.is_empty());
    // unreadable as text: pictures; gone: deleted but not committed yet
    let read = |path: &str| std::fs::read_to_string(root().join(path)).ok();
    paths.filter_map(|path| read(path).map(|text| File::new(path, &text))).collect()
}

pub(crate) fn packages() -> Vec<Package> {
    let metadata = output(Command::new(env!("CARGO")).args(["metadata", "--no-deps", "--format-version=1", "--quiet"]));
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo metadata is JSON");
    metadata["packages"].as_array().expect("packages").iter().map(package).collect()
}

fn package(value: &Value) -> Package {
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    let outside_tests = |dependency: &&Value| dependency["kind"].as_str() != Some("dev");
    let dependencies = value["dependencies"].as_array().expect("dependencies");
    let features = value["features"].as_object().expect("features");
    Package {
        name: text(&value["name"]),
        dependencies: dependencies.iter().filter(outside_tests).map(|dependency| text(&dependency["name"])).collect(),
        features: features
            .iter()
            .filter(|(name, enables)| **enables != serde_json::json!([format!("dep:{name}")]))
            .map(|(name, _)| name.clone())
            .collect(),
    }
}

fn output(command: &mut Command) -> String {
    let output = command.current_dir(root()).output().expect("git and cargo can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("names of files are UTF-8")
}
