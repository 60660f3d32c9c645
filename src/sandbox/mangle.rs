//! Answers that are wrong on purpose.
//!
//! Owns what each fault looks like on the wire. It must never decide that one comes.

use std::io::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compress, Compression, Crc, FlushCompress};
use serde_json::{Value, json};

use super::TRAP;
use super::faults::Fault;
use super::reply::{Answer, Delivery, HTML, JSON};
use crate::provider::wire::{INPUT_ERROR, SYSTEM_ERROR, TOKEN_REJECTED};

/// Bytes of a huge answer: more than 20 MiB.
const HUGE: usize = 21 << 20;
/// MiB that the bomb inflates to.
const BOMB_MIB: usize = 1_126;
/// Bytes of a hostile text.
const HOSTILE: usize = 1 << 20;

/// The answer of a fault; `said` is what the caller sent in secret, `answer` what was made, if the
/// call was processed.
pub(super) fn mangled(fault: Fault, answer: Answer, said: &str, late: Duration) -> Answer {
    match fault {
        Fault::RequestCut | Fault::Cut => Answer { delivery: Delivery::Cut, ..answer },
        Fault::Late => Answer { delay: late, ..answer },
        Fault::Drip => Answer { delivery: Delivery::Dripped, ..answer },
        Fault::BadRequest => page(400, "Bad Request"),
        Fault::Unauthorized => page(401, "Unauthorized"),
        Fault::Forbidden => page(403, "Forbidden"),
        Fault::NotFound => page(404, "Not Found"),
        Fault::ServerError => page(500, "Internal Server Error"),
        Fault::BadGateway => page(502, "Bad Gateway"),
        Fault::Unavailable => page(503, "Service Temporarily Unavailable"),
        Fault::TooManyRequests => page(429, "Too Many Requests").with_header("retry-after", "2"),
        Fault::HtmlPage => page(200, "Welcome"),
        Fault::Redirect => page(307, "Temporary Redirect").with_header("location", TRAP),
        Fault::SystemError => envelope(SYSTEM_ERROR, "系统错误"),
        Fault::TokenRejected => envelope(INPUT_ERROR, TOKEN_REJECTED),
        Fault::Refused => envelope(INPUT_ERROR, "输入错误"),
        Fault::HostileText => envelope(SYSTEM_ERROR, &hostile(said)),
        Fault::Garbage => body(answer, (0..=255).rev().collect::<Vec<u8>>()),
        Fault::Empty => body(answer, Bytes::new()),
        Fault::Huge => changed(answer, |reply| reply["padding"] = "x".repeat(HUGE).into()),
        Fault::CodeText => changed(answer, |reply| reply["code"] = reply["code"].to_string().into()),
        Fault::StateText => changed(answer, |reply| {
            if let Some(state) = reply.pointer_mut("/data/state") {
                *state = state.to_string().into();
            }
        }),
        Fault::DataList => changed(answer, |reply| reply["data"] = json!([reply["data"]])),
        Fault::MissingMembers => changed(answer, |reply| {
            reply["data"] = json!({});
            if let Some(reply) = reply.as_object_mut() {
                reply.remove("msg");
            }
        }),
        Fault::UnknownMembers => changed(answer, |reply| {
            reply["trace"] = json!({"id": 1, "hops": ["a", null, {"b": 1.5e300}]});
            if let Some(data) = reply.get_mut("data").and_then(Value::as_object_mut) {
                data.insert("extra".to_owned(), json!([{"deep": {"deeper": [[]]}}]));
            }
        }),
        Fault::Gzip => gzipped(answer),
        Fault::GzipBomb => body(answer, Bytes::from_static(bomb())).with_header("content-encoding", "gzip"),
    }
}

fn page(status: u16, title: &str) -> Answer {
    let text = format!(
        "<html><head><title>{status} {title}</title></head><body><h1>{status} {title}</h1></body></html>"
    );
    Answer::sent(status, HTML, text)
}

fn envelope(code: i64, msg: &str) -> Answer {
    Answer::sent(200, JSON, json!({"code": code, "msg": msg}).to_string())
}

fn body(answer: Answer, body: impl Into<Bytes>) -> Answer {
    Answer { body: body.into(), ..answer }
}

fn changed(answer: Answer, change: impl FnOnce(&mut Value)) -> Answer {
    let Ok(mut reply) = serde_json::from_slice::<Value>(&answer.body) else { return answer };
    change(&mut reply);
    body(answer, reply.to_string())
}

fn gzipped(answer: Answer) -> Answer {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = encoder.write_all(&answer.body).and_then(|()| encoder.finish());
    let packed = packed.expect("memory takes everything that is written to it");
    body(answer, packed).with_header("content-encoding", "gzip")
}

fn hostile(said: &str) -> String {
    let mut text = format!(
        "\u{1b}[2J\u{1b}]0;owned\u{7}\r\nlevel=error forged line\n<script>alert(1)</script>\u{0}\u{202e}{said}"
    );
    text.push_str(&"\u{8}x".repeat((HOSTILE - text.len()) / 2));
    text
}

/// A gzip stream of zeros: one block that inflates to a MiB, repeated, since a full flush makes
/// blocks forget what came before.
fn bomb() -> &'static [u8] {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    BOMB.get_or_init(|| {
        let zeros = vec![0; 1 << 20];
        let mut block = Vec::with_capacity(64 << 10);
        let done =
            Compress::new(Compression::best(), false).compress_vec(&zeros, &mut block, FlushCompress::Full);
        done.expect("zeros can be compressed");
        let mut crc = Crc::new();
        let mut one = Crc::new();
        one.update(&zeros);
        let mut stream = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        for _ in 0..BOMB_MIB {
            stream.extend_from_slice(&block);
            crc.combine(&one);
        }
        let end = DeflateEncoder::new(Vec::new(), Compression::best()).finish();
        stream.extend(end.expect("nothing can be compressed"));
        stream.extend(crc.sum().to_le_bytes());
        stream.extend(((BOMB_MIB << 20) as u32).to_le_bytes());
        stream
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn the_bomb_is_tiny_and_whole() {
        assert!(bomb().len() < 2 << 20, "{}", bomb().len());
        let mut decoder = GzDecoder::new(bomb());
        let (mut inflated, mut buffer) = (0_u64, vec![0; 1 << 20]);
        loop {
            match decoder.read(&mut buffer).expect("it is a gzip stream to its last byte") {
                0 => break,
                read => inflated += read as u64,
            }
        }
        assert_eq!(inflated, (BOMB_MIB as u64) << 20);
        assert!(inflated > 1 << 30);
    }
}
