//! Who may repair.

use super::query::Repair;
use crate::{context::Context, part::sentence};

/// Which repairs may be done, and if not, why.
pub(super) struct Rights {
    replay: Result<(), String>,
    discard: Result<(), String>,
}

impl Rights {
    pub(super) fn of(context: &Context) -> Self {
        let may = |repair: Repair| context.may_send(repair.needs(), repair.commands()).map_err(|why| sentence(&why));
        Self { replay: may(Repair::Replay), discard: may(Repair::Discard) }
    }

    pub(super) fn may(&self, repair: Repair) -> Result<(), String> {
        match repair {
            Repair::Replay => self.replay.clone(),
            Repair::Discard => self.discard.clone(),
        }
    }
}
