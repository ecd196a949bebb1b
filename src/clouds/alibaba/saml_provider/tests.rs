//! `AlibabaSamlProvider`: calls and answers, written down.
