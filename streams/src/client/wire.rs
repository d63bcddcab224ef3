//! A way to ask very many questions: batch after batch, the next one on its way while an answer is read, and answers as
//! Redis wrote them.
//!
//! Where the server is reached by TCP or a socket of this machine, it is a connection of its own, to the very server that the
//! shared connection leads to. Through TLS, and in a cluster, where each question goes to another node, the shared connection
//! asks: one batch at a time.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use redis::{ConnectionAddr, ConnectionInfo, Pipeline, RedisResult, Value};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    time::timeout,
};

use super::{
    Redis,
    connect::{ANSWER_WITHIN, CONNECT_WITHIN},
    door::Connected,
};
use crate::{
    Error,
    reply::{
        raw::{self, Part, Reading},
        unexpected,
    },
    server::Server,
};

/// Batches that Redis has at once: one that it answers, and one so that it does not wait for us.
const AT_ONCE: usize = 2;
/// Room for what one read may bring.
const ROOM: usize = 64 * 1024;

/// The way, with what was asked on it and is not answered yet.
pub(crate) struct Wire {
    redis: Redis,
    straight: Option<Straight>,
    /// That no connection of its own could be made was told.
    is_told: bool,
    /// What is not sent yet.
    backlog: VecDeque<Batch>,
}

/// Questions that are sent at once, as Redis reads them.
#[derive(Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    commands: usize,
}

/// What Redis said to one batch.
pub(crate) struct Answers {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Why there is none at a place, where the shared connection was asked.
    failures: HashMap<usize, Error>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Stream for T {}

/// A connection of its own.
struct Straight {
    stream: Box<dyn Stream>,
    /// Where the shared connection led when this one was made.
    server: Arc<Server>,
    /// How many answers each batch still has to come.
    waiting: VecDeque<usize>,
    /// What has come and belongs to no whole batch yet.
    come: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(redis: &Redis) -> Self {
        Self { redis: redis.clone(), straight: None, is_told: false, backlog: VecDeque::new() }
    }

    /// Makes ready to ask. What was asked before and not answered is forgotten.
    pub(crate) async fn open(&mut self) -> Result<(), Error> {
        self.backlog.clear();
        let connected = self.redis.connected().await?;
        let leads_there = |straight: &Straight| {
            Arc::ptr_eq(&straight.server, &connected.server) && straight.waiting.is_empty() && straight.come.is_empty()
        };
        if let Some(straight) = self.straight.take_if(|straight| leads_there(straight))
            && let Some(straight) = straight.if_open()
        {
            self.straight = Some(straight);
            return Ok(());
        }
        self.straight = match Straight::beside(&connected).await {
            Ok(straight) => straight,
            Err(error) => {
                if !self.is_told {
                    tracing::warn!(%error, "no connection of its own for looking can be made; the shared one is asked");
                }
                self.is_told = true;
                return Ok(());
            }
        };
        self.is_told = false;
        Ok(())
    }

    /// Asks; the answers are received in the order of the questions. A batch without questions must not be asked.
    pub(crate) async fn ask(&mut self, batch: Batch) -> Result<(), Error> {
        self.backlog.push_back(batch);
        self.send().await
    }

    /// The answers to the first batch that has none yet. After an error everything that was asked is forgotten.
    pub(crate) async fn answers(&mut self) -> Result<Answers, Error> {
        let Some(straight) = &mut self.straight else {
            let pipeline = self.backlog.pop_front().unwrap_or_default().pipeline()?;
            return Ok(Answers::of(self.redis.pipeline::<Vec<RedisResult<Value>>>(&pipeline).await?));
        };
        match straight.answers().await {
            Ok(answers) => {
                self.send().await?;
                Ok(answers)
            }
            Err(error) => {
                self.straight = None;
                Err(error)
            }
        }
    }

