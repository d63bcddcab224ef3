//! The API, the guard and the live connection over a real socket, a real Redis and real databases.

mod addresses;
mod alerts;
mod away;
mod codes;
mod collector;
mod connections;
mod console;
mod deploy;
mod document;
mod entries;
mod exposition;
mod findings;
mod forms;
mod heartbeats;
mod history;
mod limits;
mod live;
mod metrics;
mod origin;
mod program;
mod running;
mod several;
mod stopping;
mod story;
mod table;
mod trace;
