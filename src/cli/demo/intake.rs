//! Every way in: an application by both pushes, in each order and once in envelopes; by the signed push;
//! by pushes of a product that people decide about; by the mobile app.
//!
//! Owns what is pushed, called and brought for each; what is the same for all (answers to challenges,
//! reviews, how it must end) is the demo's.

mod app;
mod signed;
mod signing;

use super::applicant::Applicants;
use super::cast::{Half, Part};
use super::reviewer;
use super::tell::Teller;
use crate::api::proto::v1::application::State;
use crate::config::{Partner, Scheme, SecretText, Settings, products};
use crate::sandbox::Script;
use crate::sandbox::people::Person;
use tokio::task::JoinSet;
use tonic::transport::Channel;

/// The partner that puts its halves in envelopes.
const SEALING: &str = "sealing";

/// What it calls itself.
const SEALING_UA: &str = "PARTNER_7";

/// What it signs with: a demo guards nothing.
const SEALING_SECRET: &str = "a demo guards nothing";

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Both halves of an order as they are, the base first (spec 000, 001).
    Halves,
    /// Both in envelopes, the additional one first (spec 005 A-000-2).
    Sealed,
    /// The signed push (spec 003).
    Signed,
    /// Both halves, and a person decides.
    Manual,
    /// The mobile app (spec 004), and a person decides.
    App,
}

impl Way {
    const ALL: [Self; 5] = [Self::Halves, Self::Sealed, Self::Signed, Self::Manual, Self::App];

    fn part(self) -> Part {
        let (name, about, partner, order) = match self {
            Self::Halves => ("000+001", "two halves", products::PUSHED, Some("in-order")),
            Self::Sealed => ("001+000", "two halves in envelopes", SEALING, Some("reversed")),
            Self::Signed => ("003", "signed push", products::QUNADAI, None),
            Self::Manual => ("manual", "a person decides", products::MANUAL, Some("by-hand")),
            Self::App => ("004", "mobile app", products::CRAPIDO, Some(app::ORDER)),
        };
        let number = Self::ALL.iter().position(|way| *way == self).unwrap_or_default() as u32 + 1;
        let person = match self {
            Self::App => app::person(),
            Self::Halves | Self::Sealed | Self::Signed | Self::Manual => Person::new(Script::Happy, number),
        };
        let order = order.map(str::to_owned);
        Part { name: name.to_owned(), about, order, person, partner, ending: State::Approved }
    }
}

/// An application by each way.
pub(super) fn parts() -> Vec<Part> {
    Way::ALL.map(Way::part).into()
}

/// Adds the partner that the others' settings lack, and a role for the reviewers.
pub(super) fn furnish(settings: &mut Settings) {
    settings.partner.push(Partner {
        name: SEALING.to_owned(),
        product: products::PUSHED.to_owned(),
        signature: Scheme::UaMd5,
        push_ua: Some(SEALING_UA.to_owned()),
        push_secret: Some(SecretText::new(SEALING_SECRET.to_owned())),
        ..Partner::default()
    });
    settings.role.push(reviewer::role());
}

/// Sends everybody on their way.
pub(super) fn begin(
    busy: &mut JoinSet<anyhow::Result<()>>,
    applicants: &Applicants,
    channel: &Channel,
    teller: Teller,
) {
    for way in Way::ALL {
        let (applicants, channel) = (applicants.clone(), channel.clone());
        busy.spawn(async move {
            let part = way.part();
            match way {
                Way::Halves | Way::Manual => halves(&applicants, &part, Half::Base, teller).await,
                Way::Sealed => halves(&applicants, &part, Half::Additional, teller).await,
                Way::Signed => signed::go(&applicants, channel, &part, teller).await,
                Way::App => app::go(&applicants, channel, &part, teller).await,
            }
        });
    }
}

/// Pushes both halves of an order.
async fn halves(applicants: &Applicants, part: &Part, first: Half, teller: Teller) -> anyhow::Result<()> {
    for half in [first, first.other()] {
        let body = half.of(part)?;
        if part.partner == SEALING {
            applicants.push(part, half, &signing::envelope(SEALING_UA, SEALING_SECRET, &body)).await?;
        } else {
            applicants.push(part, half, &body).await?;
        }
        let what = match half {
            Half::Base => "base info (000)",
            Half::Additional => "additional info (001)",
        };
        teller.deed(part, &format!("{} pushes the {what}: taken", part.partner));
    }
    Ok(())
}
