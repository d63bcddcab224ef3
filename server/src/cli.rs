//! Words of the command line that look at streams and repair them: a client of a running console's HTTP API, where
//! permissions, audit log and the consumers of the process are (docs/adr/0024).
//!
//! | module | what |
//! | --- | --- |
//! | `client` | asks the console; how a refusal becomes an exit code |
//! | `act` | what changes something: a preview first, the act only with `--yes` |
//! | `table` | answers as a table, safe for a terminal |
//! | `group` `consumer` `stream` `pending` `dead_letter` | the words, a file for each noun |

mod act;
mod client;
mod consumer;
mod dead_letter;
mod group;
mod pending;
mod stream;
mod table;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::operation::Position;

use self::client::{Client, Failure};

/// Told at the end of every `--help`.
const EXIT_CODES: &str = "\
Everything that changes something shows first what it would do and what that costs, and does it only with --yes: then the \
preview is made again, and the act is refused if anything of it has changed in between.

Exit codes:
  0  done; without --yes: it would be done
  1  some of it failed, or the console itself did
  2  the words are wrong, or a reason is missing
  3  there is no such stream, group, consumer or entry
  4  the state has changed since the preview, or does not allow it
  5  not permitted
  6  the console cannot be reached, or Redis or the audit log is away";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Groups of a stream: list, create, move, delete.
    #[command(after_help = EXIT_CODES)]
    Group(Words<group::Act>),
    /// Consumers of a group: list; delete, after what they have pending is handed over.
    #[command(after_help = EXIT_CODES)]
    Consumer(Words<consumer::Act>),
    /// Streams: trim, delete entries.
    #[command(after_help = EXIT_CODES)]
    Stream(Words<stream::Act>),
    /// Pending entries of a group: list, claim, acknowledge, dead-letter.
    #[command(after_help = EXIT_CODES)]
    Pending(Words<pending::Act>),
    /// Dead letters: list, replay, discard.
    #[command(after_help = EXIT_CODES)]
    DeadLetters(Words<dead_letter::Act>),
}

#[derive(Debug, Args)]
pub(crate) struct Words<A: Subcommand> {
    #[command(flatten)]
    console: Console,
    #[command(subcommand)]
    act: A,
}

/// Which console is asked, and how its answer is shown.
#[derive(Debug, Clone, Args)]
struct Console {
    /// Address of a running console.
    #[arg(long, env = "DSM_URL", default_value = "http://127.0.0.1:3000", global = true)]
    url: String,

    /// Show the answer as JSON, as the HTTP API has it, instead of a table.
    #[arg(long, global = true)]
    json: bool,
}

/// Carries the words out, on a runtime of their own.
pub(crate) fn run(command: Command) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(carry_out(command)),
        Err(error) => Err(Failure::internal(format!("cannot start: {error}"))),
    };
    match done {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("dsm-console: {failure}");
            failure.exit_code()
        }
    }
}

async fn carry_out(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Group(Words { console, act }) => group::run(&Client::new(&console)?, act).await,
        Command::Consumer(Words { console, act }) => consumer::run(&Client::new(&console)?, act).await,
        Command::Stream(Words { console, act }) => stream::run(&Client::new(&console)?, act).await,
        Command::Pending(Words { console, act }) => pending::run(&Client::new(&console)?, act).await,
        Command::DeadLetters(Words { console, act }) => dead_letter::run(&Client::new(&console)?, act).await,
    }
}

/// `start`, `end`, or the id of an entry.
fn position(word: &str) -> Result<Position, String> {
    match word {
        "start" => Ok(Position::Start),
        "end" => Ok(Position::End),
        id => id.parse().map(Position::After).map_err(|_| {
            format!("not a place: {id}. Say start, end, or the id of an entry (1773152545187-0) to go on after it")
        }),
    }
}

/// `90s`, `5m`, `2h`, `7d`, as milliseconds.
fn milliseconds(word: &str) -> Result<u64, String> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    let read = |(unit, ms): (&str, u64)| word.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(ms);
    units.into_iter().find_map(read).ok_or_else(|| format!("not a duration: {word}. Say 90s, 5m, 2h or 7d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_durations_are_read_as_people_write_them() {
        assert_eq!((position("start"), position("end")), (Ok(Position::Start), Ok(Position::End)));
        assert_eq!(position("5-1"), Ok(Position::After("5-1".parse().expect("an id"))));
        assert!(position("beginning").is_err());
        let known = [("250ms", 250), ("90s", 90_000), ("5m", 300_000), ("2h", 7_200_000), ("7d", 604_800_000)];
        for (word, ms) in known {
            assert_eq!(milliseconds(word), Ok(ms), "{word}");
        }
        for word in ["", "5", "h", "-1h", "1.5h", "99999999999999999d"] {
            assert!(milliseconds(word).is_err(), "{word}");
        }
    }
}
