//! `docket apps answer`: what an applicant types. Passwords are never flags: they are asked for
//! without an echo, or read from the standard input.

use super::challenges::{meant, open};
use super::get::show;
use super::name::Named;
use super::terms::Expecting;
use crate::api::proto::v1::answer_challenge_request::Answer;
use crate::api::proto::v1::challenge::Kind;
use crate::api::proto::v1::{AnswerChallengeRequest, Application, Challenge};
use crate::cli::client::Client;
use crate::cli::failure::{Ended, Exit, Failure};
use crate::cli::out::{Out, words};
use crate::cli::prompt::{Echo, ask};
use std::process::ExitCode;

/// What `docket apps answer` can be told.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without flags it shows what is asked and asks for each answer in turn. When the standard
input is no terminal, an answer is a line of it. A challenge itself may be named too:
applications/{id}/challenges/{number}.

Examples:
  docket apps answer acme/order-42
  docket apps answer acme/order-42 --sms-code 123456
  docket apps answer acme/order-42 --service-password < password.txt"
)]
pub(super) struct Options {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    given: Given,
    #[command(flatten)]
    terms: Expecting,
}

/// The answer that is given.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Given {
    /// Answer with the code that was sent by SMS
    #[arg(long, value_name = "CODE")]
    sms_code: Option<String>,
    /// Answer with the query password, from a prompt or the standard input
    #[arg(long)]
    query_password: bool,
    /// Answer with the password of the operator's web site, from a prompt or the standard input
    #[arg(long)]
    service_password: bool,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let Options { named, given, terms } = options;
    let target = named.find_target(client).await?;
    let open = open(client, &target).await?;
    let application = if let Some(code) = given.sms_code {
        hand_in(client, meant(open, Some(Kind::SmsCode)), Answer::SmsCode(code), terms).await?
    } else if given.query_password {
        let password = ask("query password", Echo::Hidden)?;
        let challenge = meant(open, Some(Kind::QueryPassword));
        hand_in(client, challenge, Answer::QueryPassword(password), terms).await?
    } else if given.service_password {
        let password = ask("service password", Echo::Hidden)?;
        let challenge = meant(open, Some(Kind::ServicePassword));
        hand_in(client, challenge, Answer::ServicePassword(password), terms).await?
    } else {
        answer_all(client, open, terms).await?
    };
    show(out, &application)?;
    Ok(ExitCode::SUCCESS)
}

/// Shows each challenge and hands in what is typed.
async fn answer_all(client: &Client, open: Vec<Challenge>, terms: Expecting) -> Result<Application, Failure> {
    if open.len() > 1 && (terms.terms.request_id.is_some() || terms.etag.is_some()) {
        let what = "--request-id and --etag are for one answer, and more than one is asked for";
        return Err(Failure::new(Exit::Usage, what).hint("name the challenge"));
    }
    let mut application = Application::default();
    for challenge in open {
        let (asked, left) = (words::challenge(challenge.kind()), challenge.answers_left);
        let said = if challenge.message.is_empty() {
            ""
        } else {
            &*format!(": {}", words::plain(&challenge.message))
        };
        let end = words::ahead(challenge.deadline.as_ref());
        eprintln!("{} asks for {asked}{said} (ends {end}, {left} answers left)", challenge.name);
        let prompt = asked.replace('_', " ");
        let answer = match challenge.kind() {
            Kind::SmsCode => Answer::SmsCode(ask(&prompt, Echo::Shown)?),
            Kind::QueryPassword => Answer::QueryPassword(ask(&prompt, Echo::Hidden)?),
            Kind::ServicePassword => Answer::ServicePassword(ask(&prompt, Echo::Hidden)?),
            Kind::Unspecified
            | Kind::PictureCaptcha
            | Kind::DynamicPassword
            | Kind::DegreeAccount
            | Kind::BankChoice
            | Kind::BankLogin
            | Kind::Consent => {
                let what = format!("this program cannot answer {asked}");
                return Err(Failure::new(Exit::Other, what).hint("use one as new as the server"));
            }
        };
        application = hand_in(client, challenge, answer, terms.clone()).await?;
    }
    Ok(application)
}

async fn hand_in(
    client: &Client,
    challenge: Challenge,
    answer: Answer,
    terms: Expecting,
) -> Result<Application, Failure> {
    let (request_id, validate_only, etag) = terms.wire();
    let (name, answer) = (challenge.name, Some(answer));
    let request = AnswerChallengeRequest { name, answer, request_id, validate_only, etag };
    client.answer(client.applications().answer_challenge(request)).await
}
