//! What the caller of SQL is told.

/// Why a statement or a connection failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL names no database we can speak to. Handling: refuse to start.
    #[error("{0}")]
    Configuration(String),
    /// The database is away, not migrated yet, or out of connections; the same call may succeed later. Handling: 503,
    /// and an outage for a consumer's handler, which costs an event none of its attempts.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A text holds a character that PostgreSQL cannot keep (NUL). Handling: 422.
    #[error("a text contains a character that cannot be stored")]
    Unstorable,
    /// Anything else that SQL said: a defect of ours, or data we did not expect. Handling: 500 with an id, cause logged.
    #[error("the database refused a statement")]
    Sql(#[source] sqlx::Error),
}

impl Error {
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_outage(&error) {
            Self::Unavailable(error.to_string())
        } else if error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| code == "22021")
        {
            Self::Unstorable
        } else {
            Self::Sql(error)
        }
    }
}

/// Whether the database itself is away, as opposed to a statement being wrong.
fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        // the connection broke in the middle of an answer
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_outage_code(&code)),
        _ => false,
    }
}

/// PostgreSQL: class 08 connection, 53 resources, 57P shutdown, 3D000 no such database, 55000 connections not allowed,
/// 25006 read only (a standby, during failover). SQLite (extended codes end in the primary one): 5 busy, 6 locked,
/// 8 read only, 10 I/O, 13 full, 14 cannot open.
fn is_outage_code(code: &str) -> bool {
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 5 | 6 | 8 | 10 | 13 | 14),
        _ => {
            ["08", "53", "57P"].iter().any(|class| code.starts_with(class))
                || ["3D000", "55000", "25006"].contains(&code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_of_both_databases_are_told_from_wrong_statements() {
        for code in ["08006", "53300", "57P01", "57P03", "3D000", "5", "261", "517", "14", "1034"] {
            assert!(is_outage_code(code), "{code}");
        }
        for code in ["23505", "42P01", "42601", "1", "19", "1555", "2067"] {
            assert!(!is_outage_code(code), "{code}");
        }
    }
}
