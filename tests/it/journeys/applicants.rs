//! The applicants, who answer whatever they are asked, and the operator who looks after each.

use super::provider::Provider;
use crate::crash::{has_ended, is_away};
use docket::api::proto::v1::answer_challenge_request::Answer;
use docket::api::proto::v1::application::State;
use docket::api::proto::v1::application_service_client::ApplicationServiceClient;
use docket::api::proto::v1::challenge::Kind;
use docket::api::proto::v1::operator_service_client::OperatorServiceClient;
use docket::api::proto::v1::{
    AnswerChallengeRequest, Application, BankLogin, Challenge, DegreeAccount, GetChallengeRequest,
    ResendChallengeRequest, ResumeApplicationRequest, application, collection,
};
use docket::sandbox::{AnswerKind, Expected, System};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tonic::transport::Channel;
use tonic::{Code, Status};

/// Until an applicant looks again who has nothing to answer with, or whose answer did not arrive.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// One applicant.
pub(super) struct Applicant {
    pub(super) mobile: String,
    pub(super) service: ApplicationServiceClient<Channel>,
    pub(super) operator: OperatorServiceClient<Channel>,
    pub(super) provider: Arc<Provider>,
    /// Requests under way at the same time.
    pub(super) room: Arc<Semaphore>,
    pub(super) tally: Arc<Mutex<Tally>>,
}

/// What was done for all of them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// What was acknowledged: name, version, and the event that made it.
    pub(super) acknowledged: Vec<(String, i64, &'static str)>,
    /// How many challenges of each kind were answered.
    pub(super) answers: BTreeMap<&'static str, u32>,
    /// How often an application was resumed, by the reason of its suspension.
    pub(super) resumed: BTreeMap<String, u32>,
}

impl Applicant {
    /// Lives until the application has ended.
    pub(super) async fn live(mut self, mut sight: watch::Receiver<Option<Application>>) {
        // Each challenge up to the version that it is settled in: of a later one it stands open again, as
        // after a code that was ordered in vain.
        let mut settled: BTreeMap<String, i64> = BTreeMap::new();
        let mut resumed = 0;
        loop {
            let seen = sight.borrow_and_update().clone();
            let mut has_more_to_do = false;
            if let Some(application) = seen {
                if has_ended(&application) {
                    return;
                }
                let now = application.version;
                if application.state() == State::Suspended && resumed < now {
                    match self.resume(&application).await {
                        Some(version) => resumed = version.max(now),
                        None => has_more_to_do = true,
                    }
                }
                for challenge in &application.challenges {
                    if settled.get(&challenge.name).is_none_or(|version| *version < now) {
                        match self.answer(challenge).await {
                            Some(version) => drop(settled.insert(challenge.name.clone(), version.max(now))),
                            None => has_more_to_do = true,
                        }
                    }
                }
            }
            let wait = if has_more_to_do { LOOK_AGAIN } else { Duration::MAX };
            if let Ok(changed) = tokio::time::timeout(wait, sight.changed()).await {
                changed.expect("somebody watches for as long as anybody lives");
            }
        }
    }

    /// Lets the application go on after what has suspended it; gives its version since, 0 if that was not
    /// told, none if it must be tried again.
    async fn resume(&mut self, application: &Application) -> Option<i64> {
        let _turn = self.room.acquire().await.unwrap();
        let request = ResumeApplicationRequest {
            name: application.name.clone(),
            actor: "operator".to_owned(),
            reason: "a fault, and it is over".to_owned(),
            etag: application.etag.clone(),
            ..ResumeApplicationRequest::default()
        };
        let resumed = self.operator.resume_application(request).await;
        let resumed = resumed.map(|answer| answer.into_inner().application.unwrap());
        let resumed = is_taken(resumed)?;
        let version = resumed.as_ref().map_or(0, |it| it.version);
        if let Some(resumed) = resumed {
            let reason = match &application.outcome {
                Some(application::Outcome::Suspension(cause)) => cause.reason.clone(),
                other => panic!("{} is suspended and says {other:?}", application.name),
            };
            let mut tally = self.tally.lock().unwrap();
            *tally.resumed.entry(reason).or_default() += 1;
            tally.acknowledged.push((resumed.name, resumed.version, "ResumeRequested"));
        }
        Some(version)
    }

