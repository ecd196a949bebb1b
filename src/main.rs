//! argv in, exit code out.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;

use idform::sandbox::{Options, Sandbox};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut options = Options::default();
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some("sandbox")
        || arguments.next().as_deref() != Some("serve")
    {
        return Err("only `sandbox serve` exists yet".into());
    }
    while let Some(flag) = arguments.next() {
        match flag.as_str() {
            "--print-env" => {}
            "--state" => options.folder = arguments.next().map(PathBuf::from),
            "--fault" => options
                .faults
                .push(arguments.next().unwrap_or_default().parse()?),
            other => return Err(format!("unknown flag {other}").into()),
        }
    }
    let sandbox = Sandbox::start(options).await?;
    writeln!(std::io::stdout(), "{}", sandbox.describe())?;
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    sandbox.stop().await;
    Ok(())
}
