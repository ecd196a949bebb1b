//! Tables against tables.
