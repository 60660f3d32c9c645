//! The load: one client with one stream of changes, and as many lanes as wanted.

use crate::api::proto::v1::answer_challenge_request::Answer;
use crate::api::proto::v1::application::State;
use crate::api::proto::v1::application_service_client::ApplicationServiceClient;
use crate::api::proto::v1::contact::Relation;
use crate::api::proto::v1::watch_changes_response::Kind;
use crate::api::proto::v1::{
    AddressBook, AddressBookEntry, AnswerChallengeRequest, Application, Contact, Contacts,
    CreateApplicationRequest, Credentials, Device, Evidence, Identity, IdentityCard, ListApplicationsRequest,
    Loan, WatchChangesRequest, Work,
};
use crate::config::products;
use crate::sandbox::Script;
use crate::sandbox::people::Person;
use anyhow::{Context, bail};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

/// The partner whose applications are measured, and the one whose applications wait.
const MEASURED: &str = "bench";
const PARKED: &str = "parked";

/// How long one step of an application may take.
const PATIENCE: Duration = Duration::from_secs(60);

type Lanes = Arc<Mutex<HashMap<String, mpsc::UnboundedSender<Application>>>>;

pub(super) struct Load {
    service: ApplicationServiceClient<Channel>,
    lanes: Lanes,
}

/// How long the parts of one application took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) create: Duration,
    pub(super) answer_to_final: Duration,
    pub(super) total: Duration,
}

impl Load {
    pub(super) async fn connect(address: &str) -> anyhow::Result<Self> {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).context("find the server")?;
        let service = ApplicationServiceClient::new(endpoint.connect().await.context("reach the server")?);
        let lanes = Lanes::default();
        let filter = format!("partner = {MEASURED}");
        let request = WatchChangesRequest { filter, ..WatchChangesRequest::default() };
        let mut changes = service.clone().watch_changes(request).await.context("watch")?.into_inner();
        let listening = Arc::clone(&lanes);
        tokio::spawn(async move {
            while let Ok(Some(line)) = changes.message().await {
                if matches!(line.kind(), Kind::Entered | Kind::Changed)
                    && let Some(application) = line.application
                {
                    let lanes = listening.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(lane) = lanes.get(&application.order_number) {
                        let _gone = lane.send(application);
                    }
                }
            }
        });
        Ok(Self { service, lanes })
    }

    /// Creates applications that will wait for a captcha.
    pub(super) async fn park(&self, count: u32, concurrency: u32) -> anyhow::Result<()> {
        let next = Arc::new(AtomicU32::new(0));
        let mut parking = JoinSet::new();
        for _ in 0..concurrency {
            let (next, mut service) = (Arc::clone(&next), self.service.clone());
            parking.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return anyhow::Ok(());
                    }
                    service.create_application(request(PARKED, number)).await.context("create")?;
                }
            });
        }
        while let Some(lane) = parking.join_next().await {
            lane.context("park")??;
        }
        let begun = Instant::now();
        while self.count(PARKED, State::CaptchaRequired).await? < count {
            if begun.elapsed() > PATIENCE {
                bail!("not all are parked after a minute");
            }
            crate::clock::pause(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// Takes applications through the journey, `concurrency` at a time.
    pub(super) async fn run(&self, count: u32, concurrency: u32) -> anyhow::Result<Vec<Times>> {
        let next = Arc::new(AtomicU32::new(0));
        let mut lanes = JoinSet::new();
        for _ in 0..concurrency {
            let (next, service, listening) =
                (Arc::clone(&next), self.service.clone(), Arc::clone(&self.lanes));
            lanes.spawn(async move {
                let mut times = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return anyhow::Ok(times);
                    }
                    times.push(one(service.clone(), &listening, number).await?);
                }
            });
        }
        let mut times = Vec::new();
        while let Some(lane) = lanes.join_next().await {
            times.extend(lane.context("measure")??);
        }
        Ok(times)
    }

    /// Counts what is missing of those that were measured and of those that wait, and how many moves
    /// the measured have made in all.
    pub(super) async fn read_back(&self, count: u32, waiting: u32) -> anyhow::Result<(u32, u64)> {
        let mut transitions = 0;
        let mut approved = 0;
        self.each(MEASURED, State::Approved, |application| {
            approved += 1;
            transitions += u64::try_from(application.version).unwrap_or(0);
        })
        .await?;
        let still = self.count(PARKED, State::CaptchaRequired).await?;
        Ok((count.saturating_sub(approved) + waiting.saturating_sub(still), transitions))
    }

    async fn count(&self, partner: &str, state: State) -> anyhow::Result<u32> {
        let mut count = 0;
        self.each(partner, state, |application| count += u32::from(!application.challenges.is_empty()))
            .await?;
        Ok(count)
    }

    async fn each(
        &self,
        partner: &str,
        state: State,
        mut see: impl FnMut(&Application),
    ) -> anyhow::Result<()> {
        let state = state.as_str_name().trim_start_matches("STATE_");
        let mut request = ListApplicationsRequest {
            page_size: 1000,
            filter: format!("partner = {partner} AND state = {state}"),
            ..ListApplicationsRequest::default()
        };
        loop {
            let page =
                self.service.clone().list_applications(request.clone()).await.context("list")?.into_inner();
            page.applications.iter().for_each(&mut see);
            if page.next_page_token.is_empty() {
                return Ok(());
            }
            request.page_token = page.next_page_token;
        }
    }
}

