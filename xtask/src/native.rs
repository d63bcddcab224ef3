//! The server half.

use anyhow::Result;

use crate::{
    Mode,
    command::{cargo, run, step},
};

/// Builds the program `dsm-console` into cargo's own target folder, where `cargo test` and an editor build too.
pub(crate) fn build(mode: Mode) -> Result<()> {
    step("server half", || {
        let mut cargo = cargo();
        cargo.args(["build", "--package", "server"]);
        if mode == Mode::Release {
            // what is shipped is what was tested: exactly the versions of Cargo.lock
            cargo.args(["--release", "--locked"]);
        }
        run(&mut cargo)
    })
}

/// Runs the fault history, which is a program of its own: xtask stays light.
pub(crate) fn chaos(words: &[String]) -> Result<()> {
    let mut cargo = cargo();
    cargo.args(["run", "--quiet", "--package", "chaos", "--"]).args(words);
    run(&mut cargo)
}
