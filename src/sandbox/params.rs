//! The parameters of a call, whatever they came in.
//!
//! Owns inflation, the choice between JSON, form fields and multipart (spec 005 A-002-7), and the
//! checks that name a missing field. It must never know an endpoint.

mod form;
mod nest;

use std::io::Read as _;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use futures_util::FutureExt as _;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::reply::Setback;
use super::request::{MAX_BODY, Request};

/// Parts that a multipart body may have; the print needs two dozen.
const MAX_PARTS: usize = 1_000;

/// Parameters by name.
#[derive(Debug)]
pub(super) struct Params {
    fields: Map<String, Value>,
    /// They came as JSON, where types show.
    pub(super) is_json: bool,
    /// A `POST` had parameters in its query, where proxies log them.
    pub(super) is_in_query: bool,
}

impl Params {
    /// Collects the parameters of the query, and of the body where there is one.
    pub(super) fn of(request: &Request) -> Result<Self, Setback> {
        let query = request.query.as_deref().unwrap_or_default();
        let query =
            form::fields(query.as_bytes()).ok_or_else(|| Setback::input("输入错误: query is not UTF-8"))?;
        let is_post = request.method == http::Method::POST;
        let is_in_query = is_post && !query.is_empty();
        let (mut fields, mut is_json) = (nest::nested(query), false);
        if is_post {
            let body = inflated(request)?;
            let mut found;
            (found, is_json) = body_fields(request.content_type.as_deref(), body)?;
            fields.append(&mut found);
        }
        Ok(Self { fields, is_json, is_in_query })
    }

    /// A text among the parameters, whether or not the call knows it.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }

    /// A value among the parameters, whether or not the call knows it.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// What the caller sent in secret, to be echoed by the fault that does so.
    pub(super) fn secrets(&self) -> String {
        const SECRETS: [&str; 6] =
            ["token", "password", "service_password", "query_password", "captcha", "verify_code"];
        SECRETS.into_iter().filter_map(|name| self.text(name)).collect::<Vec<_>>().join(" ")
    }

    /// The names of parameters besides these.
    pub(super) fn names_besides(&self, known: &[&str]) -> Vec<String> {
        self.fields.keys().filter(|name| !known.contains(&name.as_str())).cloned().collect()
    }

    /// Reads a message once its required fields are seen to be there: `texts` as strings that are
    /// not empty, `numbers` as integers or strings of digits.
    pub(super) fn read<T: DeserializeOwned>(self, texts: &[&str], numbers: &[&str]) -> Result<T, Setback> {
        for name in texts {
            match self.present(name)? {
                Value::String(_) => {}
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    return Err(Setback::field(name, "must be a string"));
                }
            }
        }
        for name in numbers {
            let value = self.present(name)?;
            let digits = value.as_str().and_then(|text| text.parse::<u64>().ok());
            if value.as_u64().or(digits).is_none() {
                return Err(Setback::field(name, "must be an integer"));
            }
        }
        serde_json::from_value(Value::Object(self.fields))
            .map_err(|error| Setback::input(format!("输入错误: {error}")))
    }

    fn present(&self, name: &str) -> Result<&Value, Setback> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Err(Setback::field(name, "is missing")),
            Some(Value::String(text)) if text.trim().is_empty() => Err(Setback::field(name, "is empty")),
            Some(value) => Ok(value),
        }
    }
}

fn inflated(request: &Request) -> Result<Bytes, Setback> {
    let encoding = request.content_encoding.as_deref().unwrap_or("identity");
    let body = if encoding.eq_ignore_ascii_case("identity") {
        request.body.clone()
    } else if encoding.eq_ignore_ascii_case("gzip") {
        let mut plain = Vec::new();
        MultiGzDecoder::new(request.body.as_ref())
            .take(MAX_BODY as u64 + 1)
            .read_to_end(&mut plain)
            .map_err(|error| Setback::input(format!("输入错误: body is no gzip: {error}")))?;
        plain.into()
    } else {
        return Err(Setback::field("content-encoding", "must be gzip or absent"));
    };
    if body.len() > MAX_BODY {
        return Err(Setback::input("输入错误: body is larger than 10 MiB"));
    }
    Ok(body)
}

/// The fields of a body, and whether they came as JSON.
fn body_fields(content_type: Option<&str>, body: Bytes) -> Result<(Map<String, Value>, bool), Setback> {
    let whole = content_type.unwrap_or_default();
    let essence = whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => json_fields(&body),
        "" if body.trim_ascii_start().first() == Some(&b'{') => json_fields(&body),
        "application/x-www-form-urlencoded" | "" => {
            let fields = form::fields(&body).ok_or_else(|| Setback::input("输入错误: body is not UTF-8"))?;
            Ok((nest::nested(fields), false))
        }
        "multipart/form-data" => {
            let fields = parts(whole, body)
                .map_err(|error| Setback::input(format!("输入错误: body is no multipart: {error}")))?;
            Ok((nest::nested(fields), false))
        }
        _ => Err(Setback::field("content-type", "must be JSON, form fields or multipart")),
    }
}

