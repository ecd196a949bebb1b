//! Why a connection failed, in words for the person who can mend it.

use std::error::Error;
use std::io;

use rustls::CertificateError;

/// Why a connection failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What happened.
    pub text: String,
    /// What to do, where that is known.
    pub help: Option<&'static str>,
}

impl Cause {
    /// The innermost cause of an error says what happened; the outer ones only say that a request
    /// failed. TLS says in one word that nobody vouches for a server, and that is no help.
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        let mut cause = error;
        let mut certificate = certificate_error(cause);
        while let Some(inner) = cause.source() {
            cause = inner;
            certificate = certificate.or_else(|| certificate_error(cause));
        }
        match certificate {
            // A bad signature: an authority of the right name is trusted, and it is another one.
            Some(kind @ (CertificateError::UnknownIssuer | CertificateError::BadSignature)) => {
                Self {
                    text: format!(
                        "no authority that is trusted here vouches for the server's certificate ({kind:?})"
                    ),
                    help: Some(
                        "if the authority is your own, the operator's configuration can name its root certificate: [network] ca; a server that does not send its intermediate certificates, or a proxy that opens TLS, looks the same",
                    ),
                }
            }
            Some(_) | None => Self {
                text: cause.to_string(),
                help: None,
            },
        }
    }

    /// Both in one line.
    pub fn line(&self) -> String {
        match self.help {
            Some(help) => format!("{}; {help}", self.text),
            None => self.text.clone(),
        }
    }
}

/// What is wrong with the server's certificate, if this error says so. What an I/O error carries is
/// not among its sources.
fn certificate_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a CertificateError> {
    if let Some(carrier) = error.downcast_ref::<io::Error>() {
        return carrier.get_ref().and_then(|inner| certificate_error(inner));
    }
    match error.downcast_ref::<rustls::Error>() {
        Some(rustls::Error::InvalidCertificate(certificate)) => Some(certificate),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_an_authority_of_their_own_learns_where_to_name_it() {
        let unknown = || rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let carried = io::Error::other(io::Error::other(unknown()));
        for cause in [Cause::of(&unknown()), Cause::of(&carried)] {
            assert!(cause.text.contains("vouches"), "{cause:?}");
            assert!(cause.line().contains("[network] ca"), "{cause:?}");
        }
    }

    #[test]
    fn what_says_enough_is_left_as_it_is() {
        let expired = rustls::Error::InvalidCertificate(CertificateError::Expired);
        for (error, words) in [
            (io::Error::other(expired), "Expired"),
            (io::Error::other("connection refused"), "connection refused"),
        ] {
            let cause = Cause::of(&error);
            assert!(cause.text.contains(words), "{cause:?}");
            assert_eq!(cause.line(), cause.text);
        }
    }
}
