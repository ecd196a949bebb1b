//! What issuers publish, as it was reviewed: keys and TLS chains in `idform.lock`.
//!
//! `file` is the lock and its text, `moved` tells what changed since and makes the next lock; both
//! are pure. `fetch` alone waits. Plans read the lock and never call an issuer.

pub mod fetch;
pub mod file;
pub mod moved;
pub mod report;

pub use file::{Lock, LockedCertificate, LockedIssuer, LockedKey};
pub use moved::{Change, Keep, Moved, Seen, Urgency, advance, moved};
pub use report::{IssuerChange, IssuerReport};

/// The name of the lock file.
pub const FILE_NAME: &str = "idform.lock";
