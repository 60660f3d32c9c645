//! The applicants and their partners: they push over HTTP and answer over gRPC.

use super::cast::Part;
use crate::api::proto::v1::answer_challenge_request::Answer;
use crate::api::proto::v1::application_service_client::ApplicationServiceClient;
use crate::api::proto::v1::{AnswerChallengeRequest, Application, ResendChallengeRequest};
use crate::clock;
use crate::sandbox::partner;
use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tonic::Code;
use tonic::transport::Channel;

/// How long an applicant types.
const TYPING: Duration = Duration::from_millis(400);

/// Between two looks at what the partner was told.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Between two pushes.
const PUSH_PAUSE: Duration = Duration::from_millis(150);

#[derive(Clone)]
pub(super) struct Applicants {
    inner: Arc<Inner>,
}

struct Inner {
    docket: SocketAddr,
    provider: SocketAddr,
    http: reqwest::Client,
    service: ApplicationServiceClient<Channel>,
    /// The mobile number of each order's applicant.
    mobiles: BTreeMap<String, String>,
    /// Challenges that somebody is answering or has answered.
    taken: Mutex<BTreeSet<String>>,
}

/// What the partner was told.
pub(super) struct Callbacks {
    pub(super) messages: usize,
    /// Whether it was told every change of state, in order, and nothing unsigned.
    pub(super) is_well: bool,
}

/// What the sandbox says the applicant should type.
#[derive(Deserialize)]
struct Expected {
    kind: String,
    answer: String,
    is_stale: bool,
}

impl Applicants {
    pub(super) fn new(
        docket: SocketAddr,
        provider: SocketAddr,
        service: ApplicationServiceClient<Channel>,
        parts: &[Part],
    ) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build().context("make an HTTP client")?;
        let mobiles = parts.iter().map(|part| (part.order.clone(), part.person.mobile.clone())).collect();
        let inner = Inner { docket, provider, http, service, mobiles, taken: Mutex::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Pushes every part, in one order or the other.
    pub(super) async fn push_all(self, parts: Vec<Part>) -> anyhow::Result<()> {
        for (at, part) in parts.iter().enumerate() {
            let base = ("pushUserBaseInfo", part.person.base_push(&part.order));
            let additional = ("pushUserAdditionalInfo", part.person.additional_push(&part.order));
            let in_order = if at % 2 == 0 { [base, additional] } else { [additional, base] };
            for (route, body) in in_order {
                self.push(part, route, &body).await?;
                clock::pause(PUSH_PAUSE).await;
            }
        }
        Ok(())
    }

    async fn push(&self, part: &Part, route: &str, body: &Value) -> anyhow::Result<()> {
        let url = format!("http://{}/partners/{}/{route}", self.inner.docket, part.partner);
        let request = self.inner.http.post(url).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.context("push")?;
        let answer: Value = serde_json::from_slice(&answer.bytes().await.context("push")?).context("push")?;
        ensure!(answer["status"] == 1, "push {}: {}", part.order, answer["message"]);
        Ok(())
    }

    /// Sees how an application stands; whoever is asked something answers after a while.
    pub(super) fn see(&self, application: &Application) {
        for challenge in &application.challenges {
            let is_new = self
                .inner
                .taken
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(challenge.name.clone());
            if is_new {
                let (applicants, challenge) = (self.clone(), challenge.name.clone());
                let order = application.order_number.clone();
                tokio::spawn(async move {
                    clock::pause(TYPING).await;
                    if let Err(error) = applicants.answer(&order, &challenge).await {
                        tracing::error!(order, "an applicant could not answer: {error:#}");
                    }
                });
            }
        }
    }

    async fn answer(&self, order: &str, challenge: &str) -> anyhow::Result<()> {
        let mobile = self.inner.mobiles.get(order).context("know the applicant")?;
        let expected = self.get(&format!("/_sandbox/answer?mobile={mobile}")).await?;
        let expected: Expected = serde_json::from_slice(&expected).context("read what to type")?;
        let name = challenge.to_owned();
        let mut service = self.inner.service.clone();
        let answered = if expected.is_stale {
            service
                .resend_challenge(ResendChallengeRequest { name, ..ResendChallengeRequest::default() })
                .await
        } else {
            let answer = match expected.kind.as_str() {
                "service_password" => Answer::ServicePassword(expected.answer),
                "query_password" => Answer::QueryPassword(expected.answer),
                _sms => Answer::SmsCode(expected.answer),
            };
            service
                .answer_challenge(AnswerChallengeRequest {
                    name,
                    answer: Some(answer),
                    ..AnswerChallengeRequest::default()
                })
                .await
        };
        match answered {
            Ok(_application) => Ok(()),
            // The challenge is void by now: another one asks.
            Err(status) if status.code() == Code::FailedPrecondition => Ok(()),
            Err(status) => Err(status).context("answer"),
        }
    }

    /// What the provider counted.
    pub(super) async fn ledger(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.get("/_sandbox/ledger").await?).context("read the sandbox's ledger")
    }

    /// Waits until the partner was told these states of each order, or the time is over.
    pub(super) async fn partner_is_told(
        &self,
        states: &BTreeMap<String, Vec<String>>,
        until: Instant,
    ) -> anyhow::Result<Callbacks> {
        loop {
            let shown = self.get(partner::PATH).await?;
            let shown: Value = serde_json::from_slice(&shown).context("read the partner's messages")?;
            let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
            let messages = shown["messages"].as_array().map_or(&[][..], Vec::as_slice);
            for message in messages {
                let text = |field: &str| message[field].as_str().unwrap_or_default().to_owned();
                told.entry(text("order_number")).or_default().push(text("state"));
            }
            let is_well = told == *states && shown["unsigned"] == 0;
            if is_well || Instant::now() >= until {
                return Ok(Callbacks { messages: messages.len(), is_well });
            }
            clock::pause(LOOK_AGAIN).await;
        }
    }

    async fn get(&self, path: &str) -> anyhow::Result<bytes::Bytes> {
        let url = format!("http://{}{path}", self.inner.provider);
        let answer = self.inner.http.get(url).send().await.context("ask the sandbox")?;
        answer.error_for_status().context("ask the sandbox")?.bytes().await.context("ask the sandbox")
    }
}
