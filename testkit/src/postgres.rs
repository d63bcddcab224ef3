//! A private PostgreSQL for one test process, an own database for each test, and a SQLite URL in a folder of its own.
//!
//! The server starts with the first test that wants it and stops when the process ends, however it ends: a small shell
//! holds the other end of a pipe and cleans up when that end closes.

use std::{
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Output, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context, bail};
use tempfile::TempDir;

/// Free ports are found by asking for one and giving it back, so another program may take it in between.
const START_ATTEMPTS: usize = 5;

/// A database of one test. It goes with the value: hundreds of them would fill a small disk.
pub struct Postgres {
    name: String,
    server: &'static Server,
}

impl Postgres {
    /// A new, empty database.
    pub async fn new() -> anyhow::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let made = name.clone();
        let server = tokio::task::spawn_blocking(move || {
            let server = Server::shared()?;
            server.sql("postgres", &format!("create database {made}"))?;
            anyhow::Ok(server)
        })
        .await??;
        Ok(Self { name, server })
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{}", self.server.port, self.name)
    }

    /// The database goes away: connections break, new ones are refused.
    pub async fn cut(&self) -> anyhow::Result<()> {
        self.sql(format!("alter database {} allow_connections false", self.name)).await?;
        self.sql(format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}'", self.name))
            .await
    }

    /// The database is back, with everything that was committed.
    pub async fn restore(&self) -> anyhow::Result<()> {
        self.sql(format!("alter database {} allow_connections true", self.name)).await
    }

    async fn sql(&self, statement: String) -> anyhow::Result<()> {
        let server = self.server;
        tokio::task::spawn_blocking(move || server.sql("postgres", &statement)).await?
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // connections of the test may still be open; a failure to drop is no failure of the test
        let _ = self.server.sql("postgres", &format!("drop database {} with (force)", self.name));
    }
}

/// A SQLite database in a folder that goes when this does.
pub struct Sqlite {
    folder: TempDir,
}

impl Sqlite {
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { folder: tempfile::tempdir()? })
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn url(&self) -> String {
        format!("sqlite://{}/test.db?mode=rwc", self.folder.path().display())
    }
}

struct Server {
    programs: PathBuf,
    port: u16,
    /// Closes when this process ends, which is what the watchdog waits for.
    _watchdog: Mutex<ChildStdin>,
}

impl Server {
    fn shared() -> anyhow::Result<&'static Self> {
        static SHARED: OnceLock<Result<Server, String>> = OnceLock::new();
        match SHARED.get_or_init(|| Self::start().map_err(|error| format!("{error:#}"))) {
            Ok(server) => Ok(server),
            Err(error) => bail!("no PostgreSQL for tests: {error}"),
        }
    }

    fn start() -> anyhow::Result<Self> {
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("dsm-postgres-").tempdir()?;
        let path = folder.path().to_owned();
        if is_root() {
            // the server refuses to run as root, so the folder goes to the user that Debian made for it
            run(Command::new("chown").arg("postgres").arg(&path))?;
        }
        let data = path.join("data");
        run(as_server_user(&programs.join("initdb"), &path)
            .args(["--auth=trust", "--no-sync", "--username=postgres", "--encoding=UTF8", "--locale=C", "-D"])
            .arg(&data))?;
        let port = start_on_a_free_port(&programs, &path, &data)?;
        let watchdog = watchdog(&programs, &path, &data)?;
        // from here on the watchdog removes it
        let _ = folder.keep();
        Ok(Self { programs, port, _watchdog: Mutex::new(watchdog) })
    }

    fn sql(&self, database: &str, statement: &str) -> anyhow::Result<()> {
        run(Command::new(self.programs.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--host=127.0.0.1", "--username=postgres", "--set=ON_ERROR_STOP=1"])
            .arg(format!("--port={}", self.port))
            .arg(format!("--dbname={database}"))
            .arg(format!("--command={statement}")))
        .map(drop)
    }
}

fn start_on_a_free_port(programs: &Path, path: &Path, data: &Path) -> anyhow::Result<u16> {
    let mut last = None;
    for _ in 0..START_ATTEMPTS {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        // nothing here must survive a power cut
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=off \
             -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=32MB",
            path.display()
        );
        let started = run(as_server_user(&programs.join("pg_ctl"), path)
            .args(["start", "--wait", "--silent", "-D"])
            .arg(data)
            .arg("-l")
            .arg(path.join("log"))
            .args(["-o", &options]));
        match started {
            Ok(_) => return Ok(port),
            Err(error) => last = Some(error),
        }
    }
    Err(last.expect("at least one attempt was made"))
}

/// Stops the server and removes its folder when our end of its standard input closes.
fn watchdog(programs: &Path, path: &Path, data: &Path) -> anyhow::Result<ChildStdin> {
    let script = r#"read -r _; "$@" >/dev/null 2>&1; rm -rf "$0""#;
    let stop = as_server_user(&programs.join("pg_ctl"), path);
    let mut child = Command::new("sh")
        .args(["-c", script])
        .arg(path)
        .arg(stop.get_program())
        .args(stop.get_args())
        .args(["stop", "--silent", "--mode=immediate", "-D"])
        .arg(data)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // an interrupt from the terminal goes to the tests' group; the watchdog must outlive it
        .process_group(0)
        .spawn()
        .context("sh")?;
    child.stdin.take().context("the watchdog's standard input")
}

/// The newest PostgreSQL that Debian, Fedora or Homebrew put somewhere, or the one on the path.
fn programs() -> anyhow::Result<PathBuf> {
    let version = |path: &Path| -> u32 {
        path.parent().and_then(Path::file_name).and_then(|v| v.to_str()).and_then(|v| v.parse().ok()).unwrap_or(0)
    };
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = debian
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .max_by_key(|bin| version(bin));
    if let Some(bin) = newest {
        return Ok(bin);
    }
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&on_path)
        .find(|folder| folder.join("initdb").exists())
        .context("initdb was not found; install PostgreSQL (Debian: apt install postgresql)")
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// A command run by a user that the server accepts. It starts in a folder that user may enter.
fn as_server_user(program: &Path, folder: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir(folder);
    command
}

fn run(command: &mut Command) -> anyhow::Result<Output> {
    // a server that keeps our standard output open would keep the test runner waiting for its end
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(output)
}
