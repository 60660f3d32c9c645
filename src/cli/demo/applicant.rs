//! The applicants and their partners: they push over HTTP and answer over gRPC.

use super::cast::{Half, Part};
use crate::api::proto::v1::answer_challenge_request::Answer;
use crate::api::proto::v1::application_service_client::ApplicationServiceClient;
use crate::api::proto::v1::challenge::Kind;
use crate::api::proto::v1::{
    AnswerChallengeRequest, Application, BankLogin, Challenge, DegreeAccount, GetChallengeRequest, Input,
    ResendChallengeRequest, collection,
};
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

/// How long an applicant tries to answer.
const ANSWERING: Duration = Duration::from_secs(30);

/// Between two looks at what the partner was told.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Between two pushes.
const PUSH_PAUSE: Duration = Duration::from_millis(100);

#[derive(Clone)]
pub(super) struct Applicants {
    inner: Arc<Inner>,
}

struct Inner {
    docket: SocketAddr,
    provider: SocketAddr,
    http: reqwest::Client,
    service: ApplicationServiceClient<Channel>,
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
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

impl Expected {
    /// Says whether it is what a challenge asks for: the session may have moved since.
    fn fits(&self, kind: Kind) -> bool {
        let name = match kind {
            Kind::Unspecified => "",
            Kind::ServicePassword => "service_password",
            Kind::SmsCode => "sms",
            Kind::QueryPassword => "query_password",
            Kind::PictureCaptcha => "picture",
            Kind::DynamicPassword => "dynamic_password",
            Kind::DegreeAccount => "degree_login",
            Kind::BankLogin => "bank_login",
        };
        self.kind == name
    }

    fn field(&self, name: &str) -> String {
        self.fields.get(name).cloned().unwrap_or_default()
    }
}

impl Applicants {
    pub(super) fn new(
        docket: SocketAddr,
        provider: SocketAddr,
        service: ApplicationServiceClient<Channel>,
    ) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build().context("make an HTTP client")?;
        let inner = Inner { docket, provider, http, service, taken: Mutex::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Pushes every part, in one order or the other.
    pub(super) async fn push_all(self, parts: Vec<Part>) -> anyhow::Result<()> {
        for (at, part) in parts.iter().enumerate() {
            let first = if at % 2 == 0 { Half::Base } else { Half::Additional };
            for half in [first, first.other()] {
                self.push(part, half, &half.of(part)?).await?;
                clock::pause(PUSH_PAUSE).await;
            }
        }
        Ok(())
    }

    /// Pushes a half of an order, as it is or in an envelope.
    pub(super) async fn push(&self, part: &Part, half: Half, body: &Value) -> anyhow::Result<()> {
        let request = self.post(&half.path(part.partner));
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer = answered(request).await.with_context(|| format!("push {}", part.name))?;
        ensure!(answer["status"] == 1, "push {}: {}", part.name, answer["message"]);
        Ok(())
    }

    /// Begins a request to Docket.
    pub(super) fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.inner.http.post(format!("http://{}{path}", self.inner.docket))
    }

    /// Gets what is behind a link.
    pub(super) async fn follow(&self, link: &str) -> anyhow::Result<bytes::Bytes> {
        let answer = self.inner.http.get(link).send().await.context("follow a link")?;
        let answer = answer.error_for_status().context("follow a link")?;
        answer.bytes().await.context("follow a link")
    }

    /// Sees how an application stands; whoever is asked something answers after a while.
    pub(super) fn see(&self, part: &Part, application: &Application) {
        for challenge in &application.challenges {
            let is_new = self
                .inner
                .taken
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(challenge.name.clone());
            if is_new {
                let (applicants, challenge, part) = (self.clone(), challenge.clone(), part.clone());
                tokio::spawn(async move {
                    clock::pause(TYPING).await;
                    if let Err(error) = applicants.answer(&part.person.mobile, &challenge).await {
                        tracing::error!(part = part.name, "an applicant could not answer: {error:#}");
                    }
                });
            }
        }
    }

    /// Answers as soon as there is something to answer with; until then the session moves, or another
    /// code is under way.
    async fn answer(&self, mobile: &str, challenge: &Challenge) -> anyhow::Result<()> {
        let until = Instant::now() + ANSWERING;
        while Instant::now() < until {
            if self.try_answer(mobile, challenge).await? {
                return Ok(());
            }
            clock::pause(TYPING).await;
        }
        Ok(())
    }

