//! What people see on a terminal: the program gets one of its own, and a parser tells what stands on
//! its screen after every piece of output. However many accounts there are, progress is one line that
//! is drawn over again, and nothing of it is left at the end.

use std::fs::File;
use std::io::Read;
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::binary::Binary;
use crate::load;
use crate::support::Clouds;

/// Rows of the terminal.
const ROWS: u16 = 24;
/// Rows that scrolled away and are still looked at.
const SCROLLED: usize = 20_000;

/// A screen, and what was ever on it.
struct Seen {
    parser: vt100::Parser,
    /// The most rows that were in use while progress was on the screen.
    tallest: usize,
    /// Whether progress was ever on the screen.
    progress: bool,
    code: Option<i32>,
}

/// What the bar begins with.
const DOING: [&str; 2] = ["Reading ", "Applying "];

/// Runs it on a terminal this wide; standard output goes there too where `all`.
fn run(binary: &Binary, columns: u16, all: bool, arguments: &[&str]) -> Seen {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&ours).expect("it is ours");
    unlockpt(&ours).expect("it opens");
    let size = Winsize {
        ws_row: ROWS,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&ours, size).expect("it has a size");
    let name = ptsname(&ours, Vec::new()).expect("it has a name");
    let theirs: OwnedFd = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty())
        .expect("its other side");
    let mut command = binary.command(arguments);
    command.env_remove("COLUMNS").env("TERM", "xterm-256color");
    command.stdin(Stdio::null());
    command.stdout(if all {
        Stdio::from(theirs.try_clone().expect("once more"))
    } else {
        Stdio::null()
    });
    command.stderr(Stdio::from(theirs));
    let mut child = command.spawn().expect("the binary starts");
    // It holds the other side open; reading would never end.
    drop(command);
    let mut seen = Seen {
        parser: vt100::Parser::new(non_zero(ROWS), non_zero(columns), SCROLLED),
        tallest: 0,
        progress: false,
        code: None,
    };
    let mut ours = File::from(ours);
    let mut bytes = [0; 256];
    // The other side closed is an error on this one.
    while let Ok(count @ 1..) = ours.read(&mut bytes) {
        seen.parser.process(&bytes[..count]);
        seen.look();
    }
    seen.code = child.wait().expect("it ends").code();
    seen
}

fn non_zero(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).expect("a size")
}

impl Seen {
    fn rows(&self) -> Vec<String> {
        let (_, columns) = self.parser.screen().size();
        let rows = self.parser.screen().rows(0, columns.get());
        rows.map(|row| row.trim_end().to_owned()).collect()
    }

    fn look(&mut self) {
        let rows = self.rows();
        if rows
            .iter()
            .any(|row| DOING.iter().any(|doing| row.contains(doing)))
        {
            self.progress = true;
            let used = rows.iter().filter(|row| !row.is_empty()).count();
            self.tallest = self.tallest.max(used);
        }
    }

    /// Everything that stands on the screen and above it, from the first row.
    fn all(&mut self) -> Vec<String> {
        self.parser.screen_mut().set_scrollback(usize::MAX);
        let mut above = self.parser.screen().scrollback();
        let mut all = Vec::new();
        while above > 0 {
            self.parser.screen_mut().set_scrollback(above);
            all.extend(self.rows().into_iter().take(above.min(usize::from(ROWS))));
            above = above.saturating_sub(usize::from(ROWS));
        }
        self.parser.screen_mut().set_scrollback(0);
        all.extend(self.rows());
        while all.last().is_some_and(String::is_empty) {
            all.pop();
        }
        all
    }
}

/// Far more accounts than a terminal has rows, and never waited for.
fn many() -> (Clouds, Binary) {
    let clouds = Clouds::new();
    let binary = load::binary(&clouds, 30, 20);
    (clouds, binary)
}

#[test]
fn progress_of_many_accounts_is_one_line_and_nothing_is_left_of_it() {
    for columns in [80, 12] {
        let (_clouds, binary) = many();
        for arguments in [&["plan"][..], &["apply", "--yes"], &["drift"]] {
            let what = format!("{arguments:?}, {columns} columns");
            let mut seen = run(&binary, columns, false, arguments);
            assert!(
                seen.code.is_some_and(|code| code < 3),
                "{what}: {:?}",
                seen.all()
            );
            assert!(seen.progress, "{what}: progress was shown");
            assert_eq!(seen.tallest, 1, "{what}: one line");
            assert_eq!(seen.all(), [""; 0], "{what}: nothing is left");
        }
    }
}

/// Result and talk on one screen: the same text as without a terminal, and not a row more.
#[test]
fn on_one_screen_the_result_stands_whole() {
    for columns in [100, 40] {
        let (clouds, binary) = many();
        let binary = binary.env("COLUMNS", &columns.to_string());
        let plain = binary.run(&["plan", "--color=never"]).with_code(0).stdout;
        let mut seen = run(&binary, columns, true, &["plan", "--color=never"]);
        assert_eq!(seen.code, Some(0));
        assert!(seen.progress);
        // A row that is wider than the screen stands on several.
        let flat = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(
            flat(&seen.all().concat()),
            flat(&plain),
            "{columns} columns"
        );
        drop(clouds);
    }
}

/// Failures of many accounts are told below each other, with the bar out of the way.
#[test]
fn failures_are_told_with_the_bar_out_of_the_way() {
    let (clouds, binary) = many();
    clouds.fault("CreateOIDCConfig=deny");
    let arguments = ["apply", "--yes", "--format=json", "--parallelism=4"];
    let mut seen = run(&binary, 100, false, &arguments);
    assert_eq!(seen.code, Some(1));
    let all = seen.all().join("\n");
    assert_eq!(all.matches("was refused").count(), 90, "{all}");
    for left in DOING {
        assert!(!all.contains(left), "{all}");
    }
}
