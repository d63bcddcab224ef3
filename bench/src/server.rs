//! A Redis of our own on TCP loopback, because the peers do not all know sockets; and what it says of itself.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use redis::{Client, Connection, cmd};
use tempfile::TempDir;

/// A server that is not there by then will not come.
const READY_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Free ports are found by asking for one and giving it back, so another program may take it in between.
const START_ATTEMPTS: usize = 5;

/// Empty, without persistence. Ends with the value.
pub(crate) struct Server {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Server {
    pub(crate) fn start() -> Result<Self> {
        let mut last = None;
        for _ in 0..START_ATTEMPTS {
            match Self::start_once() {
                Ok(server) => return Ok(server),
                Err(error) => last = Some(error),
            }
        }
        Err(last.expect("at least one attempt was made"))
    }

    fn start_once() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bench-redis-").tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let program = program();
        let child = Command::new(&program)
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--port", &port.to_string()])
            .arg("--dir")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{program} cannot be started"))?;
        let mut server = Self { child, port, _folder: folder };
        let started = Instant::now();
        while server.connect().and_then(|mut redis| Ok(cmd("PING").exec(&mut redis)?)).is_err() {
            if let Some(ended) = server.child.try_wait()? {
                bail!("{program} ended at once, with {ended}");
            }
            if started.elapsed() > READY_WITHIN {
                bail!("{program} did not answer within {READY_WITHIN:?}");
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// A blocking connection without time-outs: nothing must be cut short by a busy machine.
    pub(crate) fn connect(&self) -> Result<Connection> {
        Ok(Client::open(self.url())?.get_connection()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // both fail only if it is gone already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Another program of the family can be measured by naming it, as in the tests.
fn program() -> String {
    std::env::var("DSM_TEST_REDIS").unwrap_or_else(|_| "redis-server".to_owned())
}

/// Its first line of `--version`.
pub(crate) fn version() -> Result<String> {
    let program = program();
    let output = Command::new(&program).arg("--version").output().with_context(|| format!("{program} --version"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    // Redis server v=7.0.15 sha=… malloc=…
    let version = text.split_whitespace().find_map(|word| word.strip_prefix("v=")).unwrap_or("of unknown version");
    Ok(format!("{program} {version}"))
}

/// The counters of INFO that a measurement is the difference of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counters {
    pub(crate) cpu_seconds: f64,
    /// With those that Lua scripts call.
    pub(crate) commands: f64,
    pub(crate) memory_bytes: f64,
}

impl Counters {
    pub(crate) fn read(redis: &mut Connection) -> Result<Self> {
        Self::parse(&cmd("INFO").query::<String>(redis)?)
    }

    pub(crate) fn parse(info: &str) -> Result<Self> {
        let value = |name: &str| -> Result<f64> {
            let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            Ok(line.with_context(|| format!("no {name} in INFO"))?.trim().parse()?)
        };
        Ok(Self {
            cpu_seconds: value("used_cpu_sys")? + value("used_cpu_user")?,
            commands: value("total_commands_processed")?,
            memory_bytes: value("used_memory")?,
        })
    }
}