fn json_fields(body: &[u8]) -> Result<(Map<String, Value>, bool), Setback> {
    let fields = serde_json::from_slice(body)
        .map_err(|error| Setback::input(format!("输入错误: body is no JSON object: {error}")))?;
    Ok((fields, true))
}

/// The parts of a multipart body that is here in whole, so that nothing ever waits.
fn parts(content_type: &str, body: Bytes) -> Result<Vec<(String, String)>, multer::Error> {
    let boundary = multer::parse_boundary(content_type)?;
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>(body)]);
    let mut multipart = multer::Multipart::new(stream, boundary);
    let mut found = Vec::new();
    let reading = async {
        while let Some(field) = multipart.next_field().await? {
            let name = field.name().unwrap_or_default().to_owned();
            found.push((name, field.text().await?));
            if found.len() > MAX_PARTS {
                return Err(multer::Error::StreamSizeExceeded { limit: MAX_PARTS as u64 });
            }
        }
        Ok(())
    };
    reading.now_or_never().unwrap_or(Err(multer::Error::IncompleteStream))?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[derive(serde::Deserialize, Debug)]
    struct Message {
        name: String,
        count: Value,
    }

    fn read(request: &Request) -> Result<Message, String> {
        Params::of(request).and_then(|params| params.read(&["name"], &["count"])).map_err(|setback| {
            match setback {
                Setback::Refused { code, msg, .. } => format!("{code} {msg}"),
                Setback::Fault(_) => "fault".to_owned(),
            }
        })
    }

    fn json(body: &str) -> Request {
        Request::post_json("/p", body.to_owned())
    }

    fn check(body: &str, expected: &str) {
        let error = read(&json(body)).expect_err(body);
        assert!(error.starts_with(&format!("1001 输入错误: {expected}")), "{error}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(r#"{"count":1}"#, "name is missing");
        check(r#"{"name":null,"count":1}"#, "name is missing");
        check(r#"{"name":" ","count":1}"#, "name is empty");
        check(r#"{"name":5,"count":1}"#, "name must be a string");
        check(r#"{"name":"n"}"#, "count is missing");
        check(r#"{"name":"n","count":"many"}"#, "count must be an integer");
        check(r#"{"name":"n","count":-1}"#, "count must be an integer");
        check("[]", "body is no JSON object");
        check("", "body is no JSON object");
    }

    #[test]
    fn form_fields_are_read_too() {
        let mut request = json("name=%E6%9D%8E+x&count=12");
        for content_type in [None, Some("application/x-www-form-urlencoded; charset=utf-8")] {
            request.content_type = content_type.map(str::to_owned);
            let message = read(&request).unwrap();
            assert_eq!((message.name.as_str(), message.count), ("李 x", "12".into()));
        }
        request.content_type = Some("text/plain".to_owned());
        assert!(read(&request).unwrap_err().contains("content-type"));
    }

    #[test]
    fn multipart_is_read_too() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\n李\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"count\"\r\n\r\n12\r\n--x--\r\n";
        let mut request = json(body);
        request.content_type = Some("multipart/form-data; boundary=x".to_owned());
        let message = read(&request).unwrap();
        assert_eq!((message.name.as_str(), message.count), ("李", "12".into()));
        for (content_type, body) in [
            ("multipart/form-data", body),
            ("multipart/form-data; boundary=y", body),
            ("multipart/form-data; boundary=x", &body[..body.len() - 20]),
        ] {
            let mut request = json(body);
            request.content_type = Some(content_type.to_owned());
            let error = read(&request).unwrap_err();
            assert!(error.contains("body is no multipart"), "{error}");
        }
    }

    fn gzip(plain: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn a_compressed_body_is_inflated_up_to_the_limit() {
        let mut request = json("");
        request.content_encoding = Some("gzip".to_owned());
        request.body = gzip(br#"{"name":"n","count":1}"#);
        assert_eq!(read(&request).unwrap().name, "n");
        request.body = gzip(&vec![b' '; MAX_BODY + 1]);
        assert!(read(&request).unwrap_err().contains("larger than 10 MiB"));
        request.body = Bytes::from_static(b"plain");
        assert!(read(&request).unwrap_err().contains("no gzip"));
        request.content_encoding = Some("br".to_owned());
        assert!(read(&request).unwrap_err().contains("content-encoding"));
    }
}
