//! The listener of the issuers, and the port that is part of their names.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::SandboxError;
use crate::sandbox::exchange::Shared;
use crate::sandbox::issuer::{self, IssuerError, Issuers};

/// The listener of the issuers.
pub(super) struct Issuer {
    pub(super) issuers: Arc<Issuers>,
    pub(super) address: SocketAddr,
    pub(super) task: JoinHandle<()>,
}

impl Issuer {
    /// Listens at `asked`, or at the port kept from last time.
    pub(super) async fn start(
        issuers: Arc<Issuers>,
        asked: SocketAddr,
        kept: bool,
        shared: &Arc<Shared>,
    ) -> Result<Self, SandboxError> {
        let state = |error: IssuerError| SandboxError::Issuers(with_cause(&error));
        let last = if kept {
            issuers.port().map_err(state)?
        } else {
            None
        };
        let listener = match last {
            Some(port) => TcpListener::bind(SocketAddr::new(asked.ip(), port))
                .await
                .ok(),
            None => None,
        };
        let failed = |source| SandboxError::Listen {
            cloud: "the issuers",
            address: asked,
            source,
        };
        let listener = match listener {
            Some(listener) => listener,
            None => TcpListener::bind(asked).await.map_err(failed)?,
        };
        let address = listener.local_addr().map_err(failed)?;
        if kept {
            issuers.keep_port(address.port()).map_err(state)?;
        }
        let serving = issuer::serve(listener, Arc::clone(&issuers), Arc::clone(shared))
            .map_err(|error| SandboxError::Issuers(error.to_string()))?;
        Ok(Self {
            issuers,
            address,
            task: tokio::spawn(serving),
        })
    }
}

fn with_cause(error: &IssuerError) -> String {
    use std::error::Error as _;

    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
