//! The fuzzer: libFuzzer's main function, and the oracle that `IDFORM_FUZZ_TARGET` names.
#![no_main]

use std::sync::OnceLock;

use oracles::{ORACLES, Oracle};

mod oracles;

static ORACLE: OnceLock<Oracle> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        let target = std::env::var("IDFORM_FUZZ_TARGET").unwrap_or_default();
        let known = ORACLES.iter().find(|(name, _)| *name == target);
        let (_, oracle) = known.unwrap_or_else(|| {
            let names: Vec<&str> = ORACLES.iter().map(|(name, _)| *name).collect();
            panic!("IDFORM_FUZZ_TARGET={target:?}: name one of {}", names.join(", "))
        });
        let _ = ORACLE.set(*oracle);
    },
    |data: &[u8]| ORACLE.get().expect("set before the first input")(data)
);
