//! Sending a case as it says: signed well unless told otherwise, or byte by byte.

use super::case::{Case, Contract, Header, Sign};
use docket::clock;
use md5::{Digest as _, Md5};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long an answer may take: a body has 30 s, and so have headers.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was answered.
#[derive(Debug)]
pub(super) struct Said {
    /// The status; 0 if the connection ended without one.
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Sends a case and hears what is said.
pub(super) async fn send(address: &str, case: &Case) -> Said {
    let talk = async {
        match (&case.raw, case.trickle) {
            (Some(raw), _) => talk(address, &raw.bytes(), None).await,
            (None, Some(every)) => {
                let (method, path) = case.target();
                let mut headers = BTreeMap::new();
                if case.contract() == Contract::Signed {
                    sign(b" ", &case.sign, &mut headers);
                }
                let headers = headers.iter().map(|(name, values)| format!("{name}: {}\r\n", values[0]));
                let headers: String = headers.collect();
                let head =
                    format!("{method} {path} HTTP/1.1\r\nhost: a\r\n{headers}content-length: 99999\r\n\r\n");
                talk(address, head.as_bytes(), Some(Duration::from_millis(every))).await
            }
            (None, None) => request(address, case).await,
        }
    };
    tokio::time::timeout(PATIENCE, talk).await.unwrap_or_else(|_| panic!("{}: no answer", case.name))
}

async fn request(address: &str, case: &Case) -> Said {
    let content = case.content();
    let mut headers = BTreeMap::from([("content-type".to_owned(), vec!["application/json".to_owned()])]);
    let body = match case.contract() {
        Contract::Halves | Contract::Other => content,
        Contract::Sealed if case.is_as_given() => content,
        Contract::Sealed => sealed(&content, &case.sign),
        Contract::Signed => {
            sign(&content, &case.sign, &mut headers);
            content
        }
    };
    for (name, header) in &case.headers {
        match header {
            Header::Absent(()) => drop(headers.remove(name)),
            Header::Once(value) => drop(headers.insert(name.clone(), vec![value.clone()])),
            Header::Often(values) => drop(headers.insert(name.clone(), values.clone())),
        }
    }
    let (method, path) = case.target();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = http.request(method.parse().unwrap(), format!("http://{address}{path}"));
    for (name, values) in headers {
        for value in values {
            request = request.header(&name, value.as_bytes());
        }
    }
    let answer = request.body(body).send().await.unwrap_or_else(|error| panic!("{}: {error:?}", case.name));
    let status = answer.status().as_u16();
    Said { status, body: answer.bytes().await.unwrap().to_vec() }
}

/// Puts an envelope round arguments.
fn sealed(args: &[u8], sign: &Sign) -> Vec<u8> {
    let ua = sign.ua.as_deref().unwrap_or("PARTNER_7");
    let key = format!("{ua}{}{ua}", sign.secret());
    let over = sign.over.as_ref().map_or_else(|| args.to_vec(), |over| over.bytes());
    let call = sign.call.as_ref().map(|call| format!("{call}{key}")).unwrap_or_default();
    let signed = [key.as_bytes(), call.as_bytes(), &over, key.as_bytes()].concat();
    let value = sign.value.clone().unwrap_or_else(|| hex::encode(Md5::digest(signed)));
    let args = if sign.as_string {
        serde_json::to_vec(std::str::from_utf8(args).unwrap()).unwrap()
    } else {
        args.to_vec()
    };
    let call = sign.call.as_ref().map(|call| format!(r#","call":"{call}""#)).unwrap_or_default();
    let head = format!(r#"{{"ua":"{ua}","sign":"{value}","timeStamp":"1544600000"{call},"args":"#);
    [head.as_bytes(), &args, b"}"].concat()
}

/// Adds the headers of a signed push.
fn sign(body: &[u8], sign: &Sign, headers: &mut BTreeMap<String, Vec<String>>) {
    const CLIENT: &str = "THIRDPARTY_QUNADAI";
    let now = i64::try_from(clock::now().as_millis()).unwrap();
    let time = sign.time.clone().unwrap_or_else(|| (now - sign.late_s * 1_000).to_string());
    let over = sign.over.as_ref().map_or_else(|| body.to_vec(), |over| over.bytes());
    let signed = [CLIENT.as_bytes(), time.as_bytes(), &over, sign.secret().as_bytes()].concat();
    let value = sign.value.clone().unwrap_or_else(|| hex::encode(Md5::digest(signed)));
    for (name, value) in [("clientId", CLIENT.to_owned()), ("clientTime", time), ("s", value)] {
        headers.insert(name.to_owned(), vec![value]);
    }
}

/// Writes bytes, and then a space every so often, until the server has answered or hung up.
async fn talk(address: &str, bytes: &[u8], every: Option<Duration>) -> Said {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let bytes = bytes.to_vec();
    let writing = tokio::spawn(async move {
        // A server that has answered need not take the rest.
        let mut written = writer.write_all(&bytes).await;
        while let (Ok(()), Some(every)) = (&written, every) {
            tokio::time::sleep(every).await;
            written = writer.write_all(b" ").await;
        }
        writer
    });
    let mut answer = Vec::new();
    loop {
        match reader.read_buf(&mut answer).await {
            Ok(0) | Err(_) => break,
            Ok(_) if is_whole(&answer) => break,
            Ok(_) => {}
        }
    }
    writing.abort();
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.as_bytes().to_vec()).unwrap_or_default();
    Said { status, body }
}

/// Whether an answer has come in whole, by the length that it tells.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
    });
    length.is_some_and(|length| body.len() >= length)
}
