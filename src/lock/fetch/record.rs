//! A verifier that keeps the chains it is shown, and leaves the verdict to the real one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

/// Keeps the last accepted chain of each host.
#[derive(Debug)]
pub(super) struct Recorder {
    real: Arc<dyn ServerCertVerifier>,
    chains: Mutex<BTreeMap<String, Vec<Vec<u8>>>>,
}

impl Recorder {
    pub(super) fn new(real: Arc<dyn ServerCertVerifier>) -> Self {
        Self {
            real,
            chains: Mutex::default(),
        }
    }

    /// What a host presented, its own certificate first.
    pub(super) fn chain(&self, host: &str) -> Option<Vec<Vec<u8>>> {
        // Nothing panics while it holds the lock; should it ever, what was kept still counts.
        let chains = self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        chains.get(host).cloned()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.real.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        // Only now: a chain that nobody vouches for must never be pinned.
        let chain = std::iter::once(end_entity)
            .chain(intermediates)
            .map(|certificate| certificate.to_vec())
            .collect();
        let mut chains = self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        chains.insert(server_name.to_str().into_owned(), chain);
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.real
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.real
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.real.supported_verify_schemes()
    }
}
