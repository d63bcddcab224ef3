//! What our user may do on a server, found out without doing any of it.
//!
//! A command that is queued in a transaction is checked for permission at once (Redis 7.0 `processCommand`: the check of
//! the access list stands before the queue). The transaction is then discarded: nothing is ever run, neither MONITOR nor
//! `INFO commandstats` shows a write. ACL DRYRUN would say the same, but lets its caller ask about every other user too.

use std::time::Duration;

use domain::connection::{Rights, needs};
use redis::{Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value, aio::MultiplexedConnection};

use crate::{Error, Redis, error::first_refusal, keys};

/// Asks on a connection of its own: a transaction that could not be discarded would hold up everybody else. `stream` is
/// the key that is asked about; with a pattern of keys in the access list others may be allowed and this one not.
pub async fn rights(redis: &Redis, stream: &str) -> Result<Rights, Error> {
    let (mut connection, _) = redis.dedicated(stream, Duration::ZERO).await?;
    let user = whoami(&mut connection).await?;
    // the one that ends it first: where that is refused, it is not begun
    for word in ["DISCARD", "MULTI"] {
        let answer: RedisResult<Value> = redis::cmd(word).query_async(&mut connection).await;
        if answer.as_ref().is_err_and(is_refused) {
            let name = user.as_deref().unwrap_or("the user");
            let why = format!("it may not ask: ACL SETUSER {name} +multi +discard");
            return Ok(Rights { user, ..Rights::unknown(why) });
        }
        if word == "MULTI" {
            let _: Value = answer?;
        }
    }
    let mut rights = Rights { user, ..Rights::default() };
    let asked: Vec<&str> = needs::WATCH.iter().chain(needs::OPERATE).copied().collect();
    let mut questions = redis::pipe();
    questions.ignore_errors();
    for command in &asked {
        questions.add_command(asking(command, stream));
    }
    questions.cmd("DISCARD");
    let answers: Vec<RedisResult<Value>> = questions.query_async(&mut connection).await?;
    for (command, answer) in asked.into_iter().zip(answers) {
        let Err(error) = answer else { continue };
        if !is_refused(&error) {
            // not now, or not here: a replica, a server that is loading, a node that has not this key
            continue;
        }
        if is_about_keys(&error) {
            rights.keys_refused |= needs::OPERATE.contains(&command);
        } else {
            rights.refused.push(command.to_owned());
        }
    }
    Ok(rights)
}

/// Who we are; `None` where that may not be asked.
async fn whoami(connection: &mut MultiplexedConnection) -> Result<Option<String>, Error> {
    match redis::cmd("ACL").arg("WHOAMI").query_async(connection).await {
        Ok(user) => Ok(Some(user)),
        Err(error) if is_lost(&error) => Err(error.into()),
        Err(_) => Ok(None),
    }
}

/// A command as it would be sent, with arguments under which it would find nothing to change.
fn asking(command: &str, stream: &str) -> Cmd {
    let mut words = command.split('|');
    let mut cmd = redis::cmd(&words.next().unwrap_or_default().to_ascii_uppercase());
    if let Some(sub) = words.next() {
        cmd.arg(sub.to_ascii_uppercase());
    }
    let arguments: &[&str] = match command {
        "info" => &["server"],
        "time" => return cmd,
        "scan" => &["0", "COUNT", "1"],
        "script|load" => &["return 1"],
        "evalsha" => {
            // a script is checked by the keys that it is given
            cmd.arg("0000000000000000000000000000000000000000").arg(1).arg(stream);
            return cmd;
        }
        "zrevrangebyscore" | "zcount" | "getrange" => {
            cmd.arg(keys::HEARTBEATS).arg(0).arg(0);
            return cmd;
        }
        "xinfo|consumers" | "xpending" | "xgroup|destroy" => &["", "nobody"],
        "xrange" | "xrevrange" => &["", "0-1", "0-1"],
        "xack" | "xgroup|setid" => &["", "nobody", "0-1"],
        "xadd" => &["", "NOMKSTREAM", "0-1", "field", "value"],
        "xclaim" => &["", "nobody", "nobody", "0", "0-1"],
        "xdel" => &["", "0-1"],
        "xtrim" => &["", "MINID", "0-1"],
        // no id: were it run, it would be refused
        "xgroup|create" => &["", "nobody", "nowhere"],
        "xgroup|delconsumer" => &["", "nobody", "nobody"],
        "hget" => &["", "nothing"],
        "hset" => &["", "nothing", "nothing"],
        // no time: were it run, it would be refused
        "pexpire" => &["", "never"],
        _ => &[""],
    };
    for argument in arguments {
        cmd.arg(if argument.is_empty() { stream } else { argument });
    }
    cmd
}

fn is_refused(error: &RedisError) -> bool {
    error.kind() == ErrorKind::from(ServerErrorKind::NoPerm)
}

/// Whether it is the key that may not be touched, and not the command that may not be run.
fn is_about_keys(error: &RedisError) -> bool {
    let refusal = first_refusal(error);
    let detail = refusal.as_ref().and_then(redis::ServerError::details).or_else(|| error.detail());
    detail.is_some_and(|detail| detail.contains("key"))
}

fn is_lost(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error() || error.is_timeout()
}