    /// Sends on, as far as Redis has not enough to do.
    async fn send(&mut self) -> Result<(), Error> {
        while let Some(straight) = self.straight.as_mut().filter(|straight| straight.waiting.len() < AT_ONCE)
            && let Some(batch) = self.backlog.pop_front()
        {
            if let Err(error) = straight.send(&batch).await {
                self.straight = None;
                return Err(error);
            }
        }
        Ok(())
    }
}

impl Straight {
    /// To the server that the shared connection leads to; `None` where that is not to be reached by a plain stream.
    async fn beside(connected: &Connected) -> Result<Option<Self>, Error> {
        let Some(client) = &connected.client else { return Ok(None) };
        let info = client.get_connection_info();
        let stream = timeout(CONNECT_WITHIN, stream_to(info.addr())).await;
        let stream = stream.map_err(|_| unavailable("connecting took too long"))?;
        let Some(stream) = stream.map_err(|error| unavailable(&error.to_string()))? else { return Ok(None) };
        let (server, waiting, come) = (Arc::clone(&connected.server), VecDeque::new(), Vec::new());
        let mut straight = Self { stream, server, waiting, come };
        straight.log_in(info).await?;
        Ok(Some(straight))
    }

    async fn log_in(&mut self, info: &ConnectionInfo) -> Result<(), Error> {
        let settings = info.redis_settings();
        let mut greeting = Batch::default();
        match (settings.username(), settings.password()) {
            (Some(user), Some(password)) => greeting.add(&["AUTH", user, password]),
            (None, Some(password)) => greeting.add(&["AUTH", password]),
            (_, None) => {}
        }
        if settings.db() != 0 {
            greeting.add(&["SELECT", &settings.db().to_string()]);
        }
        // whether anything is answered here at all: the server may want a password by now, and would refuse every question
        greeting.add(&["TIME"]);
        self.send(&greeting).await?;
        let answers = self.answers().await?;
        for place in 0..answers.ends.len() {
            if let Part::Refusal(reason) = Reading::of(answers.bytes(place)).next()? {
                return Err(Error::Refused(format!("redis refuses it: {}", String::from_utf8_lossy(reason))));
            }
        }
        Ok(())
    }

    /// Itself, unless the server has closed it, as one with a `timeout` does with who is idle.
    fn if_open(mut self) -> Option<Self> {
        let mut byte = [0];
        let mut reading = std::pin::pin!(self.stream.read(&mut byte));
        let read = futures::FutureExt::now_or_never(reading.as_mut());
        // nothing was asked, so whatever comes is the end or what we cannot understand
        read.is_none().then_some(self)
    }

    async fn send(&mut self, batch: &Batch) -> Result<(), Error> {
        let sent = timeout(ANSWER_WITHIN, self.stream.write_all(&batch.bytes)).await;
        sent.map_err(|_| unavailable("it takes no more questions"))?
            .map_err(|error| unavailable(&error.to_string()))?;
        self.waiting.push_back(batch.commands);
        Ok(())
    }

    async fn answers(&mut self) -> Result<Answers, Error> {
        let count = self.waiting.pop_front().unwrap_or(0);
        timeout(ANSWER_WITHIN, self.receive(count)).await.map_err(|_| unavailable("it did not answer in time"))?
    }

    async fn receive(&mut self, count: usize) -> Result<Answers, Error> {
        let mut ends = Vec::with_capacity(count);
        let mut end = 0;
        loop {
            while ends.len() < count
                && let Some(extent) = raw::extent(&self.come[end..])?
            {
                end += extent;
                ends.push(end);
            }
            if ends.len() == count {
                let rest = self.come.split_off(end);
                let bytes = std::mem::replace(&mut self.come, rest);
                return Ok(Answers { bytes, ends, failures: HashMap::new() });
            }
            self.come.reserve(ROOM);
            let read = self.stream.read_buf(&mut self.come).await.map_err(|error| unavailable(&error.to_string()))?;
            if read == 0 {
                return Err(unavailable("it closed the connection"));
            }
        }
    }
}

/// `None` where that is no plain stream.
async fn stream_to(address: &ConnectionAddr) -> std::io::Result<Option<Box<dyn Stream>>> {
    match address {
        ConnectionAddr::Tcp(host, port) => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            // a batch is written at once, and waited for
            stream.set_nodelay(true)?;
            Ok(Some(Box::new(stream)))
        }
        ConnectionAddr::Unix(path) => Ok(Some(Box::new(UnixStream::connect(path).await?))),
        _ => Ok(None),
    }
}

