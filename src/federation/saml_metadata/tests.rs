//! Metadata: encodings, guards, meaning, differences.
