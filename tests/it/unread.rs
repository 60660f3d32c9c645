//! Readers that do not read: some leave the lines in their stream's window, some do not even read
//! from their socket. They cost the server a bounded amount, others are served meanwhile, and when
//! they read on they are told every change in order.

use crate::crash::is_away;
use crate::process::{Process, Sandbox, client};
use crate::waiting;
use docket::api::proto::v1::application_service_client::ApplicationServiceClient;
use docket::api::proto::v1::{WatchChangesRequest, WatchChangesResponse};
use hyper_util::rt::TokioIo;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tonic::Streaming;
use tonic::transport::{Channel, Endpoint};

/// Those who do not read, of each kind, and how many share a connection.
const UNREAD: usize = 100;
const SHARED: usize = 10;
/// The changes that they miss.
const CHANGES: usize = 20_000;
/// Those who bring applications.
const CLIENTS: usize = 16;
/// What one that does not read may cost the server: the send buffer of its stream, a message that
/// is being written, a page of lines that are ready. All that it misses would be twenty times that.
const COST_KIB: u64 = 512;
const PATIENCE: Duration = Duration::from_secs(600);

type Client = ApplicationServiceClient<Channel>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_costs_little_and_misses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), "instant");
    let mut settings = sandbox.settings();
    settings.push(("DOCKET_DATA", folder.path().join("data").display().to_string()));
    let docket = Process::start(&["serve", "--listen", "127.0.0.1:0"], &settings);
    let mut reader = Reader::begin(client(&docket.address), "").await;
    reader.complete().await;
    let next = Arc::new(AtomicU32::new(0));
    // What the store takes for itself must not be laid to those who do not read.
    let empty = docket.resident_kib();
    bring(&docket.address, &next, &mut reader, CHANGES / 2).await;
    let before = docket.resident_kib();
    let for_the_store = 2 * before.saturating_sub(empty);

    let (mut idle, mut deaf, mut ears) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..UNREAD / SHARED {
        let (with_ear, ear) = deaf_client(&docket.address).await;
        let with_window = small_client(&docket.address);
        for _ in 0..SHARED {
            idle.push(Reader::begin(with_window.clone(), &reader.token).await);
            deaf.push(Reader::begin(with_ear.clone(), &reader.token).await);
        }
        ear.close();
        ears.push(ear);
    }
    let missed = reader.told.len();
    let begun = Instant::now();
    bring(&docket.address, &next, &mut reader, missed + CHANGES).await;
    let (after, took) = (docket.resident_kib(), begun.elapsed().as_secs_f64());
    crate::report(&format!(
        "{UNREAD} readers that do not read and {UNREAD} with deaf sockets, {CHANGES} changes in {took:.0} s: \
         resident memory {before} KiB before, {after} KiB after; {for_the_store} KiB are the store's"
    ));
    let limit = before + for_the_store + 2 * UNREAD as u64 * COST_KIB;
    assert!(after < limit, "{before} KiB before, {after} KiB after, and {limit} KiB at most");

    // Two of each kind go on; the others would be told all the same.
    let going_on: Vec<_> = idle.into_iter().chain(deaf).step_by(UNREAD / 2).collect();
    ears.iter().for_each(Ear::open);
    let missed = &reader.told[missed..];
    for mut unread in going_on {
        unread.read(missed.len()).await;
        assert!(unread.told[..missed.len()] == *missed, "not what was missed, or not in order");
    }
}

/// Brings applications until the reader has heard of so many changes.
async fn bring(address: &str, next: &Arc<AtomicU32>, reader: &mut Reader, count: usize) {
    let is_enough = Arc::new(AtomicBool::new(false));
    let channel = client(address);
    let bringing: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (next, is_enough) = (Arc::clone(next), Arc::clone(&is_enough));
            let mut client = channel.clone();
            tokio::spawn(async move {
                while !is_enough.load(Ordering::Relaxed) {
                    let request = waiting::request(next.fetch_add(1, Ordering::Relaxed));
                    client.create_application(request).await.unwrap();
                }
            })
        })
        .collect();
    reader.read(count).await;
    is_enough.store(true, Ordering::Relaxed);
    for task in bringing {
        task.await.unwrap();
    }
}

/// One who watches all, and what was told.
struct Reader {
    client: Client,
    lines: Streaming<WatchChangesResponse>,
    token: String,
    told: Vec<(String, i64)>,
}

impl Reader {
    async fn begin(mut client: Client, token: &str) -> Self {
        let request = WatchChangesRequest { resume_token: token.to_owned(), ..Default::default() };
        let lines = client.watch_changes(request).await.unwrap().into_inner();
        Self { client, lines, token: token.to_owned(), told: Vec::new() }
    }

    async fn complete(&mut self) {
        let complete = self.lines.message().await.unwrap().unwrap();
        assert!(complete.application.is_none() && !complete.resume_token.is_empty());
        self.token = complete.resume_token;
    }

    /// Reads until so many changes were told. One whose socket was deaf for too long was cut off,
    /// because it did not answer: it comes back with its token.
    async fn read(&mut self, count: usize) {
        let until = tokio::time::Instant::now() + PATIENCE;
        while self.told.len() < count {
            let line = tokio::time::timeout_at(until, self.lines.message()).await;
            match line.unwrap_or_else(|_| panic!("{} of {count} were told", self.told.len())) {
                Ok(line) => {
                    let line = line.expect("a stream has no end");
                    self.told.extend(line.application.map(|it| (it.name, it.version)));
                    self.token = line.resume_token;
                }
                Err(status) => {
                    assert!(is_away(&status), "{status}");
                    let told = std::mem::take(&mut self.told);
                    *self = Self { told, ..Self::begin(self.client.clone(), &self.token).await };
                }
            }
        }
    }
}

/// A client whose streams have small windows: those that are not read leave room for the others.
fn small_client(address: &str) -> Client {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let endpoint = endpoint.initial_stream_window_size(64 << 10).initial_connection_window_size(4 << 20);
    Client::new(endpoint.connect_lazy())
}

/// A client whose socket can be made deaf, with windows so large that nothing else limits what the
/// server sends.
async fn deaf_client(address: &str) -> (Client, Ear) {
    let ear = Ear::default();
    let (given, to) = (ear.clone(), address.to_owned());
    let connect = tower::service_fn(move |_| {
        let (ear, to) = (given.clone(), to.clone());
        async move { io::Result::Ok(TokioIo::new(Deaf { stream: TcpStream::connect(to).await?, ear })) }
    });
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let endpoint = endpoint.initial_stream_window_size(64 << 20).initial_connection_window_size(1 << 30);
    (Client::new(endpoint.connect_with_connector(connect).await.unwrap()), ear)
}

/// Whether a socket is read.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Listening>>);

#[derive(Default)]
struct Listening {
    is_deaf: bool,
    waiting: Option<Waker>,
}

impl Ear {
    fn close(&self) {
        self.0.lock().unwrap().is_deaf = true;
    }

    fn open(&self) {
        let mut listening = self.0.lock().unwrap();
        listening.is_deaf = false;
        if let Some(waiting) = listening.waiting.take() {
            waiting.wake();
        }
    }
}

/// A socket that is not read while its ear is closed.
struct Deaf {
    stream: TcpStream,
    ear: Ear,
}

impl AsyncRead for Deaf {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        {
            let mut listening = self.ear.0.lock().unwrap();
            if listening.is_deaf {
                listening.waiting = Some(context.waker().clone());
                return Poll::Pending;
            }
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Deaf {
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
}
