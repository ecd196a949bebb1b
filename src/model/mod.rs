//! Words everybody uses: addresses, values, spans, secrets, diagnostics, accounts.
//!
//! No I/O and nothing from other rooms. Whatever two rooms must agree on lives here.

pub mod account;
pub mod address;
pub mod diagnostic;
pub mod intern;
pub mod label;
pub mod secret;
pub mod span;
pub mod value;

pub use account::{Account, AssumeRole, CredentialSource, TokenPlace, UnmanagedRule, WebIdentity};
pub use address::{Address, CloudId, KindName, Selector};
pub use diagnostic::{Code, Diagnostic, Diagnostics, FilePlace, Label, Severity};
pub use label::LabelSelector;
pub use secret::Secret;
pub use span::{Position, SourceId, SourceMap, Span};
pub use value::{Fields, Value, merged};
