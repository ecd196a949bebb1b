//! What is said when the program panics, which is always a bug: where it was, and never the text
//! of the panic. That is put together from data (a text that is cut at a wrong place is quoted whole
//! by the standard library), and the data may be a secret.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::panic::PanicHookInfo;

/// A panic ended the run; the hook has told where it was.
#[derive(Debug, thiserror::Error)]
#[error("a bug in idform ended this run")]
pub(super) struct Panicked;

/// From here on panics of every thread are told so.
pub(super) fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let trace = Backtrace::capture();
        let mut text = told(panic);
        if trace.status() == BacktraceStatus::Captured {
            text.push_str(&trace.to_string());
            text.push('\n');
        }
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }));
}

/// What `work` gives, or that it panicked.
///
/// # Errors
/// [`Panicked`].
pub(super) fn caught<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    // What it was working on is not looked at again.
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    ended.unwrap_or_else(|_| Err(Panicked.into()))
}

fn told(panic: &PanicHookInfo<'_>) -> String {
    let place = match panic.location() {
        Some(place) => format!("{}:{}:{}", place.file(), place.line(), place.column()),
        None => "an unknown place".to_owned(),
    };
    // Only a text that stands in the source as it is has this type.
    let text = panic.payload().downcast_ref::<&'static str>();
    let text = text.map_or_else(
        || "its text is left out, because it may hold data of yours".to_owned(),
        |text| (*text).to_owned(),
    );
    format!(
        "error: this is a bug: idform {} panicked at {place}\n  note: {text}\n  help: report the line \
         above; with RUST_BACKTRACE=1 the way to it is told as well\n",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::model::Secret;

    const CANARY: &str = "canary-6f1e-é-9b";
    /// Says which panic the process that a test starts shall meet.
    const WAY: &str = "IDFORM_TEST_PANIC";

    /// As careless libraries do, its error quotes what it could not read.
    struct Quoting;

    impl std::str::FromStr for Quoting {
        type Err = String;

        fn from_str(text: &str) -> Result<Self, String> {
            Err(text.to_owned())
        }
    }

    /// Not a test by itself: what the processes of the tests below run.
    #[test]
    fn child() {
        let Ok(way) = std::env::var(WAY) else { return };
        install();
        let secret = Secret::new(CANARY);
        let ended = caught(|| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async move {
                let task = tokio::spawn(async move {
                    match way.as_str() {
                        // In the middle of a character: the standard library quotes the text.
                        "cut" => drop(secret.expose()[..13].to_owned()),
                        "debug" => panic!("{secret:?} {secret}"),
                        "said" => panic!("{}", secret.expose()),
                        "any" => std::panic::panic_any(secret),
                        "result" => {
                            let wrong = secret.expose().parse::<Quoting>();
                            wrong.expect("it is well");
                        }
                        _ => panic!("a text of the source"),
                    }
                });
                let error = task.await.unwrap_err();
                std::panic::resume_unwind(error.into_panic());
            })
        });
        let error = ended.map(|()| "nothing").unwrap_err();
        assert!(error.is::<Panicked>());
        println!("caught: {error:#}");
    }

    /// Standard output and error of a process that panics in a task.
    fn panicking(way: &str) -> String {
        let child = "cli::panics::tests::child";
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", child, "--nocapture", "--test-threads=1"])
            .env(WAY, way)
            .env("RUST_BACKTRACE", "1")
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_panic_in_a_task_tells_its_place_and_no_secret() {
        for way in ["cut", "debug", "said", "any", "result"] {
            let said = panicking(way);
            assert!(!said.contains("canary"), "{way}: {said}");
            let place = format!("panicked at {}:", file!());
            assert!(said.contains(&place), "{way}: {said}");
            assert!(said.contains("its text is left out"), "{way}: {said}");
            assert!(said.contains("caught: a bug in idform"), "{way}: {said}");
        }
    }

    #[test]
    fn a_text_of_the_source_is_told() {
        let said = panicking("plain");
        assert!(said.contains("note: a text of the source"), "{said}");
    }
}
