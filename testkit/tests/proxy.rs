//! The proxy breaks connections as networks do, and in no other way.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

use std::time::{Duration, Instant};

use testkit::{proxy::Proxy, redis::Server, wait};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A server behind a proxy, and a connection through it.
async fn room() -> (Server, Proxy, TcpStream) {
    let server = Server::start().await;
    let proxy = Proxy::start(&server.url()).await;
    let connection = connect(&proxy).await;
    (server, proxy, connection)
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.url().strip_prefix("redis://").unwrap()).await.unwrap()
}

/// Sends a command and gives the reply's line; `None` when the connection ends before.
async fn ask(connection: &mut TcpStream, command: &str) -> Option<String> {
    connection.write_all(format!("{command}\r\n").as_bytes()).await.ok()?;
    reply(connection).await
}

async fn reply(connection: &mut TcpStream) -> Option<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(connection.read_u8().await.ok()?);
    }
    Some(String::from_utf8(line).unwrap().trim_end().to_owned())
}

/// The value of a counter, asked past the proxy's faults.
async fn counter(server: &Server) -> Option<u64> {
    let proxy = Proxy::start(&server.url()).await;
    let mut connection = connect(&proxy).await;
    ask(&mut connection, "INCRBY n 0").await?.strip_prefix(':')?.parse().ok()
}

#[tokio::test]
async fn what_is_cut_ends_and_new_connections_pass() {
    let (_server, proxy, mut connection) = room().await;
    assert_eq!(ask(&mut connection, "PING").await.unwrap(), "+PONG");
    proxy.cut();
    assert_eq!(reply(&mut connection).await, None);
    assert_eq!(ask(&mut connect(&proxy).await, "PING").await.unwrap(), "+PONG");
}

#[tokio::test]
async fn a_request_whose_reply_is_swallowed_takes_effect_and_its_connection_never_answers_again() {
    let (server, proxy, mut connection) = room().await;
    proxy.swallow_replies(true);
    connection.write_all(b"INCR n\r\n").await.unwrap();
    wait::until("the effect", async || (counter(&server).await == Some(1)).then_some(())).await;
    connection.write_all(b"INCR n\r\n").await.unwrap();
    wait::until("the second effect", async || (counter(&server).await == Some(2)).then_some(())).await;
    proxy.swallow_replies(false);
    assert_eq!(reply(&mut connection).await, None, "a reply after a gap would be taken for that of another request");
    assert_eq!(ask(&mut connect(&proxy).await, "INCR n").await.unwrap(), ":3");
}

#[tokio::test]
async fn a_reply_that_is_on_its_way_when_the_swallowing_ends_is_lost_as_well() {
    let (server, proxy, mut connection) = room().await;
    proxy.swallow_replies(true);
    // the reply is still on its way when its effect is seen
    proxy.delay(Duration::from_millis(100));
    connection.write_all(b"INCR n\r\n").await.unwrap();
    wait::until("the effect", async || (counter(&server).await == Some(1)).then_some(())).await;
    proxy.swallow_replies(false);
    assert_eq!(reply(&mut connection).await, None);
}

#[tokio::test]
async fn the_reply_to_one_request_can_be_swallowed_while_all_others_pass() {
    let (server, proxy, mut connection) = room().await;
    let mut other = connect(&proxy).await;
    proxy.swallow_reply_to(Some("INCR n"));
    assert_eq!(ask(&mut connection, "PING").await.unwrap(), "+PONG");
    connection.write_all(b"INCR n\r\n").await.unwrap();
    wait::until("the effect", async || (counter(&server).await == Some(1)).then_some(())).await;
    assert_eq!(ask(&mut other, "PING").await.unwrap(), "+PONG");
    connection.write_all(b"PING\r\n").await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(100), reply(&mut connection)).await.is_err(), "after a gap");
    proxy.swallow_reply_to(None);
    assert_eq!(reply(&mut connection).await, None);
    assert_eq!(ask(&mut connect(&proxy).await, "INCR n").await.unwrap(), ":2");
}

#[tokio::test]
async fn a_half_open_connection_takes_everything_and_passes_nothing() {
    let (server, proxy, mut connection) = room().await;
    proxy.half_open(true);
    connection.write_all(b"INCR n\r\n").await.unwrap();
    let mut other = connect(&proxy).await;
    other.write_all(b"INCR n\r\n").await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(100), reply(&mut connection)).await.is_err(), "it stays open");
    assert_eq!(counter(&server).await, Some(0));
    proxy.half_open(false);
    assert_eq!((reply(&mut connection).await, reply(&mut other).await), (None, None));
    assert_eq!(ask(&mut connect(&proxy).await, "INCR n").await.unwrap(), ":1");
}

#[tokio::test]
async fn a_delay_holds_up_both_ways_until_it_is_taken_away() {
    let (_server, proxy, mut connection) = room().await;
    proxy.delay(Duration::from_millis(50));
    let asked = Instant::now();
    assert_eq!(ask(&mut connection, "PING").await.unwrap(), "+PONG");
    assert!(asked.elapsed() >= Duration::from_millis(100));
    proxy.delay(Duration::ZERO);
    assert_eq!(ask(&mut connection, "PING").await.unwrap(), "+PONG");
}

#[tokio::test]
async fn connections_end_with_the_server_and_with_the_proxy_and_find_the_server_again() {
    let (mut server, proxy, mut connection) = room().await;
    server.kill();
    assert_eq!(reply(&mut connection).await, None);
    assert_eq!(reply(&mut connect(&proxy).await).await, None, "nobody is there");
    server.start_again().await;
    let mut connection = connect(&proxy).await;
    assert_eq!(ask(&mut connection, "PING").await.unwrap(), "+PONG");
    drop(proxy);
    assert_eq!(reply(&mut connection).await, None);
}

#[tokio::test]
async fn the_url_keeps_everything_but_the_address() {
    let proxy = Proxy::start("postgres://user:word@127.0.0.1:5432/name?option=1").await;
    assert!(proxy.url().starts_with("postgres://user:word@127.0.0.1:") && proxy.url().ends_with("/name?option=1"));
    assert!(!proxy.url().contains(":5432"));
}
