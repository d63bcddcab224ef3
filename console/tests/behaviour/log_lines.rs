//! What this thread says in the log while a test looks.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

pub(crate) struct LogLines {
    lines: Lines,
    _here: tracing::subscriber::DefaultGuard,
}

impl LogLines {
    pub(crate) fn start() -> Self {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(lines.clone()).finish();
        Self { lines, _here: tracing::subscriber::set_default(subscriber) }
    }

    pub(crate) fn errors(&self) -> Vec<String> {
        self.lines().into_iter().filter(|line| line.contains(" ERROR ")).collect()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.lines.0.lock().expect("no panic").clone()).expect("utf-8");
        text.lines().map(str::to_owned).collect()
    }
}

impl io::Write for Lines {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}
