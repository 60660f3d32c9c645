//! From a question to the applicant to the wire.

use super::{application, name, timestamp};
use crate::api::proto::v1;
use crate::api::proto::v1::challenge::Kind;
use crate::api::proto::v1::login_type::Cards;
use crate::config::Agreements;
use crate::engine::bank::{Bank, BankList, CardKind, Input, LoginType};
use crate::engine::exhibit::{Posed, Shown};
use crate::machine::challenge::{Agreement, Challenge, ChallengeKind};
use crate::machine::id::ApplicationId;

/// What a picture's file begins with, and what it is then; no other is stored.
const PICTURES: [(&[u8], &str); 3] =
    [(b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif")];

/// Shows a question as part of its application: without what must be shown with it.
pub(super) fn challenge(of: ApplicationId, asked: &Challenge) -> v1::Challenge {
    let kind = match asked.kind {
        ChallengeKind::ServicePassword => Kind::ServicePassword,
        ChallengeKind::SmsCode => Kind::SmsCode,
        ChallengeKind::QueryPassword => Kind::QueryPassword,
        ChallengeKind::PictureCaptcha => Kind::PictureCaptcha,
        ChallengeKind::DynamicPassword => Kind::DynamicPassword,
        ChallengeKind::DegreeAccount => Kind::DegreeAccount,
        ChallengeKind::BankLogin => Kind::BankLogin,
    };
    v1::Challenge {
        name: name::challenge_name(of, asked.number),
        kind: kind.into(),
        message: asked.message.clone(),
        ask_time: Some(timestamp(asked.asked)),
        deadline: Some(timestamp(asked.deadline)),
        answers_left: asked.answers_left.into(),
        collection: application::collection_kind(asked.collection).into(),
        image: Vec::new(),
        image_type: String::new(),
        banks: None,
        agreement: None,
    }
}

/// Shows a question with all that must be shown with it.
pub(in super::super) fn posed(of: ApplicationId, posed: Posed, agreements: &Agreements) -> v1::Challenge {
    let mut told = challenge(of, &posed.challenge);
    match posed.shown {
        None => {}
        Some(Shown::Picture(picture)) => {
            let known = PICTURES.iter().find(|(beginning, _)| picture.starts_with(beginning));
            told.image_type = known.map_or("application/octet-stream", |(_, kind)| *kind).to_owned();
            told.image = picture;
        }
        Some(Shown::Banks { list, agreement: shown }) => {
            told.banks = Some(banks(list));
            told.agreement = Some(agreement(shown, agreements));
        }
    }
    told
}

fn agreement(shown: Agreement, agreements: &Agreements) -> v1::Agreement {
    let title = match shown {
        Agreement::Ebank => "网银授权协议",
        Agreement::Kaniu => "卡牛授权协议",
        Agreement::Jianguo => "坚果授权协议",
        Agreement::Xinyan => "新颜授权协议",
    };
    v1::Agreement {
        name: shown.name().to_owned(),
        title: title.to_owned(),
        url: agreements.url(shown).unwrap_or_default().to_owned(),
    }
}

fn banks(list: BankList) -> v1::BankList {
    v1::BankList { banks: list.banks.into_iter().map(bank).collect() }
}

fn bank(bank: Bank) -> v1::Bank {
    let Bank { name, code, disabled, logins } = bank;
    let logins = logins.into_iter().map(login_type).collect();
    v1::Bank { name, code, disabled: disabled.unwrap_or_default(), logins }
}

fn login_type(login: LoginType) -> v1::LoginType {
    let LoginType { title, entry_id, kind, disabled, inputs } = login;
    let cards = match kind {
        CardKind::CreditAndDebit => Cards::CreditAndDebit,
        CardKind::Credit => Cards::Credit,
        CardKind::Debit => Cards::Debit,
    };
    v1::LoginType {
        entry_id,
        title,
        cards: cards.into(),
        disabled: disabled.unwrap_or_default(),
        inputs: inputs.into_iter().map(input).collect(),
    }
}

fn input(input: Input) -> v1::Input {
    let secret = input.is_secret();
    let Input { name, label, description, pattern } = input;
    v1::Input { name, label, description, pattern, secret }
}
