//! The content of a Redis, taken once and put back before every round: some peers publish a hundred times slower than they
//! consume.

use anyhow::Result;
use redis::{Connection, cmd, pipe};

/// Keys in one round trip.
const CHUNK: usize = 500;

pub(crate) struct Snapshot(Vec<(Vec<u8>, Vec<u8>)>);

impl Snapshot {
    /// Everything that is there. Times of expiry are not kept: no round lasts so long.
    pub(crate) fn take(redis: &mut Connection) -> Result<Self> {
        let keys: Vec<Vec<u8>> = cmd("KEYS").arg("*").query(redis)?;
        let mut content = Vec::with_capacity(keys.len());
        for keys in keys.chunks(CHUNK) {
            let mut dump = pipe();
            for key in keys {
                dump.cmd("DUMP").arg(key);
            }
            // what expired in between is gone
            let dumped: Vec<Option<Vec<u8>>> = dump.query(redis)?;
            content.extend(keys.iter().cloned().zip(dumped).filter_map(|(key, dumped)| Some((key, dumped?))));
        }
        Ok(Self(content))
    }

    /// Makes this the only content.
    pub(crate) fn put_back(&self, redis: &mut Connection) -> Result<()> {
        cmd("FLUSHALL").exec(redis)?;
        for content in self.0.chunks(CHUNK) {
            let mut restore = pipe();
            for (key, dumped) in content {
                restore.cmd("RESTORE").arg(key).arg(0).arg(dumped).ignore();
            }
            restore.exec(redis)?;
        }
        Ok(())
    }
}
