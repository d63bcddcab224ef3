//! The console over both databases and a real Redis. One program, so that its tests share one PostgreSQL.

mod act;
mod alert_rules;
mod alerts;
mod audit_chain;
mod audit_log;
mod connections;
mod dead_letter;
mod fails_closed;
mod group;
mod history;
mod history_cost;
mod history_marks;
mod log_lines;
mod permission;
mod receiver;
mod recovery;
mod redis;
mod search;
mod shop;
mod watching;
mod world;
