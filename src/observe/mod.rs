//! Reads the clouds into a snapshot. Compares nothing.
