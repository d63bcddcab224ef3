//! The four services over real databases and a real Redis. One program, so that its tests share one PostgreSQL.

mod backlog;
mod chronicle;
mod daily_scrum;
mod demo;
mod event_handling;
mod handled_together;
mod health;
mod journey;
mod killing;
mod losses;
mod project;
mod relay;
mod sprint_close;
mod sprint_progress;
mod sprint_start;
mod stream;
mod traced;
mod world;
