//! A writer's turn.

use std::ops::{Deref, DerefMut};

use sqlx::{Any, AnyConnection};
use tokio::sync::OwnedMutexGuard;

use crate::Error;

/// A transaction that may write. Dropped without [`Transaction::commit`] it rolls back.
pub struct Transaction {
    // Declared before `turn`, so that a rollback is on its way before the next writer starts.
    inner: sqlx::Transaction<'static, Any>,
    /// SQLite has one writer at a time. Its own lock is polled and unfair; this one is a queue.
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Transaction {
    pub(crate) fn new(inner: sqlx::Transaction<'static, Any>, turn: Option<OwnedMutexGuard<()>>) -> Self {
        Self { inner, _turn: turn }
    }

    pub async fn commit(self) -> Result<(), Error> {
        Ok(self.inner.commit().await?)
    }
}

impl Deref for Transaction {
    type Target = AnyConnection;
    fn deref(&self) -> &AnyConnection {
        &self.inner
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }
}
