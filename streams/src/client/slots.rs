//! What redis-rs leaves to its callers in a cluster: pipelines over several slots, transactions whose slot has moved, and
//! which node has what.

use std::collections::HashMap;

use futures::future::join_all;
use redis::{
    Arg, Cmd, ErrorKind, Pipeline, RedisError, RedisResult, ServerErrorKind, Value,
    aio::ConnectionLike,
    cluster_async::ClusterConnection,
    cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, Slot, SlotAddr},
};

use super::door::Node;
use crate::{Error, reply};

/// Redirections followed before the caller is told to try again later: one for each move, and moves are rare.
pub(super) const REDIRECTIONS: u32 = 3;

/// Sends each command of a pipeline to the node that has its key, all slots at the same time, and gives the answers in
/// the order of the commands.
pub(super) async fn split(connection: &ClusterConnection, pipeline: &Pipeline) -> RedisResult<Vec<Value>> {
    let mut by_slot: HashMap<Slot, (Pipeline, Vec<usize>)> = HashMap::new();
    for (place, command) in pipeline.cmd_iter().enumerate() {
        let (part, places) = by_slot.entry(slot_of(command)?).or_insert_with(|| (Pipeline::new(), Vec::new()));
        part.add_command(command.clone());
        places.push(place);
    }
    let ask = |(slot, (part, places)): (Slot, (Pipeline, Vec<usize>))| {
        let mut connection = connection.clone();
        async move { (connection.route_pipeline(part, 0, places.len(), master_of(slot)).await, places) }
    };
    let mut answers: Vec<(usize, Value)> = Vec::with_capacity(pipeline.len());
    for (answer, places) in join_all(by_slot.into_iter().map(ask)).await {
        answers.extend(places.into_iter().zip(answer?));
    }
    answers.sort_unstable_by_key(|(place, _)| *place);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

/// Places of the streams that share a slot, in the order in which the slots appear.
pub(super) fn group(streams: impl Iterator<Item = impl AsRef<str>>) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Slot, Vec<usize>)> = Vec::new();
    for (place, stream) in streams.enumerate() {
        let slot = Slot::for_key(stream.as_ref());
        match groups.iter_mut().find(|(known, _)| *known == slot) {
            Some((_, places)) => places.push(place),
            None => groups.push((slot, vec![place])),
        }
    }
    groups.into_iter().map(|(_, places)| places).collect()
}

/// MULTI … EXEC, all of whose keys are in one slot. The redirection is inside what was refused, where redis-rs does not
/// look for it; nothing was done.
pub(super) async fn transaction(
    connection: &mut ClusterConnection,
    pipeline: &Pipeline,
    offset: usize,
    count: usize,
) -> RedisResult<Vec<Value>> {
    let mut redirections = 0;
    loop {
        let error = match connection.req_packed_commands(pipeline, offset, count).await {
            Err(error) if redirections < REDIRECTIONS => error,
            answer => return answer,
        };
        redirections += 1;
        match redirection(&error) {
            Some((ServerErrorKind::Ask, Some(node))) => return asking(connection, pipeline, &node).await,
            Some((ServerErrorKind::Moved, _)) => {
                // a single command is redirected, and after that redis-rs knows who has the slot
                let first = pipeline.cmd_iter().next().ok_or_else(|| error.clone())?;
                let mut look = redis::cmd("TYPE");
                look.arg(key_of(first)?);
                connection.route_command(look, RoutingInfo::SingleNode(master_of(slot_of(first)?))).await?;
            }
            _ => return Err(error),
        }
    }
}

/// A transaction on keys that have gone ahead of their slot.
async fn asking(connection: &mut ClusterConnection, pipeline: &Pipeline, to: &Node) -> RedisResult<Vec<Value>> {
    let mut whole = redis::pipe();
    // the node lets one command in after ASKING, and a transaction counts as one
    whole.cmd("ASKING").cmd("MULTI");
    for command in pipeline.cmd_iter() {
        whole.add_command(command.clone());
    }
    whole.cmd("EXEC");
    let before = whole.len() - 1;
    connection.route_pipeline(whole, before, 1, at(to)).await
}

/// Where the refused command of a transaction should have gone.
fn redirection(error: &RedisError) -> Option<(ServerErrorKind, Option<Node>)> {
    error.clone().into_server_errors()?.iter().find_map(|(_, refusal)| {
        let kind = refusal.kind().filter(|kind| matches!(kind, ServerErrorKind::Moved | ServerErrorKind::Ask))?;
        let place = refusal.details().and_then(|details| details.split_ascii_whitespace().nth(1));
        let node = place.and_then(|place| place.rsplit_once(':'));
        Some((kind, node.and_then(|(host, port)| Some(Node::new(host, port.parse().ok()?)))))
    })
}

