//! What issuers publish, as it was reviewed: keys and TLS chains in `idform.lock`.
//!
//! `file` is the lock and its text, `seen` what an issuer shows; `moved` tells what changed since,
//! `next` makes the next lock. All are pure. `fetch` alone waits. Plans read the lock and never call
//! an issuer.

pub mod fetch;
pub mod file;
pub mod moved;
pub mod next;
pub mod report;
pub mod seen;

pub use file::{Lock, LockedCertificate, LockedIssuer, LockedKey};
pub use moved::{Change, Moved, Urgency, moved};
pub use next::{Keep, advance};
pub use report::{IssuerChange, IssuerReport};
pub use seen::{Chain, Seen};

/// The name of the lock file.
pub const FILE_NAME: &str = "idform.lock";
