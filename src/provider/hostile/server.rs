//! A server that answers everybody in one manner.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::provider::transport::RESPONSE_LIMIT;

/// What lies in the buffers of sockets when a client stops reading.
pub(super) const GUARD: usize = 16 << 20;

/// How it answers.
#[derive(Clone)]
pub(super) enum Manner {
    /// Writes these bytes and closes.
    Says(Vec<u8>),
    /// Repeats the request's body in the text of a failure.
    Echoes { code: i64 },
    /// Writes a body without end, with or without saying so before.
    Floods { announced: bool },
    /// Writes a byte now and then.
    Drips,
}

/// A running server.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    /// Whether it repeats requests.
    pub(super) echoes: bool,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Method and path of every request.
    requests: Mutex<Vec<String>>,
    /// The most that was written to one connection.
    written: AtomicUsize,
    /// Connections that are being served.
    open: AtomicUsize,
}

/// What is granted to whoever asks for a token.
pub(super) const TOKEN: &str = "2ae85e8e10ca12f2";

impl Server {
    /// Starts a server that grants tokens and answers everything else in this manner.
    pub(super) async fn start(manner: Manner) -> Self {
        Self::start_with(manner, true).await
    }

    /// Starts a server; one that does not grant answers whoever asks for a token like anybody.
    pub(super) async fn start_with(manner: Manner, grants: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let shared = Arc::clone(&seen);
        let echoes = matches!(manner, Manner::Echoes { .. });
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manner, seen) = (manner.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    seen.open.fetch_add(1, Ordering::SeqCst);
                    let _cut = serve(stream, &manner, grants, &seen).await;
                    seen.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, echoes, seen }
    }

    /// Lists the requests that came.
    pub(super) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// Says how much was written to one connection at most, once all are closed.
    pub(super) async fn written_at_most(&self) -> usize {
        while self.seen.open.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.seen.written.load(Ordering::SeqCst)
    }
}

/// Reads one request and answers it.
async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    manner: &Manner,
    grants: bool,
    seen: &Seen,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or_default()];
    stream.read_exact(&mut body).await?;
    let request = head.split(" HTTP/").next().unwrap_or_default().to_owned();
    let asks_for_token = request.ends_with("/client/authorize/token");
    seen.requests.lock().unwrap().push(request);
    if asks_for_token && grants {
        let granted = format!(r#"{{"code":0,"data":{{"token":"{TOKEN}"}}}}"#);
        return finish(stream, &http("200 OK", "", granted)).await;
    }
    match manner {
        Manner::Says(answer) => finish(stream, answer).await,
        Manner::Echoes { code } => {
            let text = serde_json::to_string(&String::from_utf8_lossy(&body)).unwrap();
            let answer = format!(r#"{{"code":{code},"msg":{text}}}"#);
            finish(stream, &http("200 OK", "", answer)).await
        }
        Manner::Floods { announced } => {
            let length = format!("Content-Length: {}\r\n", RESPONSE_LIMIT + 1);
            let length = if *announced { &*length } else { "" };
            stream
                .write_all(format!("HTTP/1.1 200 OK\r\n{length}Connection: close\r\n\r\n").as_bytes())
                .await?;
            let mut written = 0;
            loop {
                written += stream.write(&[b' '; 64 * 1024]).await?;
                seen.written.fetch_max(written, Ordering::SeqCst);
            }
        }
        Manner::Drips => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"code\":0").await?;
            loop {
                stream.write_all(b" ").await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

async fn finish(mut stream: impl AsyncWrite + Unpin, answer: &[u8]) -> std::io::Result<()> {
    stream.write_all(answer).await?;
    stream.shutdown().await
}

/// Writes an answer of HTTP; the length is right.
pub(super) fn http(line: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head =
        format!("HTTP/1.1 {line}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Compresses a text.
pub(super) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Makes a small body that inflates to as many mebibytes.
pub(super) fn bomb(mebibytes: usize) -> Vec<u8> {
    gzip(&vec![b' '; 1 << 20]).repeat(mebibytes)
}
