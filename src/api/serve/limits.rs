//! The limits of the port, set by name: tonic and hyper leave most of them open.

use crate::api::convert;
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto::Builder;
use std::time::Duration;

/// The largest message, in either direction: an application with operator data and a full address
/// book, or a full page of a list.
pub(super) const MESSAGE: usize = 4 << 20;

/// Connections at once: services keep one, dashboards a few.
pub(super) const CONNECTIONS: usize = 4_096;

/// Requests and streams at once on all connections together: what one client could open on its many
/// connections would be more than a machine holds.
pub(super) const REQUESTS: usize = 8_192;

/// Requests and streams at once on one connection, which is also how many of it are worked on.
const STREAMS: u32 = 1_024;

/// Streams that a client may open and reset before the connection is closed (CVE-2023-44487).
const RESET_STREAMS: usize = 32;

/// Streams that are reset for a client's own mistakes before the connection is closed.
const FAULTY_STREAMS: usize = 256;

/// The largest list of headers, in bytes; ours are below 1 KiB.
const HEADERS: u32 = 16 << 10;

/// The most header fields of a plain HTTP request.
const HEADER_FIELDS: usize = 64;

/// The largest frame, in bytes: the protocol's own default.
const FRAME: u32 = 16 << 10;

/// What a client may send on one stream, and on one connection, before it is read, in bytes: hyper's
/// own default, so that a connection holds no more however many streams it has.
const WINDOW: u32 = 1 << 20;

/// What is kept for one stream whose client does not read, in bytes.
const SEND_BUFFER: usize = 64 << 10;

/// How long a connection may take to say which protocol it speaks.
pub(super) const GREETING: Duration = Duration::from_secs(10);

/// How long the headers of a plain HTTP request may take, and how long a connection may idle
/// between two.
const HEADER_READ: Duration = Duration::from_secs(30);

/// A quiet connection is asked whether it lives after so long.
const PING_EVERY: Duration = Duration::from_secs(30);

/// A connection that does not answer is closed after so long.
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a request may take that is not there to wait.
pub(super) const REQUEST: Duration = Duration::from_secs(30);

/// How long a request may take that is there to wait.
pub(super) const PATIENT: Duration = convert::WAIT_LIMIT.saturating_add(REQUEST);

/// How long requests may still take once the server leaves.
pub(super) const DRAIN: Duration = Duration::from_secs(10);

/// How long accepting rests after the system could not give a connection.
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A builder of connections with all limits set.
pub(super) fn builder<E>(executor: E) -> Builder<E> {
    let mut builder = Builder::new(executor);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ)
        .max_buf_size(HEADERS as usize)
        .max_headers(HEADER_FIELDS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(RESET_STREAMS)
        .max_local_error_reset_streams(FAULTY_STREAMS)
        .max_header_list_size(HEADERS)
        .max_frame_size(FRAME)
        .adaptive_window(false)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_send_buf_size(SEND_BUFFER);
    builder
}
