//! prometheus-redis-exporter, as Debian ships it, told to export every stream.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{programs, server::Server};

const READY_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Ends with the value.
pub(crate) struct Exporter {
    child: Child,
    address: String,
}

impl Exporter {
    pub(crate) fn start(server: &Server) -> Result<Self> {
        let address = format!("127.0.0.1:{}", TcpListener::bind("127.0.0.1:0")?.local_addr()?.port());
        let program = programs::environments().join("exporter/usr/bin/prometheus-redis-exporter");
        let child = Command::new(&program)
            .args(["-redis.addr", &server.url(), "-check-streams", "stream-*"])
            .args(["-check-keys-batch-size", "1000", "-web.listen-address", &address])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let mut exporter = Self { child, address };
        let started = Instant::now();
        while std::net::TcpStream::connect(&exporter.address).is_err() {
            ensure!(exporter.child.try_wait()?.is_none(), "it ended at once");
            ensure!(started.elapsed() < READY_WITHIN, "it did not answer within {READY_WITHIN:?}");
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(exporter)
    }

    /// One sample: Redis is asked when it is scraped.
    pub(crate) async fn scrape(&self) -> Result<()> {
        let mut connection = TcpStream::connect(&self.address).await?;
        connection.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await?;
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await?;
        ensure!(answer.starts_with(b"HTTP/1.0 200"), "the exporter refused");
        ensure!(answer.windows(28).any(|part| part == b"redis_stream_group_consumers"), "no streams were exported");
        Ok(())
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // both fail only if it is gone already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
