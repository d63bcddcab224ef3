//! The console over both databases and a real Redis. One program, so that its tests share one PostgreSQL.

mod act;
mod audit_log;
mod dead_letter;
mod fails_closed;
mod group;
mod log_lines;
mod permission;
mod redis;
mod world;
