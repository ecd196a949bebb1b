//! `idform sandbox serve`, as far as the Huawei emulator needs it to be tried alone: everything
//! the real command line does better is left out.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request as Incoming;
use idform::sandbox::credentials;
use idform::sandbox::emulator::Emulator;
use idform::sandbox::huawei::HuaweiCloud;
use idform::sandbox::wire::{Request, Response};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::SignalKind;

const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
const BODY_BYTES: usize = 16 * 1024 * 1024;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (mut listen, mut state) = ("127.0.0.1:0".to_owned(), None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--listen" => listen = arguments.next().unwrap_or_default(),
            "--state" => state = arguments.next().map(PathBuf::from),
            _ => {}
        }
    }
    let cloud = Arc::new(HuaweiCloud::new(state.map(|folder| folder.join("huawei"))));
    let listener = TcpListener::bind(&listen).await?;
    let key = credentials::permanent("huawei", ACCOUNT)
        .ok_or_else(|| anyhow::anyhow!("no credentials"))?;
    let described = json!({"huawei": {
        "url": format!("http://{}", listener.local_addr()?),
        "account_id": ACCOUNT,
        "key_id": key.key_id,
        "secret": key.secret,
    }});
    writeln!(std::io::stdout(), "{described}")?;
    std::io::stdout().flush()?;
    let router = Router::new().fallback(move |incoming: Incoming| {
        let cloud = Arc::clone(&cloud);
        async move { outgoing(answer(&cloud, incoming).await) }
    });
    axum::serve(listener, router)
        .with_graceful_shutdown(async {
            let terminated = tokio::signal::unix::signal(SignalKind::terminate());
            if let Ok(mut terminated) = terminated {
                tokio::select! {
                    _ = tokio::signal::ctrl_c() => {}
                    _ = terminated.recv() => {}
                }
            }
        })
        .await?;
    Ok(())
}

async fn answer(cloud: &HuaweiCloud, incoming: Incoming) -> Response {
    let (head, body) = incoming.into_parts();
    let request = Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body: to_bytes(body, BODY_BYTES)
            .await
            .map(|body| body.to_vec())
            .unwrap_or_default(),
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or_default();
    cloud.answer(&request, now)
}

fn outgoing(response: Response) -> axum::response::Response {
    let mut builder = axum::response::Response::builder().status(response.status);
    for (name, value) in response.headers {
        builder = builder.header(name, value);
    }
    builder
        .body(Body::from(response.body))
        .unwrap_or_else(|_| axum::response::Response::new(Body::empty()))
}
