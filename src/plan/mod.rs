//! Desired against live: what would be done, why, and what may go wrong. Pure.
