//! A child process that dies with its value.

use std::process::{Child, Command, ExitStatus, Stdio};

/// The server to be tested with; another program of the family, for the matrix of versions.
pub(super) fn redis_server() -> Command {
    Command::new(std::env::var_os("DSM_TEST_REDIS").unwrap_or_else(|| "redis-server".into()))
}

#[derive(Debug)]
pub(super) struct Process(Child);

impl Process {
    pub(super) fn start(mut command: Command) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let program = command.get_program();
        Self(child.unwrap_or_else(|error| panic!("{} cannot be started: {error}", program.display())))
    }

    pub(super) fn signal(&self, signal: &str) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().expect("kill in PATH");
        assert!(sent.success(), "kill {signal} {id}");
    }

    /// Ends it with this signal, and waits until it has gone.
    pub(super) fn end(mut self, signal: &str) {
        self.signal(signal);
        self.0.wait().expect("the process can be waited for");
    }

    /// How it ended, if it did so by itself.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL ends a paused process too; both calls fail only if it is gone already
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
