//! What our user may do, asked now and then: it changes when somebody changes it.

use std::time::{Duration, Instant};

use domain::connection::Rights;

use crate::{Redis, keys, rights};

/// How old the answer may be. Whether an act is allowed is asked anew before it is done; this is for buttons and pages.
const ASK_EVERY: Duration = Duration::from_secs(30);

/// The last answer.
#[derive(Default)]
pub(super) struct Asked(Option<(Instant, bool, Rights)>);

impl Asked {
    /// The rights on a stream that is there (`None`: there is none, and they are asked about a name that nobody has). That
    /// they cannot be found out is no reason for a look to fail.
    pub(super) async fn of(&mut self, redis: &Redis, stream: Option<&str>) -> Rights {
        if let Some((at, about_stream, known)) = &self.0
            && at.elapsed() < ASK_EVERY
            && *about_stream == stream.is_some()
        {
            return known.clone();
        }
        let answer = rights(redis, stream.unwrap_or(keys::HEARTBEATS)).await;
        let answer = answer.unwrap_or_else(|error| Rights::unknown(error.to_string()));
        self.0 = Some((Instant::now(), stream.is_some(), answer.clone()));
        answer
    }
}
