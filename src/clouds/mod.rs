//! The clouds, one folder each.
