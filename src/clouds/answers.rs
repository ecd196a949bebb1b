//! What the kinds of all clouds make of answers, whatever is in them. Pure.

use crate::provider::{Answer, ErrorClass, ProviderError, Reply};

/// The reply to a call, where there is one.
///
/// # Errors
/// The cloud's own; or that nothing was kept of the call, which is a bug of this program.
pub(super) fn came<'a>(
    call: &'static str,
    answer: Option<&'a Answer>,
) -> Result<&'a Reply, ProviderError> {
    match answer {
        Some(Ok(reply)) => Ok(reply),
        Some(Err(error)) => Err(error.clone()),
        None => Err(malformed(
            call,
            "no answer was kept of this call; this is a bug in idform",
            None,
        )),
    }
}

/// The error for a successful answer that does not hold what is documented.
pub(super) fn malformed(
    call: &'static str,
    what: &str,
    request_id: Option<String>,
) -> ProviderError {
    ProviderError {
        request_id,
        ..ProviderError::new(ErrorClass::Protocol, call, what)
    }
}
