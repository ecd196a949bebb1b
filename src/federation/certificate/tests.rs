//! Certificates of every sort.
