//! The API, the guard and the live connection over a real socket, a real Redis and real databases.

mod away;
mod codes;
mod console;
mod document;
mod forms;
mod limits;
mod live;
mod origin;
mod running;
mod story;
mod table;
