//! `idform sandbox serve`: the emulated clouds and the issuers for other clients.

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

use crate::sandbox::{Options, Sandbox};

use super::args::{Sandbox as Command, SandboxCommand, Serve};
use super::output::Output;
use super::{Exit, issuer, rim, run};

pub(super) fn run(command: &Command, output: &Output) -> Result<Exit> {
    match &command.command {
        SandboxCommand::Serve(serve) => run::block_on(serve_until_interrupted(serve, output))?,
        SandboxCommand::Issuer(of) => issuer::run(of, output),
    }
}

async fn serve_until_interrupted(serve: &Serve, output: &Output) -> Result<Exit> {
    // Watched for before anything is said: who starts it in the background of a script may end it
    // as soon as it speaks, and an interrupt that nobody watches for is lost there.
    let mut interrupt = signal(SignalKind::interrupt()).context("watch for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("watch for signals")?;
    // Whoever connects to the issuers needs their roots in a file, state kept or not.
    let scratch = match &serve.state {
        Some(_) => None,
        None => Some(rim::Scratch::new().context("make a folder for the issuers")?),
    };
    let sandbox = Sandbox::start(Options {
        folder: serve.state.clone(),
        issuer_folder: scratch.as_ref().map(|scratch| scratch.path().to_owned()),
        faults: serve.fault.clone(),
        latency: serve.latency,
        listen: serve.listen.ip(),
        port: serve.listen.port(),
        keep_issuer_port: true,
        ..Options::default()
    })
    .await
    .context("start the sandbox")?;
    let issuers = sandbox.issuers();
    issuers
        .roots_pem(sandbox.now())
        .context("make the issuers' roots")?;
    let roots = issuers.roots_file().unwrap_or_default();
    // Read by programs that run elsewhere.
    let roots = std::path::absolute(&roots).unwrap_or(roots);
    let mut described = sandbox.describe();
    described["issuer"] = serde_json::json!({
        "url": sandbox.issuer_url(),
        "ca": roots.display().to_string(),
    });
    if serve.print_env {
        output.result(&format!("{described}\n"));
    } else {
        output.result(&exports(&described));
    }
    output.say("The sandbox is running; Ctrl-C ends it.");
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
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
    let of_issuer = |key: &str| {
        let text = described["issuer"][key].as_str();
        text.unwrap_or_default().to_owned()
    };
    let lines: Vec<String> = lines
        .chain([
            ("IDFORM_SANDBOX_ISSUER", of_issuer("url")),
            ("IDFORM_SANDBOX_CA", of_issuer("ca")),
        ])
        .map(|(name, value)| format!("export {name}='{value}'\n"))
        .collect();
    lines.concat()
}
