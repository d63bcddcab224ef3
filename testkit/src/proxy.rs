//! A network between a client and a server that can be cut, swallow and delay.
//!
//! It never gives a client what no network could: a connection that lost bytes passes nothing more, and is closed when
//! the swallowing ends. A reply is thus never taken for that of another request.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    task::JoinHandle,
};

/// Bytes that are carried at once.
const CHUNK: usize = 64 * 1024;

/// A proxy on a loopback port. Its connections end with it.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    weather: watch::Sender<Weather>,
    serving: JoinHandle<()>,
}

/// What happens to bytes right now.
#[derive(Debug, Clone, Copy, Default)]
struct Weather {
    /// How often all connections were cut.
    cuts: u64,
    swallows_requests: bool,
    swallows_replies: bool,
    /// Bytes of a request after which its connection brings no reply any more.
    fatal: Option<&'static str>,
    delay: Duration,
}

#[derive(Debug, Clone, Copy)]
enum Direction {
    Request,
    Reply,
}

#[derive(Debug, Clone)]
enum Target {
    Unix(PathBuf),
    /// Host and port.
    Tcp(String),
}

impl Proxy {
    /// A proxy in front of what listens at this URL: `unix:///path`, `redis://host:port`, `postgres://user@host:port/name`.
    /// The target may be away: then connections are closed as soon as they are made.
    pub async fn start(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (target, url) = resolve(target, address);
        let (weather, felt) = watch::channel(Weather::default());
        let serving = tokio::spawn(serve(listener, target, felt));
        Self { url, weather, serving }
    }

    /// The target's URL with the proxy's address.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Closes every connection now; new ones pass.
    pub fn cut(&self) {
        self.weather.send_modify(|weather| weather.cuts += 1);
    }

    /// Requests arrive and take effect, replies are lost. Ends by closing every connection: the reply to what has taken
    /// effect may still be on its way here, and is lost as well.
    pub fn swallow_replies(&self, on: bool) {
        self.weather.send_modify(|weather| {
            weather.swallows_replies = on;
            weather.cuts += u64::from(!on);
        });
    }

    /// A request with this text in it takes effect, and its connection brings no reply from then on; all others pass. `None`
    /// closes every connection, as above.
    pub fn swallow_reply_to(&self, text: Option<&'static str>) {
        self.weather.send_modify(|weather| {
            weather.fatal = text;
            weather.cuts += u64::from(text.is_none());
        });
    }

    /// Connections stay open, and new ones can be made, but nothing arrives on either side. Ends by closing those that
    /// lost something.
    pub fn half_open(&self, on: bool) {
        self.weather.send_modify(|weather| (weather.swallows_requests, weather.swallows_replies) = (on, on));
    }

    /// Each piece of data takes this much longer, in each direction.
    pub fn delay(&self, delay: Duration) {
        self.weather.send_modify(|weather| weather.delay = delay);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // connections end by themselves: their `weather` has lost its sender
        self.serving.abort();
    }
}

/// What to connect to, and the same URL with our address in its place.
fn resolve(url: &str, ours: SocketAddr) -> (Target, String) {
    if let Some(path) = url.strip_prefix("unix://") {
        return (Target::Unix(path.into()), format!("redis://{ours}"));
    }
    let (scheme, rest) = url.split_once("://").unwrap_or_else(|| panic!("{url} is no URL"));
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (user, host) = authority.rfind('@').map_or(("", authority), |at| authority.split_at(at + 1));
    (Target::Tcp(host.to_owned()), format!("{scheme}://{user}{ours}{path}"))
}

async fn serve(listener: TcpListener, target: Target, weather: watch::Receiver<Weather>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(connect(client, target.clone(), weather.clone()));
    }
}

async fn connect(client: TcpStream, target: Target, weather: watch::Receiver<Weather>) {
    // small commands must not wait for their neighbours; a failure only makes it slow
    let _ = client.set_nodelay(true);
    match target {
        Target::Unix(path) => {
            if let Ok(server) = UnixStream::connect(path).await {
                carry(client, server, weather).await;
            }
        }
        Target::Tcp(host) => {
            if let Ok(server) = TcpStream::connect(host).await {
                let _ = server.set_nodelay(true);
                carry(client, server, weather).await;
            }
        }
    }
}

/// Carries bytes until one side ends, the connection is cut, or it cannot be mended; then both sides are closed.
async fn carry<S: AsyncRead + AsyncWrite>(client: TcpStream, server: S, weather: watch::Receiver<Weather>) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = tokio::io::split(server);
    let mut changes = weather.clone();
    let cuts = changes.borrow().cuts;
    let silent = AtomicBool::new(false);
    tokio::select! {
        // an error means that the proxy is gone
        _ = changes.wait_for(|weather| weather.cuts != cuts) => {}
        () = pump(Direction::Request, from_client, to_server, weather.clone(), cuts, &silent) => {}
        () = pump(Direction::Reply, from_server, to_client, weather.clone(), cuts, &silent) => {}
    }
}

/// Carries bytes one way while there were no more than so many `cuts`, and replies until the connection is `silent`.
async fn pump(
    direction: Direction,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut weather: watch::Receiver<Weather>,
    cuts: u64,
    silent: &AtomicBool,
) {
    let swallows = |weather: &Weather| match direction {
        Direction::Request => weather.swallows_requests,
        Direction::Reply => weather.swallows_replies || silent.load(Relaxed),
    };
    let mut buffer = vec![0; CHUNK];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else { return };
        let delay = weather.borrow().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let felt = *weather.borrow_and_update();
        if felt.cuts != cuts {
            return;
        }
        if swallows(&felt) {
            // silent from here on, whatever comes: what follows a gap must not arrive
            let _ = weather.wait_for(|weather| weather.cuts != cuts || !swallows(weather)).await;
            return;
        }
        if let (Direction::Request, Some(fatal)) = (direction, felt.fatal)
            && buffer[..read].windows(fatal.len()).any(|bytes| bytes == fatal.as_bytes())
        {
            silent.store(true, Relaxed);
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
