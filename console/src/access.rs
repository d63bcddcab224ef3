//! Who may what. Until accounts exist there is one actor, the person at the machine, who holds every permission; the
//! program binds to loopback addresses only.

use domain::{Permission, Refusal, refusal::RefusalKind};

use crate::Error;

/// Who acts: the name for the audit log, and what they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    name: String,
    held: Vec<Permission>,
}

impl Actor {
    /// The person at the machine.
    pub fn local() -> Self {
        Self { name: "local".to_owned(), held: Permission::ALL.to_vec() }
    }

    /// Somebody who holds only `held`.
    pub fn new(name: impl Into<String>, held: &[Permission]) -> Self {
        Self { name: name.into(), held: held.to_vec() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.held.contains(&permission)
    }

    /// Refuses (403) who does not hold `permission`.
    pub fn require(&self, permission: Permission) -> Result<(), Error> {
        if self.may(permission) {
            return Ok(());
        }
        let message = format!("{} does not hold the permission {}", self.name, permission.as_str());
        Err(Error::Refused(Refusal::new(RefusalKind::Forbidden, message)))
    }
}
