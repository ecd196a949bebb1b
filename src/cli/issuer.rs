//! `idform sandbox issuer`: the sandbox's OpenID issuers, turned by hand.
//!
//! The state folder is what these commands work on, so they serve `--sandbox=DIR` of other commands
//! and a running `sandbox serve --state DIR` alike.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use crate::sandbox::issuer::{Issuers, Wanted, issuer_url};

use super::Exit;
use super::output::Output;

#[derive(Debug, clap::Args)]
pub(super) struct Issuer {
    #[command(subcommand)]
    command: Command,
    /// The sandbox's state folder
    #[arg(
        long,
        value_name = "DIR",
        default_value = ".idform/sandbox",
        global = true
    )]
    state: PathBuf,
    /// Which issuer, by its path: any name is an issuer with keys of its own, for example `github`
    #[arg(
        long = "issuer",
        value_name = "PATH",
        default_value = "",
        global = true
    )]
    path: String,
    /// The issuers' address: that of the in-process sandbox, or `https://localhost:PORT` of `serve`
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://issuer.sandbox.test",
        global = true
    )]
    base: String,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show the issuer's URL, its published keys and the one that signs, and where the roots are
    Show,
    /// Publish a new key beside the others, and sign with it from now on
    Rotate {
        /// Only publish it; the next `rotate` starts signing with it
        #[arg(long)]
        publish_only: bool,
    },
    /// Stop publishing the oldest key that does not sign
    Withdraw,
    /// Put another intermediate certificate in front of all issuers
    SwapChain {
        /// Under another root, too; the old roots stay trusted
        #[arg(long)]
        new_root: bool,
    },
    /// Print a token, signed with the key in use
    Token(Token),
}

#[derive(Debug, clap::Args)]
struct Token {
    /// For whom it is (`aud`; repeatable)
    #[arg(long, value_name = "TEXT", required = true)]
    audience: Vec<String>,
    /// Whose it is (`sub`)
    #[arg(long, value_name = "TEXT")]
    subject: String,
    /// A further claim; the value is JSON, or else a text (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = claim)]
    claim: Vec<(String, Value)>,
    /// Seconds since it was issued; below 0 for the future
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    age: i64,
    /// Seconds from its issue to its end
    #[arg(long, value_name = "SECONDS", default_value_t = crate::sandbox::issuer::TOKEN_SECONDS)]
    life: i64,
}

pub(super) fn run(of: &Issuer, output: &Output) -> Result<Exit> {
    let issuers = Issuers::new(Some(&of.state));
    let now = jiff::Timestamp::now().as_second();
    let path = of.path.trim_matches('/');
    let base = of.base.trim_end_matches('/');
    let name = issuer_url(base, path);
    match &of.command {
        Command::Show => {
            let mut shown = issuers.show(path, now).context("show the issuer")?;
            issuers.roots_pem(now).context("make the roots")?;
            shown["url"] = name.into();
            shown["ca"] = issuers
                .roots_file()
                .map(|file| file.display().to_string())
                .into();
            output.result(&format!("{shown:#}\n"));
        }
        Command::Rotate { publish_only: true } => {
            let kid = issuers.publish(path, now).context("publish a key")?;
            output.say(&format!(
                "{name} publishes key {kid} and does not sign with it yet."
            ));
        }
        Command::Rotate {
            publish_only: false,
        } => {
            let kid = issuers
                .rotate(path, now)
                .context("rotate the issuer's keys")?;
            output.say(&format!("{name} signs with key {kid}."));
        }
        Command::Withdraw => {
            let kid = issuers.withdraw(path, now).context("withdraw a key")?;
            output.say(&format!("{name} no longer publishes key {kid}."));
        }
        Command::SwapChain { new_root } => {
            issuers
                .swap_chain(*new_root, now)
                .context("swap the certificate chain")?;
            let what = if *new_root {
                "root and intermediate"
            } else {
                "intermediate"
            };
            output.say(&format!("All issuers present another {what}."));
        }
        Command::Token(token) => {
            let wanted = Wanted {
                audiences: token.audience.clone(),
                subject: token.subject.clone(),
                claims: token.claim.iter().cloned().collect::<Map<_, _>>(),
                age_seconds: token.age,
                life_seconds: Some(token.life),
            };
            let token = issuers
                .token(base, path, &wanted, now)
                .context("make a token")?;
            output.result(&format!("{token}\n"));
        }
    }
    Ok(Exit::Success)
}

fn claim(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::issuer::STABLE_HOST;

    #[test]
    fn the_address_of_the_in_process_sandbox_is_the_default() {
        use clap::Parser as _;

        #[derive(clap::Parser)]
        struct Alone {
            #[command(flatten)]
            issuer: Issuer,
        }
        let parsed = Alone::parse_from(["issuer", "show"]);
        assert_eq!(parsed.issuer.base, format!("https://{STABLE_HOST}"));
    }

    #[test]
    fn a_claim_is_json_or_a_text() {
        let json = |text: &str| claim(text).unwrap().1;
        assert_eq!(json("groups=[\"a\"]"), serde_json::json!(["a"]));
        assert_eq!(
            json("ref=refs/heads/main"),
            serde_json::json!("refs/heads/main")
        );
        claim("nothing").unwrap_err();
    }
}
