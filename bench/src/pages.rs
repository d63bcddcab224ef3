//! The console itself on a large installation: how long its pages take, what a tick sends to a browser, and what viewers
//! cost Redis.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use redis::{Client, aio::MultiplexedConnection};
use reqwest::header::ACCEPT;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    figures::{Section, Target, Wanted, quantile, short},
    installation, machine,
    server::{Counters, Server},
};

/// Requests for each page, one after the other.
const REQUESTS: usize = 200;
const VIEWERS: usize = 1_000;
/// How long viewers look while commands are counted.
const VIEW_FOR: Duration = Duration::from_secs(10);
/// A look and the next one, with room.
const TWO_LOOKS: Duration = Duration::from_millis(2_500);
const READY_WITHIN: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(crate) async fn run() -> Result<Section> {
    let server = Server::start()?;
    let mut redis = Client::open(server.url())?.get_multiplexed_async_connection().await?;
    installation::furnish(&mut redis).await?;
    let console = Console::start(&server)?;
    console.wait_until_it_has_looked().await?;
    let mut load = machine::Load::default();
    load.look();
    let mut section = Section::new("Pages", String::new(), &["what", "p50 ms", "p95 ms", "kB", "Redis commands/s"]);

    let (stream, group) = (installation::name(7), "group-3");
    let pages = [
        ("Overview, 10 000 groups", "/".to_owned()),
        ("Overview, its page 50", "/?page=50".to_owned()),
        ("Streams", "/streams".to_owned()),
        ("one group", format!("/streams/{stream}/groups/{group}")),
    ];
    let mut overview = None;
    for (what, path) in pages {
        let page = console.time(&path).await?;
        overview.get_or_insert(page.p95_ms);
        section.row([what.to_owned(), short(page.p50_ms), short(page.p95_ms), kilobytes(page.bytes), "-".to_owned()]);
    }

    installation::everybody_rests(&mut redis).await?;
    let mut whole = 0;
    for moved in [0, 1, 10, 100] {
        let tick = tick(&console, &mut redis, moved).await?;
        whole = tick.whole;
        let what = format!("a tick of the Overview, {moved} groups have moved");
        section.row([what, "-".to_owned(), "-".to_owned(), kilobytes(tick.bytes), "-".to_owned()]);
    }
    section.row(["the Overview whole".to_owned(), "-".to_owned(), "-".to_owned(), kilobytes(whole), "-".to_owned()]);

    let one = commands_per_second(&console, &server, 1).await?;
    load.look();
    let many = commands_per_second(&console, &server, VIEWERS).await?;
    load.look();
    for (viewers, commands) in [(1, one), (VIEWERS, many)] {
        let nothing = || "-".to_owned();
        section.row([format!("live connections: {viewers}"), nothing(), nothing(), nothing(), short(commands)]);
    }
    section.method = format!(
        "The program in its release build on {} streams of {} groups of {} consumers, SQLite, {REQUESTS} requests for each page, \
         one after the other; times are of the whole request. For the ticks all groups have read everything, then some are \
         moved. Viewers look for {} s. {load}",
        installation::STREAMS,
        installation::GROUPS,
        installation::CONSUMERS,
        VIEW_FOR.as_secs(),
    );
    section.targets.push(Target::new("Overview, p95 ms", Wanted::AtMost(50.0), overview));
    let ratio = (many / one - 1.0).abs() * 100.0;
    let what = format!("commands with {VIEWERS} viewers differ from those with one, %");
    section.targets.push(Target::new(what, Wanted::AtMost(5.0), Some(ratio)));
    Ok(section)
}

/// What a tick sends.
struct Tick {
    bytes: usize,
    /// What the whole page is.
    whole: usize,
}

