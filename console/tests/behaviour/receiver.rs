//! Who is told: a webhook's receiver and a mail server, on free ports of the loopback.

use std::sync::{Arc, Mutex};

use domain::alert::Notice;
use testkit::wait;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Stands for no answer at all.
const SILENCE: &str = "";

/// One call that was received.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Call {
    pub(crate) fn notice(&self) -> Notice {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{}: {error}", self.body))
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// A receiver that notes every call. Ends when it is dropped.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    calls: Arc<Mutex<Vec<Call>>>,
    answers: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Receiver {
    /// Answers 200.
    pub(crate) async fn start() -> Self {
        Self::answering([]).await
    }

    /// Answers with these lines of status first (and headers), then 200.
    pub(crate) async fn answering(first: impl IntoIterator<Item = &'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let mut first: Vec<String> = first.into_iter().map(str::to_owned).collect();
        first.reverse();
        let answers = Arc::new(Mutex::new(first));
        let (noted, next) = (Arc::clone(&calls), Arc::clone(&answers));
        let serving = tokio::spawn(async move {
            let mut held = Vec::new();
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let Some((mut stream, call)) = read(stream).await else { continue };
                let answer = next.lock().expect("no panic").pop().unwrap_or_else(|| "200 OK".to_owned());
                noted.lock().expect("no panic").push(call);
                if answer == SILENCE {
                    held.push(stream);
                    continue;
                }
                let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { port, calls, answers, serving }
    }

    /// Takes every call and never answers.
    pub(crate) async fn silent() -> Self {
        Self::answering(std::iter::repeat_n(SILENCE, 100)).await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?token=secret", self.port)
    }

    /// From now on it answers so once.
    pub(crate) fn answer_next(&self, answer: &str) {
        self.answers.lock().expect("no panic").push(answer.to_owned());
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("no panic").clone()
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.calls().iter().map(Call::notice).collect()
    }

    /// Waits for so many calls.
    pub(crate) async fn called(&self, times: usize) -> Vec<Call> {
        wait::until("the receiver is called", || async {
            let calls = self.calls();
            (calls.len() >= times).then_some(calls)
        })
        .await
    }
}

async fn read(stream: TcpStream) -> Option<(TcpStream, Call)> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let call = Call { head: head.clone(), body: String::new() };
    let length = call.header("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((stream.into_inner(), Call { body: String::from_utf8(body).ok()?, ..call }))
}

/// A mail server that takes everything, without encryption. One mail a connection.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    mails: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl MailServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let mails: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&mails);
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                tokio::spawn(talk(stream, Arc::clone(&noted)));
            }
        });
        Self { port, mails, serving }
    }

    /// Waits for the first mail: its envelope, headers and text.
    pub(crate) async fn mail(&self) -> String {
        wait::until("a mail", || async { self.mails.lock().expect("no panic").first().cloned() }).await
    }
}

async fn talk(stream: TcpStream, mails: Arc<Mutex<Vec<String>>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let (mut mail, mut is_data) = (String::new(), false);
    stream.write_all(b"220 test ESMTP\r\n").await.ok()?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let word = line.trim_end().to_uppercase();
        let answer = match word.as_str() {
            "." if is_data => {
                is_data = false;
                mails.lock().expect("no panic").push(mail.clone());
                "250 taken\r\n"
            }
            _ if is_data => {
                mail.push_str(&line);
                continue;
            }
            "DATA" => {
                is_data = true;
                "354 go on\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => {
                mail.push_str(&line);
                "250 ok\r\n"
            }
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}