/// Who has which slots, as the node that has `key` says (or any one, without a key); to be read by [`read_masters`].
pub(super) async fn ask_masters(connection: &mut ClusterConnection, key: Option<&str>) -> RedisResult<Value> {
    let route = key.map_or(SingleNodeRoutingInfo::Random, |key| master_of(Slot::for_key(key)));
    let mut slots = redis::cmd("CLUSTER");
    slots.arg("SLOTS");
    connection.route_command(slots, RoutingInfo::SingleNode(route)).await?.extract_error()
}

/// A node whose address the cluster does not know is taken to be behind `same_host`, as Redis asks of clients.
pub(super) fn read_masters(answer: Value, same_host: &str) -> Result<Vec<Master>, Error> {
    reply::items(answer)?.into_iter().map(|range| Master::read(range, same_host)).collect()
}

/// A node and some slots it has.
pub(super) struct Master {
    first: u16,
    last: u16,
    pub(super) node: Node,
}

impl Master {
    fn read(range: Value, same_host: &str) -> Result<Self, Error> {
        let parts = reply::items(range)?;
        let [first, last, node, ..] = parts.as_slice() else { return Err(reply::unexpected("not a range of slots")) };
        let (host, port) = match node.as_sequence() {
            Some([host, port, ..]) => (redis::from_redis_value_ref::<Option<String>>(host)?, port),
            _ => return Err(reply::unexpected("not a node")),
        };
        let host = host.filter(|host| !host.is_empty()).unwrap_or_else(|| same_host.to_owned());
        Ok(Self {
            first: redis::from_redis_value_ref(first)?,
            last: redis::from_redis_value_ref(last)?,
            node: Node::new(&host, redis::from_redis_value_ref(port)?),
        })
    }

    pub(super) fn has(&self, key: &str) -> bool {
        let wanted = Some(Slot::for_key(key));
        (self.first..=self.last).any(|slot| Slot::new(slot) == wanted)
    }
}

/// The master that has a slot, as far as redis-rs knows.
pub(super) fn master_of(slot: Slot) -> SingleNodeRoutingInfo {
    SingleNodeRoutingInfo::SpecificNode(Route::with_slot(slot, SlotAddr::Master))
}

pub(super) fn at(node: &Node) -> SingleNodeRoutingInfo {
    SingleNodeRoutingInfo::ByAddress { host: node.host().to_owned(), port: node.port() }
}

pub(super) fn slot_of(command: &Cmd) -> RedisResult<Slot> {
    key_of(command).map(Slot::for_key)
}

/// The key of a command, of those that this crate sends.
fn key_of(command: &Cmd) -> RedisResult<&[u8]> {
    let place = match name_of(command) {
        b"EVALSHA" => 3,
        b"XINFO" | b"XGROUP" | b"MEMORY" => 2,
        _ => 1,
    };
    match command.args_iter().nth(place) {
        Some(Arg::Simple(key)) => Ok(key),
        _ => Err((ErrorKind::Client, "a command without a key cannot be sent to its slot").into()),
    }
}

pub(super) fn name_of(command: &Cmd) -> &[u8] {
    match command.args_iter().next() {
        Some(Arg::Simple(name)) => name,
        _ => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys;

    #[test]
    fn the_key_of_a_command_is_found_where_redis_has_it() {
        for (words, key) in [
            ("XADD s * f v", "s"),
            ("XINFO GROUPS s", "s"),
            ("XGROUP CREATE s g 0", "s"),
            ("MEMORY USAGE s", "s"),
            ("EVALSHA abc 2 s {s}:dlq", "s"),
            ("XRANGE s - +", "s"),
        ] {
            let mut words = words.split(' ');
            let mut command = redis::cmd(words.next().expect("a name"));
            words.for_each(|word| {
                command.arg(word);
            });
            assert_eq!(key_of(&command), Ok(key.as_bytes()));
        }
        assert!(key_of(&redis::cmd("TIME")).is_err());
    }

    #[test]
    fn streams_of_one_slot_are_one_group_in_their_order() {
        assert_eq!(group(["a", "{b}x", "a", "b"].iter()), [vec![0, 2], vec![1, 3]]);
    }

    #[test]
    fn a_stream_and_its_dead_letters_have_one_slot() {
        for stream in ["dsm:events", "{orders}", "a{b}c", "x{y"] {
            let dead_letters = keys::dead_letter_stream(stream);
            assert_eq!(Slot::for_key(stream), Slot::for_key(&dead_letters), "{stream} and {dead_letters}");
        }
    }
}
