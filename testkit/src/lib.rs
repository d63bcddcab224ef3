//! Real parts for tests, never a mock: each part belongs to one test and dies with it.
//!
//! [`redis`] a throw-away `redis-server` on a unix socket · [`postgres`] a private PostgreSQL shared by one test process,
//! an own database for each test · [`wait`] waiting for a condition instead of sleeping.

pub mod postgres;
pub mod redis;
pub mod wait;
