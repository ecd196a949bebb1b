//! Connections that can be broken on purpose, which no HTTP library offers.
//!
//! The socket is wrapped: a request's handler holds the [`Breaker`] of its connection and decides
//! how many more bytes may leave. This is exact (a dropped connection sends not one byte) and
//! leaves the HTTP library itself untouched.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// A pause after a failed `accept` (out of file descriptors), so that it does not spin.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// A loopback listener whose connections can be broken.
pub(crate) struct Listener {
    inner: TcpListener,
    abandon: CancellationToken,
}

impl Listener {
    /// Wraps a bound listener; once `abandon` is cancelled its connections read as closed.
    pub(crate) fn new(inner: TcpListener, abandon: CancellationToken) -> Self {
        Self { inner, abandon }
    }
}

impl axum::serve::Listener for Listener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            match self.inner.accept().await {
                Ok((stream, address)) => {
                    // Answers are small and whole; waiting to fill packets only slows tests.
                    let _ = stream.set_nodelay(true);
                    let connection = Connection {
                        stream,
                        breaker: Breaker::default(),
                        abandoned: Box::pin(self.abandon.clone().cancelled_owned()),
                    };
                    return (connection, address);
                }
                Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

/// Breaks one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Breaker(Arc<Mutex<Gate>>);

impl Breaker {
    /// Not one more byte leaves; the connection closes at the next attempt.
    pub(crate) fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Gate::Closed;
    }

    /// The next answer's head and `bytes` of its body leave, then the connection closes.
    pub(crate) fn close_after_body(&self, bytes: usize) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Gate::Cut {
            head_end_seen: 0,
            left: bytes,
        };
    }
}

impl Connected<IncomingStream<'_, Listener>> for Breaker {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        stream.io().breaker.clone()
    }
}

/// What may still leave.
#[derive(Debug, Clone, Copy, Default)]
enum Gate {
    #[default]
    Open,
    /// The rest of the head, of whose final empty line `head_end_seen` bytes went by, then `left`
    /// bytes of the body.
    Cut {
        head_end_seen: usize,
        left: usize,
    },
    Closed,
}

const HEAD_END: &[u8] = b"\r\n\r\n";

impl Gate {
    /// How many of these bytes may leave; accounts for them.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Open => bytes.len(),
            Self::Closed => 0,
            Self::Cut {
                head_end_seen,
                left,
            } => {
                let mut passed = 0;
                for byte in bytes {
                    if *head_end_seen < HEAD_END.len() {
                        *head_end_seen = if *byte == HEAD_END[*head_end_seen] {
                            *head_end_seen + 1
                        } else {
                            usize::from(*byte == HEAD_END[0])
                        };
                    } else if *left > 0 {
                        *left -= 1;
                    } else {
                        break;
                    }
                    passed += 1;
                }
                passed
            }
        }
    }
}

/// A socket behind its gate.
pub(crate) struct Connection {
    stream: TcpStream,
    breaker: Breaker,
    abandoned: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.abandoned.as_mut().poll(context).is_ready() {
            return Poll::Ready(Ok(())); // nothing read: end of stream
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let breaker = self.breaker.clone();
        let mut gate = breaker.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Judge on a copy: the socket may take less than the gate would let pass.
        let allowed = { *gate }.pass(bytes);
        if allowed == 0 && !bytes.is_empty() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let written = Pin::new(&mut self.stream).poll_write(context, &bytes[..allowed]);
        if let Poll::Ready(Ok(count)) = written {
            gate.pass(&bytes[..count]);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_counts_from_the_end_of_the_head() {
        let mut gate = Gate::Cut {
            head_end_seen: 0,
            left: 3,
        };
        assert_eq!(gate.pass(b"HTTP/1.1 200 OK\r\nx: y\r"), 22);
        assert_eq!(gate.pass(b"\n\r\nabcdef"), 6);
        assert_eq!(gate.pass(b"def"), 0);
    }
}