impl Batch {
    pub(crate) fn add(&mut self, command: &[&str]) {
        raw::write_command(command, &mut self.bytes);
        self.commands += 1;
    }

    pub(crate) fn commands(&self) -> usize {
        self.commands
    }

    /// The same for the shared connection, which must know where each command goes.
    fn pipeline(&self) -> Result<Pipeline, Error> {
        let mut pipeline = Pipeline::with_capacity(self.commands);
        pipeline.ignore_errors();
        let mut commands = Reading::of(&self.bytes);
        for _ in 0..self.commands {
            let words = commands.list()?;
            let mut command = redis::Cmd::new();
            for _ in 0..words {
                command.arg(commands.text()?);
            }
            pipeline.add_command(command);
        }
        Ok(pipeline)
    }
}

impl Answers {
    /// Written as Redis would have.
    fn of(answers: Vec<RedisResult<Value>>) -> Self {
        let (mut bytes, mut ends, mut failures) = (Vec::new(), Vec::with_capacity(answers.len()), HashMap::new());
        for (place, answer) in answers.into_iter().enumerate() {
            match answer {
                Ok(value) => raw::write(&value, &mut bytes),
                Err(error) => drop(failures.insert(place, error.into())),
            }
            ends.push(bytes.len());
        }
        Self { bytes, ends, failures }
    }

    fn bytes(&self, place: usize) -> &[u8] {
        let begin = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(place).map_or(&[], |end| &self.bytes[begin..*end])
    }

    /// The answer at a place, or why the question was refused.
    pub(crate) fn get(&self, place: usize) -> Result<Reading<'_>, Error> {
        if let Some(error) = self.failures.get(&place) {
            return Err(error.clone());
        }
        let answer = self.bytes(place);
        match answer.first() {
            Some(b'-') => Err(raw::refusal(answer)),
            Some(_) => Ok(Reading::of(answer)),
            None => Err(unexpected("too few answers")),
        }
    }

    /// Keeps no answers at these places, which are given in their order.
    pub(crate) fn forget(&mut self, places: &[usize]) {
        if places.is_empty() {
            return;
        }
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(self.ends.len()));
        let mut places = places.iter().peekable();
        for place in 0..self.ends.len() {
            if places.next_if(|next| **next == place).is_none() {
                bytes.extend_from_slice(self.bytes(place));
            }
            ends.push(bytes.len());
        }
        (self.bytes, self.ends) = (bytes, ends);
    }
}

fn unavailable(why: &str) -> Error {
    Error::Unavailable(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_are_forgotten_take_no_room_and_the_others_stay_where_they_are() {
        let text = |text: &str| Ok(Value::BulkString(text.into()));
        let refused = Err((redis::ErrorKind::Io, "away").into());
        let mut answers = Answers::of(vec![text("a"), text(&"x".repeat(1_000)), text("c"), refused, text("e")]);
        answers.forget(&[1]);
        let read = |place| answers.get(place).and_then(|mut answer| answer.text());
        assert_eq!((read(0).ok(), read(2).ok(), read(4).ok()), (Some(&b"a"[..]), Some(&b"c"[..]), Some(&b"e"[..])));
        assert!(matches!((read(1), read(3)), (Err(Error::Internal(_)), Err(Error::Unavailable(_)))));
        assert!(answers.bytes.capacity() < 1_000);
    }
}