    async fn try_answer(&self, mobile: &str, challenge: &Challenge) -> anyhow::Result<bool> {
        let system = challenge.collection().as_str_name().trim_start_matches("KIND_").to_lowercase();
        // Docket may have given up a session that still stands at the provider.
        let opens = matches!(challenge.kind(), Kind::ServicePassword | Kind::DegreeAccount | Kind::BankLogin);
        let path = format!("/_sandbox/answer?mobile={mobile}&system={system}&anew={opens}");
        let Some(expected) = self.find(&path).await? else { return Ok(false) };
        let expected: Expected = serde_json::from_slice(&expected).context("read what to type")?;
        if !expected.fits(challenge.kind()) {
            return Ok(false);
        }
        let name = challenge.name.clone();
        let mut service = self.inner.service.clone();
        let answered = if expected.is_stale {
            if challenge.collection() != collection::Kind::Telecom {
                return Ok(false);
            }
            let resend = ResendChallengeRequest { name, ..ResendChallengeRequest::default() };
            service.resend_challenge(resend).await
        } else {
            let answer = Some(self.typed(challenge, expected).await?);
            let request = AnswerChallengeRequest { name, answer, ..AnswerChallengeRequest::default() };
            service.answer_challenge(request).await
        };
        match answered {
            Ok(_application) => Ok(true),
            // The challenge is void by now: another one asks.
            Err(status) if status.code() == Code::FailedPrecondition => Ok(true),
            Err(status) => Err(status).context("answer"),
        }
    }

    /// What the applicant types; whoever is shown banks looks at them first.
    async fn typed(&self, challenge: &Challenge, expected: Expected) -> anyhow::Result<Answer> {
        Ok(match challenge.kind() {
            Kind::ServicePassword => Answer::ServicePassword(expected.answer),
            Kind::QueryPassword => Answer::QueryPassword(expected.answer),
            Kind::PictureCaptcha => Answer::PictureCaptcha(expected.answer),
            Kind::DynamicPassword => Answer::DynamicPassword(expected.answer),
            Kind::SmsCode | Kind::Unspecified => Answer::SmsCode(expected.answer),
            Kind::DegreeAccount => Answer::DegreeAccount(DegreeAccount {
                account: expected.field("account"),
                password: expected.field("password"),
            }),
            Kind::BankLogin => {
                let mut service = self.inner.service.clone();
                let name = challenge.name.clone();
                let shown = service.get_challenge(GetChallengeRequest { name }).await;
                let shown = shown.context("look at the banks")?.into_inner();
                let entry_id = expected.field("entry_id");
                let banks = shown.banks.unwrap_or_default().banks;
                let mut logins = banks.into_iter().flat_map(|bank| bank.logins);
                let login = logins.find(|login| login.entry_id == entry_id).context("find the bank")?;
                let typed = |input: &Input| (input.name.clone(), expected.field(&input.name));
                let agreement = shown.agreement.unwrap_or_default().name;
                let inputs = login.inputs.iter().map(typed).collect();
                Answer::BankLogin(BankLogin { entry_id, inputs, agreement })
            }
        })
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

    /// The same; none where there is nothing.
    async fn find(&self, path: &str) -> anyhow::Result<Option<bytes::Bytes>> {
        let url = format!("http://{}{path}", self.inner.provider);
        let answer = self.inner.http.get(url).send().await.context("ask the sandbox")?;
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = answer.error_for_status().context("ask the sandbox")?;
        Ok(Some(answer.bytes().await.context("ask the sandbox")?))
    }

    async fn get(&self, path: &str) -> anyhow::Result<bytes::Bytes> {
        self.find(path).await?.with_context(|| format!("ask the sandbox for {path}"))
    }
}

/// Sends a request, and reads the JSON of its answer, whatever its status.
pub(super) async fn answered(request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
    let answer = request.send().await.context("send a request")?;
    let status = answer.status();
    let body = answer.bytes().await.context("read an answer")?;
    serde_json::from_slice(&body).with_context(|| format!("read an answer, HTTP {status}"))
}