/// The page is there, so many groups move, and it is brought up to date.
async fn tick(console: &Console, redis: &mut MultiplexedConnection, moved: usize) -> Result<Tick> {
    tokio::time::sleep(TWO_LOOKS).await;
    let whole = console.page("/", Some("")).await?;
    let versions: Vec<&str> = whole.split(" data-v=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    installation::some_fall_behind(redis, moved).await?;
    tokio::time::sleep(TWO_LOOKS).await;
    let short = console.page("/", Some(&versions.join(" "))).await?;
    installation::everybody_rests(redis).await?;
    Ok(Tick { bytes: short.len(), whole: whole.len() })
}

async fn commands_per_second(console: &Console, server: &Server, viewers: usize) -> Result<f64> {
    let mut watching = JoinSet::new();
    for _ in 0..viewers {
        let mut connection = TcpStream::connect(&console.address).await?;
        let head =
            format!("GET /api/console/live HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n\r\n", console.address);
        connection.write_all(head.as_bytes()).await?;
        watching.spawn(async move {
            let mut read = [0; 1024];
            while connection.read(&mut read).await.is_ok_and(|length| length > 0) {}
        });
    }
    tokio::time::sleep(TWO_LOOKS).await;
    let mut redis = server.connect()?;
    let (before, began) = (Counters::read(&mut redis)?, Instant::now());
    tokio::time::sleep(VIEW_FOR).await;
    let (after, took) = (Counters::read(&mut redis)?, began.elapsed());
    ensure!(watching.try_join_next().is_none(), "a live connection ended");
    Ok((after.commands - before.commands) / took.as_secs_f64())
}

fn kilobytes(bytes: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "pages are small")]
    short(bytes as f64 / 1_000.0)
}

struct Page {
    p50_ms: f64,
    p95_ms: f64,
    bytes: usize,
}

/// The program, as it is shipped but without the browser half. Ends with the value.
struct Console {
    child: Child,
    address: String,
    http: reqwest::Client,
    _folder: TempDir,
}

impl Console {
    fn start(server: &Server) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bench-console-").tempdir()?;
        let site = folder.path().join("site");
        std::fs::create_dir_all(site.join("pkg"))?;
        let program = program()?;
        let mut child = Command::new(&program)
            .args(["serve", "--listen", "127.0.0.1:0", "--redis-url", &server.url()])
            .arg("--data")
            .arg(folder.path().join("data"))
            .arg("--site")
            .arg(site)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let mut lines = BufReader::new(child.stdout.take().context("its output is a pipe")?).lines();
        let address = lines.find_map(|line| line.ok()?.strip_prefix("listening on http://").map(str::to_owned));
        let address = address.with_context(|| format!("{} ended at once", program.display()))?;
        Ok(Self { child, address, http: reqwest::Client::new(), _folder: folder })
    }

    async fn page(&self, path: &str, have: Option<&str>) -> Result<String> {
        let mut request = self.http.get(format!("http://{}{path}", self.address)).header(ACCEPT, "text/html");
        if let Some(have) = have {
            request = request.header("x-have", have);
        }
        Ok(request.send().await?.error_for_status()?.text().await?)
    }

    async fn wait_until_it_has_looked(&self) -> Result<()> {
        let began = Instant::now();
        while !self.page("/", None).await?.contains(&installation::name(0)) {
            ensure!(began.elapsed() < READY_WITHIN, "the console has not seen the streams within {READY_WITHIN:?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    async fn time(&self, path: &str) -> Result<Page> {
        let (mut took, mut bytes) = (Vec::with_capacity(REQUESTS), 0);
        for _ in 0..REQUESTS {
            let asked = Instant::now();
            bytes = self.page(path, None).await?.len();
            took.push(asked.elapsed().as_secs_f64() * 1_000.0);
        }
        took.sort_by(f64::total_cmp);
        Ok(Page { p50_ms: quantile(&took, 0.5), p95_ms: quantile(&took, 0.95), bytes })
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // both fail only if it is gone already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Built beside this one.
fn program() -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name("dsm-console");
    ensure!(program.exists(), "no dsm-console beside this program: `cargo build --release --package server`");
    Ok(program)
}
