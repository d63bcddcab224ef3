//! A private Redis for people who have none: a child process on a unix socket in the data folder, with its append-only
//! file there.
//!
//! The child dies with us, even when we are killed: a small shell stands between, which ends Redis when the pipe to us
//! closes. Should a Redis of an earlier life of this folder still run (the shell was killed too), it is ended in an
//! orderly way and replaced; a lock on the folder makes sure that it is not the Redis of another running program.

use std::{
    env,
    fs::{File, TryLockError},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use sha2::{Digest, Sha256};
use tokio::{
    process::{Child, ChildStdin, Command},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{Backoff, Error, Redis, dead_letter::record::hex};

/// A large append-only file takes its time to load.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// Redis needs this long at most to write its file and go.
const GONE_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Paths of unix sockets are limited to 104 bytes (macOS; Linux: 108), with the closing zero.
const SOCKET_PATH_BYTES: usize = 100;

/// Runs `"$@"` until it ends or standard input closes. The watcher gets the pipe as descriptor 3, because a shell gives
/// its background jobs an empty standard input. A Redis that hangs is killed after 8 s.
const GUARD: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
( read -r _ <&3; kill -TERM "$server"; sleep 8; kill -KILL "$server" ) &
watcher=$!
wait "$server"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
"#;

/// The child process. Stops when dropped.
pub struct EmbeddedRedis {
    program: PathBuf,
    folder: PathBuf,
    socket: PathBuf,
    child: Child,
    /// Closing it ends the child. Kept out of [`Child`], whose `wait` would close it at once.
    pipe: Option<ChildStdin>,
    _lock: File,
}

impl EmbeddedRedis {
    /// Starts Redis in `dir` (made if it is missing) and waits until it answers.
    pub async fn start(dir: &Path) -> Result<Self, Error> {
        let program = ["redis-server", "valkey-server"].into_iter().find_map(in_path).ok_or_else(|| {
            Error::Refused(
                "neither redis-server nor valkey-server is in PATH; install it (Debian, Ubuntu: apt install \
                 redis-server · Fedora: dnf install valkey · Arch: pacman -S valkey · macOS: brew install redis) or set \
                 REDIS_URL"
                    .to_owned(),
            )
        })?;
        let refuse = |cause: std::io::Error| Error::Refused(format!("cannot use {}: {cause}", dir.display()));
        std::fs::create_dir_all(dir).map_err(refuse)?;
        let folder = dir.canonicalize().map_err(refuse)?;
        let lock = File::create(folder.join("redis.lock")).map_err(refuse)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Refused(format!("another dsm-console is running on {}", folder.display())));
            }
            Err(TryLockError::Error(cause)) => return Err(refuse(cause)),
        }
        let socket = socket_path(&folder);
        end_leftover(&folder, &socket).await?;
        let (child, pipe) = spawn(&program, &folder, &socket).map_err(refuse)?;
        let mut embedded = Self { program, folder, socket, child, pipe, _lock: lock };
        embedded.ready().await?;
        Ok(embedded)
    }

    pub fn url(&self) -> String {
        url(&self.socket)
    }

    /// Keeps it running until `stop`, then ends it in an orderly way.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut failures = 0;
        loop {
            let started = Instant::now();
            tokio::select! {
                ended = self.child.wait() => {
                    let status = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                    tracing::error!(status, "the embedded redis ended by itself and is started again");
                }
                () = stop.cancelled() => break,
            }
            failures = if started.elapsed() > READY_WITHIN { 1 } else { failures + 1 };
            tokio::select! {
                () = sleep(Backoff::RECONNECT.wait(failures)) => {}
                () = stop.cancelled() => break,
            }
            match spawn(&self.program, &self.folder, &self.socket) {
                Ok((child, pipe)) => (self.child, self.pipe) = (child, pipe),
                Err(error) => tracing::error!(%error, "the embedded redis could not be started"),
            }
        }
        // closing the pipe is the signal to go
        drop(self.pipe.take());
        if timeout(GONE_WITHIN, self.child.wait()).await.is_err() {
            tracing::warn!("the embedded redis did not end in time and is killed");
            let _ = self.child.kill().await;
        }
    }

    async fn ready(&mut self) -> Result<(), Error> {
        let redis = Redis::new(&self.url())?;
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if redis.ping().await.is_ok() {
                return Ok(());
            }
            let ended = self.child.try_wait().ok().flatten();
            if ended.is_some() || Instant::now() > deadline {
                let log = std::fs::read_to_string(self.folder.join("redis.log")).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(5).collect();
                let tail = tail.into_iter().rev().collect::<Vec<_>>().join(" | ");
                return Err(Error::Unavailable(format!("{} did not start: {tail}", self.program.display())));
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

fn spawn(program: &Path, folder: &Path, socket: &Path) -> std::io::Result<(Child, Option<ChildStdin>)> {
    let mut command = Command::new("sh");
    command.args(["-c", GUARD, "redis-guard"]).arg(program);
    // no port: nobody but this user can reach it; never evict (F8); the file is all the persistence it needs
    command.args(["--port", "0", "--unixsocketperm", "700", "--save", "", "--maxmemory-policy", "noeviction"]);
    command.args(["--appendonly", "yes", "--appendfsync", "everysec", "--daemonize", "no"]);
    command.arg("--unixsocket").arg(socket).arg("--dir").arg(folder).args(["--logfile", "redis.log"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // a group of its own: Ctrl-C in a terminal must not end Redis before we have drained
    let mut child = command.process_group(0).spawn()?;
    let pipe = child.stdin.take();
    Ok((child, pipe))
}

/// Ends a Redis of an earlier life of this folder, and removes the socket of a dead one.
async fn end_leftover(folder: &Path, socket: &Path) -> Result<(), Error> {
    if !socket.exists() {
        return Ok(());
    }
    let redis = Redis::new(&url(socket))?;
    let asked: Result<Vec<String>, Error> = redis.query(redis::cmd("CONFIG").arg("GET").arg("dir")).await;
    match asked {
        Ok(answer) if answer.get(1).map(Path::new) == Some(folder) => {
            tracing::warn!("a redis of an earlier run is still there; it is replaced");
            // the answer to a shutdown is the end of the connection
            let _ = redis.query::<redis::Value>(&redis::cmd("SHUTDOWN")).await;
            let deadline = Instant::now() + GONE_WITHIN;
            while redis.ping().await.is_ok() && Instant::now() < deadline {
                sleep(LOOK_EVERY).await;
            }
        }
        Ok(_) => return Err(Error::Refused(format!("{} belongs to another redis", socket.display()))),
        Err(_) => {}
    }
    let _ = std::fs::remove_file(socket);
    Ok(())
}

/// In the folder itself; where that path is too long for a socket, in the folder for temporary files.
fn socket_path(folder: &Path) -> PathBuf {
    let socket = folder.join("redis.sock");
    if socket.as_os_str().len() <= SOCKET_PATH_BYTES {
        return socket;
    }
    let mut name = hex(&Sha256::digest(folder.as_os_str().as_encoded_bytes()));
    name.truncate(16);
    env::temp_dir().join(format!("dsm-console-{name}.sock"))
}

fn url(socket: &Path) -> String {
    format!("unix://{}", socket.display())
}

fn in_path(name: &str) -> Option<PathBuf> {
    let executable =
        |path: &PathBuf| path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(executable)
}
