//! Static text for the words of a saved plan.
//!
//! Kinds, fields and action names are static in the program's tables; read back from a file they
//! must become static again. Each different word is kept once, and only so many, so that a hostile
//! file cannot use up memory.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Deserializer};

/// A word of the program's own tables. (An alias, because serde's derive takes a visible `&'static`
/// for something borrowed from its input.)
pub type Word = &'static str;

/// Longest word kept, in bytes.
const WORD_BYTES: usize = 128;
/// Most different words; the program itself has a few hundred.
const WORDS: usize = 10_000;

static WORDS_KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The word with a static life; [`None`] when it is too long or there are too many.
pub fn intern(word: &str) -> Option<&'static str> {
    let mut kept = WORDS_KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(word) {
        return Some(known);
    }
    if word.len() > WORD_BYTES || kept.len() >= WORDS {
        return None;
    }
    let word: &'static str = Box::leak(word.to_owned().into_boxed_str());
    kept.insert(word);
    Some(word)
}

/// For fields of type `&'static str`.
///
/// # Errors
/// As [`intern`], or the value is no text.
pub fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    let text = String::deserialize(deserializer)?;
    intern(&text).ok_or_else(|| serde::de::Error::custom("a word that no plan would hold"))
}