    /// Answers a challenge if there is something to answer with; gives the version of its application
    /// since, 0 if that was not told, none if it must be tried again.
    async fn answer(&mut self, challenge: &Challenge) -> Option<i64> {
        let system = match challenge.collection() {
            collection::Kind::Telecom => System::Telecom,
            collection::Kind::Degree => System::Degree,
            collection::Kind::Ebank => System::Ebank,
            collection::Kind::EbankV2 => System::EbankV2,
            collection::Kind::Unspecified => panic!("nobody asks: {challenge:?}"),
        };
        let (asked, opens) = match challenge.kind() {
            Kind::ServicePassword => (AnswerKind::ServicePassword, true),
            Kind::DegreeAccount => (AnswerKind::DegreeLogin, true),
            Kind::BankLogin => (AnswerKind::BankLogin, true),
            Kind::SmsCode => (AnswerKind::Sms, false),
            Kind::QueryPassword => (AnswerKind::QueryPassword, false),
            Kind::PictureCaptcha => (AnswerKind::Picture, false),
            Kind::DynamicPassword => (AnswerKind::DynamicPassword, false),
            Kind::Unspecified => panic!("nothing is asked: {challenge:?}"),
        };
        let expected = match opens {
            true => Some(self.provider.opening(system, &self.mobile)),
            // The session may have moved on, and Docket not heard of it yet.
            false => self.provider.expected(system, &self.mobile),
        };
        let expected = expected.filter(|expected| expected.kind == asked)?;
        let _turn = Arc::clone(&self.room).acquire_owned().await.unwrap();
        let name = challenge.name.clone();
        let (answered, event) = if expected.is_stale {
            if system != System::Telecom {
                return None;
            }
            let request = ResendChallengeRequest { name, ..ResendChallengeRequest::default() };
            (self.service.resend_challenge(request).await, "ResendRequested")
        } else {
            let answer = match self.typed(challenge, &expected).await {
                Ok(answer) => Some(answer),
                Err(status) => return is_taken(Err::<(), _>(status)).map(|_| 0),
            };
            let request = AnswerChallengeRequest { name, answer, ..AnswerChallengeRequest::default() };
            (self.service.answer_challenge(request).await, "AnswerSubmitted")
        };
        let answered = is_taken(answered)?.map(tonic::Response::into_inner);
        let version = answered.as_ref().map_or(0, |it| it.version);
        if let Some(application) = answered {
            let mut tally = self.tally.lock().unwrap();
            *tally.answers.entry(challenge.kind().as_str_name()).or_default() += 1;
            tally.acknowledged.push((application.name, application.version, event));
        }
        Some(version)
    }

    /// What the applicant types; pictures and banks are looked at first.
    async fn typed(&mut self, challenge: &Challenge, expected: &Expected) -> Result<Answer, Status> {
        let text = expected.answer.clone();
        let field = |name: &str| expected.fields.get(name).cloned().unwrap_or_default();
        let look = GetChallengeRequest { name: challenge.name.clone() };
        Ok(match challenge.kind() {
            Kind::ServicePassword => Answer::ServicePassword(text),
            Kind::QueryPassword => Answer::QueryPassword(text),
            Kind::DynamicPassword => Answer::DynamicPassword(text),
            Kind::SmsCode | Kind::Unspecified => Answer::SmsCode(text),
            Kind::DegreeAccount => Answer::DegreeAccount(DegreeAccount {
                account: field("account"),
                password: field("password"),
            }),
            Kind::PictureCaptcha => {
                let shown = self.service.get_challenge(look).await?.into_inner();
                assert!(!shown.image.is_empty(), "{} asks for a picture that is not there", shown.name);
                Answer::PictureCaptcha(text)
            }
            Kind::BankLogin => {
                let shown = self.service.get_challenge(look).await?.into_inner();
                let entry_id = field("entry_id");
                let banks = shown.banks.unwrap().banks;
                let mut logins = banks.into_iter().flat_map(|bank| bank.logins);
                let login = logins.find(|login| login.entry_id == entry_id).unwrap();
                let inputs = login.inputs.into_iter().map(|it| (it.name.clone(), field(&it.name)));
                let (inputs, agreement) = (inputs.collect(), shown.agreement.unwrap().name);
                Answer::BankLogin(BankLogin { entry_id, inputs, agreement })
            }
        })
    }
}

/// What was acknowledged, if anything; none where the same must be tried again.
fn is_taken<T>(answered: Result<T, Status>) -> Option<Option<T>> {
    match answered {
        Ok(answered) => Some(Some(answered)),
        Err(status) if is_away(&status) => None,
        // The server has more to do than it takes in.
        Err(status) if status.code() == Code::ResourceExhausted => None,
        // Taken in a former life without hearing of it, or void by now: another sight follows.
        Err(status) if matches!(status.code(), Code::FailedPrecondition | Code::Aborted) => Some(None),
        Err(status) => panic!("{status}"),
    }
}
