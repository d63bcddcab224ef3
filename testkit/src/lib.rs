//! Real parts for tests, never a mock: each part belongs to one test and dies with it.
//!
//! [`conformance`] what every transport must do · [`redis`] a throw-away `redis-server` on a unix socket · [`postgres`] a private PostgreSQL shared by one test process,
//! an own database for each test · [`proxy`] a network that can be cut · [`wait`] waiting for a condition instead of
//! sleeping.

pub mod conformance;
pub mod postgres;
pub mod proxy;
pub mod redis;
pub mod wait;
