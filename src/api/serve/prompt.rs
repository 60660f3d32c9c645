//! A stream whose other end must begin to speak in time.
//!
//! The protocol is told from the first bytes, and until they are there no limit of HTTP runs.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// The first bytes: as many as tell HTTP/2 from all else.
const GREETING_BYTES: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

/// The stream.
pub(super) struct Prompt<I> {
    stream: I,
    greeting: Option<Greeting>,
}

/// A greeting that is not complete.
struct Greeting {
    read: usize,
    limit: Pin<Box<Sleep>>,
}

impl<I> Prompt<I> {
    /// Gives the other end so long for its first bytes.
    pub(super) fn new(stream: I, patience: Duration) -> Self {
        let greeting = Greeting { read: 0, limit: Box::pin(tokio::time::sleep(patience)) };
        Self { stream, greeting: Some(greeting) }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Prompt<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let Some(greeting) = &mut self.greeting else { return read };
        greeting.read += buffer.filled().len() - before;
        if greeting.read >= GREETING_BYTES {
            self.greeting = None;
        } else if read.is_pending() && greeting.limit.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Prompt<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_is_cut() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut server = Prompt::new(server, Duration::from_secs(10));
        client.write_all(b"P").await.unwrap();
        let error = server.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_greeted_may_be_quiet() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut server = Prompt::new(server, Duration::from_secs(10));
        client.write_all(&[b'x'; GREETING_BYTES]).await.unwrap();
        let quiet = async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            drop(client);
        };
        let mut heard = Vec::new();
        let (read, ()) = tokio::join!(server.read_to_end(&mut heard), quiet);
        assert_eq!(read.unwrap(), GREETING_BYTES);
    }
}
