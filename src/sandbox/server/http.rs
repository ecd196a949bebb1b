//! One cloud's listener: requests as the emulators read them, and the answers back.

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::ConnectInfo;
use tokio::sync::Semaphore;

use crate::sandbox::connection::{Breaker, Listener};
use crate::sandbox::exchange::{BODY_LIMIT_BYTES, Served, exchange};
use crate::sandbox::wire::Request;

/// Serves until the sandbox stops, and then what is in flight.
pub(super) async fn serve(listener: Listener, served: Arc<Served>, in_flight: Arc<Semaphore>) {
    let stopping = served.shared.stopping.clone();
    let router = Router::new().fallback(
        move |ConnectInfo(breaker): ConnectInfo<Breaker>, request: axum::extract::Request| {
            let served = Arc::clone(&served);
            let in_flight = Arc::clone(&in_flight);
            async move {
                // On a task of its own: a client that gives up does not stop a cloud.
                let work = tokio::spawn(async move {
                    let _permit = in_flight.acquire_owned().await;
                    receive(served, request, breaker).await
                });
                work.await.unwrap_or_else(|_| refused(500))
            }
        },
    );
    let service = router.into_make_service_with_connect_info::<Breaker>();
    // `axum::serve` never returns an error; it retries `accept` by itself.
    let _ = axum::serve(listener, service)
        .with_graceful_shutdown(stopping.cancelled_owned())
        .await;
}

async fn receive(
    served: Arc<Served>,
    request: axum::extract::Request,
    breaker: Breaker,
) -> axum::response::Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT_BYTES).await else {
        return refused(413);
    };
    let request = Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect(),
        body: body.to_vec(),
    };
    exchange(served, request, breaker).await
}

fn refused(status: u16) -> axum::response::Response {
    let mut response = axum::response::Response::new(axum::body::Body::empty());
    if let Ok(status) = axum::http::StatusCode::from_u16(status) {
        *response.status_mut() = status;
    }
    response
}