/// One application: create, wait for the challenge, answer, wait for the decision.
async fn one(
    mut service: ApplicationServiceClient<Channel>,
    lanes: &Lanes,
    number: u32,
) -> anyhow::Result<Times> {
    let request = request(MEASURED, number);
    let order = request.order_number.clone();
    let (lane, mut told) = mpsc::unbounded_channel();
    lanes.lock().unwrap_or_else(PoisonError::into_inner).insert(order.clone(), lane);
    let begun = Instant::now();
    service.create_application(request).await.context("create")?;
    let create = begun.elapsed();
    let asked = until(&mut told, |application| !application.challenges.is_empty()).await?;
    let name = asked.challenges[0].name.clone();
    // The sandbox's code of the first SMS; the provider inside the server takes any.
    let code = format!("{:04}01", number % 10_000);
    let answering = Instant::now();
    let answer = Some(Answer::SmsCode(code));
    service
        .answer_challenge(AnswerChallengeRequest { name, answer, ..AnswerChallengeRequest::default() })
        .await
        .context("answer")?;
    let ended = until(&mut told, |application| application.next_look_time.is_none()).await?;
    if ended.state() != State::Approved {
        bail!("{order} ended {}", ended.state().as_str_name());
    }
    lanes.lock().unwrap_or_else(PoisonError::into_inner).remove(&order);
    Ok(Times { create, answer_to_final: answering.elapsed(), total: begun.elapsed() })
}

async fn until(
    told: &mut mpsc::UnboundedReceiver<Application>,
    is_wanted: impl Fn(&Application) -> bool,
) -> anyhow::Result<Application> {
    loop {
        let application = tokio::time::timeout(PATIENCE, told.recv()).await.context("wait for a change")?;
        let application = application.context("wait for a change: the stream ended")?;
        if is_wanted(&application) {
            return Ok(application);
        }
    }
}

fn request(partner: &str, number: u32) -> CreateApplicationRequest {
    let person = Person::new(Script::Happy, number);
    let text = |text: &str| text.to_owned();
    let contact = |name: &str, phone: &str| Contact {
        name: text(name),
        phone: text(phone),
        relation: Relation::Friend.into(),
    };
    CreateApplicationRequest {
        partner: text(partner),
        order_number: format!("{partner}-{number}"),
        product: text(products::COLLECTED),
        evidence: Some(Evidence {
            identity: Some(Identity { name: person.name, phone: person.mobile, id_card: person.id_card }),
            loan: Some(Loan { amount_fen: 150_000 }),
            identity_card: Some(IdentityCard {
                face_url: text("https://img.example.com/live.jpg"),
                front_url: text("https://img.example.com/front.jpg"),
                back_url: text("https://img.example.com/back.jpg"),
                address: String::new(),
            }),
            contacts: Some(Contacts {
                contacts: vec![contact("张一", "18221501320"), contact("李二", "13671618954")],
            }),
            work: Some(Work {
                company: text("测试公司"),
                region: String::new(),
                address: text("政学路1号"),
                phone: text("021-12345678"),
            }),
            device: Some(Device { device_id: text("7d50dcb97e654de6"), ..Device::default() }),
            address_book: Some(AddressBook {
                entries: vec![AddressBookEntry { name: text("中国移动"), phone: text("10086") }],
            }),
            ..Evidence::default()
        }),
        credentials: Some(Credentials { service_password: text("123456") }),
        ..CreateApplicationRequest::default()
    }
}
