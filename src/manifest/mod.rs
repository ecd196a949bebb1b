//! Text to documents and back. Knows YAML and field tables, knows no cloud.

pub mod document;
