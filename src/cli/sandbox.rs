//! `idform sandbox serve`: the emulated clouds for other clients.

use anyhow::{Context, Result};

use crate::sandbox::{Options, Sandbox};

use super::args::{Sandbox as Command, SandboxCommand, Serve};
use super::output::Output;
use super::{Exit, run};

pub(super) fn run(command: &Command, output: &Output) -> Result<Exit> {
    let SandboxCommand::Serve(serve) = &command.command;
    run::block_on(serve_until_interrupted(serve, output))?
}

async fn serve_until_interrupted(serve: &Serve, output: &Output) -> Result<Exit> {
    let sandbox = Sandbox::start(Options {
        folder: serve.state.clone(),
        faults: serve.fault.clone(),
        latency: serve.latency,
        listen: serve.listen.ip(),
        port: serve.listen.port(),
        ..Options::default()
    })
    .await
    .context("start the sandbox")?;
    let described = sandbox.describe();
    if serve.print_env {
        output.result(&format!("{described}\n"));
    } else {
        output.result(&exports(&described));
    }
    output.say("The sandbox is running; Ctrl-C ends it.");
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .context("watch for signals")?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("watch for Ctrl-C")?,
        _ = term.recv() => {}
    }
    sandbox.stop().await;
    Ok(Exit::Success)
}

/// `export` lines for a shell: endpoints and each cloud's own variables.
fn exports(described: &serde_json::Value) -> String {
    let lines = crate::clouds::CLOUDS.iter().flat_map(|cloud| {
        let of = |key: &str| {
            let value = described.get(cloud.id.0).and_then(|cloud| cloud.get(key));
            let text = value.and_then(serde_json::Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        [
            (cloud.endpoint_variable, of("url")),
            (cloud.key_variables.id, of("key_id")),
            (cloud.key_variables.secret, of("secret")),
        ]
    });
    let lines: Vec<String> = lines
        .map(|(name, value)| format!("export {name}='{value}'\n"))
        .collect();
    lines.concat()
}
