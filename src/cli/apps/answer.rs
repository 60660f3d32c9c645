//! `docket apps answer`: what an applicant types. Passwords are never flags: they are asked for
//! without an echo, or read from the standard input or a file.

mod bank;
mod picture;

use super::challenge;
use super::challenges::{meant, open};
use super::file;
use super::get::show;
use super::name::Named;
use super::terms::Expecting;
use crate::api::proto::v1::answer_challenge_request::Answer;
use crate::api::proto::v1::challenge::Kind;
use crate::api::proto::v1::{AnswerChallengeRequest, Application, Challenge, DegreeAccount};
use crate::cli::client::Client;
use crate::cli::failure::{Ended, Exit, Failure};
use crate::cli::out::{Out, json, words};
use crate::cli::prompt::{Echo, ask};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What `docket apps answer` can be told.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without flags it shows what is asked and asks for each answer in turn. When the standard
input is no terminal, each question is answered by a line of it: --degree-account takes two, account
and password; --bank-login one for the bank (its number, code or name), one for the way to log in if
there are several, one for each input, and `yes` for the consent. A challenge itself may be named too:
applications/{id}/challenges/{number}.

The file of --from is the JSON form of docket.v1.AnswerChallengeRequest, as in
  {\"bank_login\": {\"entry_id\": \"101\", \"inputs\": {\"login_name\": \"…\"}, \"agreement\": \"kaniu\"}}

Examples:
  docket apps answer acme/order-42
  docket apps answer acme/order-42 --sms-code 123456
  docket apps answer acme/order-42 --service-password < password.txt
  docket apps answer acme/order-42 --from login.json"
)]
pub(super) struct Options {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    given: Given,
    /// Write a picture that is to be read to this file, not to a temporary one
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
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
    /// Answer with the text of the picture
    #[arg(long, value_name = "TEXT")]
    picture_captcha: Option<String>,
    /// Answer with the query password, from a prompt or the standard input
    #[arg(long)]
    query_password: bool,
    /// Answer with the password of the operator's web site, from a prompt or the standard input
    #[arg(long)]
    service_password: bool,
    /// Answer with the bank's dynamic password, from a prompt or the standard input
    #[arg(long)]
    dynamic_password: bool,
    /// Answer with the account at the register of degrees, from prompts or the standard input
    #[arg(long)]
    degree_account: bool,
    /// Answer with a bank, its login and the consent, from prompts or the standard input
    #[arg(long)]
    bank_login: bool,
    /// Answer with what stands in this file as JSON; `-` reads the standard input
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

impl Given {
    /// What is to be asked for, where a flag says so.
    const fn kind(&self) -> Option<Kind> {
        if self.query_password {
            Some(Kind::QueryPassword)
        } else if self.service_password {
            Some(Kind::ServicePassword)
        } else if self.dynamic_password {
            Some(Kind::DynamicPassword)
        } else if self.degree_account {
            Some(Kind::DegreeAccount)
        } else if self.bank_login {
            Some(Kind::BankLogin)
        } else {
            None
        }
    }
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let Options { named, given, image, terms } = options;
    let target = named.find_target(client).await?;
    let open = open(client, &target).await?;
    let kind = given.kind();
    let application = if let Some(code) = given.sms_code {
        hand_in(client, meant(open, Kind::SmsCode)?, Answer::SmsCode(code), terms).await?
    } else if let Some(text) = given.picture_captcha {
        hand_in(client, meant(open, Kind::PictureCaptcha)?, Answer::PictureCaptcha(text), terms).await?
    } else if let Some(file) = given.from {
        let answer = read(&file)?;
        hand_in(client, meant(open, kind_of(&answer))?, answer, terms).await?
    } else if let Some(kind) = kind {
        let challenge = meant(open, kind)?;
        let answer = ask_for(client, kind, &challenge, image.as_deref()).await?;
        hand_in(client, challenge, answer, terms).await?
    } else {
        answer_all(client, open, image.as_deref(), terms).await?
    };
    show(out, &application)?;
    Ok(ExitCode::SUCCESS)
}

/// Shows each challenge and hands in what is typed.
async fn answer_all(
    client: &Client,
    open: Vec<Challenge>,
    image: Option<&Path>,
    terms: Expecting,
) -> Result<Application, Failure> {
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
        let answer = ask_for(client, challenge.kind(), &challenge, image).await?;
        application = hand_in(client, challenge, answer, terms.clone()).await?;
    }
    Ok(application)
}

/// Asks whoever sits there for an answer of this kind.
async fn ask_for(
    client: &Client,
    kind: Kind,
    challenge: &Challenge,
    image: Option<&Path>,
) -> Result<Answer, Failure> {
    let prompt = words::challenge(kind).replace('_', " ");
    Ok(match kind {
        Kind::SmsCode => Answer::SmsCode(ask(&prompt, Echo::Shown)?),
        Kind::QueryPassword => Answer::QueryPassword(ask(&prompt, Echo::Hidden)?),
        Kind::ServicePassword => Answer::ServicePassword(ask(&prompt, Echo::Hidden)?),
        Kind::DynamicPassword => Answer::DynamicPassword(ask(&prompt, Echo::Hidden)?),
        Kind::PictureCaptcha => {
            let posed = challenge::fetch(client, challenge.name.clone()).await?;
            Answer::PictureCaptcha(picture::ask_text(&posed, &prompt, image)?)
        }
        Kind::DegreeAccount => {
            let account = ask("account at the register of degrees", Echo::Shown)?;
            Answer::DegreeAccount(DegreeAccount {
                account,
                password: ask("password of the account", Echo::Hidden)?,
            })
        }
        Kind::BankLogin => {
            let posed = challenge::fetch(client, challenge.name.clone()).await?;
            Answer::BankLogin(bank::ask_login(&posed)?)
        }
        Kind::Unspecified => {
            let what = format!("this program does not know what {} asks for", challenge.name);
            return Err(Failure::new(Exit::Other, what).hint("use one as new as the server"));
        }
    })
}

/// Reads an answer from a file. What is wrong with it is told by its place: the text may be a secret.
fn read(file: &Path) -> Result<Answer, Failure> {
    let request: AnswerChallengeRequest = json::read(&file::text(file)?).map_err(|error| {
        let place = format!("is no answer: line {}, column {}", error.line(), error.column());
        file::wrong(file, &place).hint("`docket apps answer --help` shows the form")
    })?;
    request.answer.ok_or_else(|| {
        file::wrong(file, "holds no answer").hint("it has a field of the name of what is asked for")
    })
}

const fn kind_of(answer: &Answer) -> Kind {
    match answer {
        Answer::SmsCode(_) => Kind::SmsCode,
        Answer::QueryPassword(_) => Kind::QueryPassword,
        Answer::ServicePassword(_) => Kind::ServicePassword,
        Answer::PictureCaptcha(_) => Kind::PictureCaptcha,
        Answer::DynamicPassword(_) => Kind::DynamicPassword,
        Answer::DegreeAccount(_) => Kind::DegreeAccount,
        Answer::BankLogin(_) => Kind::BankLogin,
    }
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
