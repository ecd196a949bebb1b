//! Results to bytes. Decides nothing.
