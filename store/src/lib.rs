//! One door to SQL. It knows how to reach a database, when it may be used and the few words in which SQLite and
//! PostgreSQL differ; it has no table of its own.
//!
//! | module | what |
//! | --- | --- |
//! | [`database`] | [`Database`]: connects and migrates when the database comes, says [`Error::Unavailable`] until then |
//! | [`transaction`] | [`Transaction`]: a writer's turn; on SQLite writers queue in order instead of failing |
//! | `migration_lock` | one process at a time migrates a SQLite file |
//! | [`error`] | what the caller of SQL is told |
//! | [`rows`] | placeholders for inserting many rows with one statement |

pub mod database;
pub mod error;
mod migration_lock;
pub mod rows;
pub mod transaction;

pub use database::{Connection, Database, Kind, sqlite_url};
pub use error::Error;
pub use transaction::Transaction;
