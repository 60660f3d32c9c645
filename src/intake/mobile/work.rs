//! The calls, answered: what is shown, what is saved, what is uploaded.
//!
//! It must never answer before what a call brings is durable.

use super::answer::{Failure, Wrong};
use super::call::Call;
use super::case::{Case, check_order, unavailable};
use super::fill::{self, Who};
use super::form::Form;
use super::recognise::text::{self, Reading};
use super::routes::Desk;
use super::save::{NUMBER, Reader};
use super::upload;
use crate::clock;
use crate::engine::dossier::{Dossier, Identity, Photo, Recognised};
use crate::engine::photo::{Side, Upload};
use crate::engine::session::Session;
use crate::machine::id::ApplicationId;
use crate::store::Store;
use crate::telemetry::metrics::MOBILE_DOUBTS;
use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

/// Where applicants live, whose day counts (spec 005 A-X-1).
const ZONE: &str = "America/Mexico_City";

impl<S: Store> Desk<S> {
    /// Answers an init.
    pub(super) async fn show(
        &self,
        call: Call,
        session: &Session,
        product: &str,
        form: &Form<'_>,
    ) -> Result<Value, Failure> {
        check_product(session, form)?;
        match form.maybe("mobile")? {
            Some(mobile) if mobile != session.phone => {
                return Err(Wrong::new("mobile", "must be the number that is logged in").into());
            }
            None if call != Call::CardInit => return Err(Wrong::new("mobile", "is required").into()),
            Some(_) | None => {}
        }
        let case = Case::find(&self.app.engine, session, product, None).await?;
        let (catalogue, held, now) = (&self.app.catalogue, &case.held, clock::now());
        Ok(match call {
            Call::QuestionnaireInit => fill::questionnaire(catalogue, held),
            Call::IdentityInit => fill::identity(held, |photo| {
                let of = case.application.as_ref().map(|application| application.id);
                of.map(|id| self.app.links.write(id, photo.document, now)).unwrap_or_default()
            }),
            Call::PersonalInit => fill::personal(catalogue, held),
            Call::JobInit => fill::job(catalogue, held),
            Call::ContactsInit => fill::contacts(catalogue, held),
            Call::CardInit => fill::card(catalogue, held),
            Call::QuestionnaireSave
            | Call::PhotoUpload
            | Call::IdentitySave
            | Call::PersonalSave
            | Call::JobSave
            | Call::ContactsSave
            | Call::CardSave => unreachable!("it shows nothing"),
        })
    }

    /// Answers a save.
    pub(super) async fn save(
        &self,
        call: Call,
        session: &Session,
        product: &str,
        form: &Form<'_>,
    ) -> Result<(), Failure> {
        if call != Call::IdentitySave {
            check_product(session, form)?;
        }
        let order_no = match call {
            Call::QuestionnaireSave | Call::PersonalSave | Call::JobSave => Some(form.text("order_no")?),
            Call::CardSave => form.maybe("order_no")?,
            Call::IdentitySave | Call::ContactsSave => None,
            Call::QuestionnaireInit
            | Call::IdentityInit
            | Call::PhotoUpload
            | Call::PersonalInit
            | Call::JobInit
            | Call::ContactsInit
            | Call::CardInit => unreachable!("it saves no form"),
        };
        if let Some(order_no) = &order_no {
            check_order(order_no)?;
        }
        let _turn = self.users.enter(session).await;
        let case = Case::find(&self.app.engine, session, product, order_no.as_deref()).await?;
        let mut reader = self.reader(session, &case.held);
        let parts = match call {
            Call::QuestionnaireSave => reader.questionnaire(form)?,
            Call::IdentitySave => reader.identity(form)?,
            Call::PersonalSave => reader.personal(form)?,
            Call::JobSave => reader.job(form)?,
            Call::ContactsSave => reader.contacts(form)?,
            Call::CardSave => reader.card(form)?,
            Call::QuestionnaireInit
            | Call::IdentityInit
            | Call::PhotoUpload
            | Call::PersonalInit
            | Call::JobInit
            | Call::ContactsInit
            | Call::CardInit => unreachable!("it saves no form"),
        };
        let doubts = reader.doubts;
        let application = case.bring(&self.app.engine, session, parts, None).await?;
        for field in doubts {
            tracing::warn!(application = %application.id, call = call.name(), field, "taken, and doubtful");
            metrics::counter!(MOBILE_DOUBTS, "field" => field).increment(1);
        }
        Ok(())
    }

    /// Answers an upload. A card that is read tells who it is, unless that contradicts what is known; then,
    /// and when it cannot be read for sure, the applicant is asked.
    pub(super) async fn upload(
        &self,
        session: &Session,
        product: &str,
        photo: upload::Photo,
    ) -> Result<Value, Failure> {
        let upload::Photo { side, image, media_type } = photo;
        let engine = &self.app.engine;
        let case = Case::find(engine, session, product, None).await?;
        if let Some(told) = self.told_before(&case, side, &image).await? {
            return Ok(told);
        }
        let held_then = side.of(&case.held).map(|photo| photo.document);
        // Read before it is this user's turn: it takes seconds, and others share the turn.
        let reading = match side {
            Side::Front => {
                self.app.recogniser.read(image.clone()).await.map(|said| text::read(&said, today()))
            }
            Side::Face | Side::Back => None,
        };
        let _turn = self.users.enter(session).await;
        let case = Case::find(engine, session, product, None).await?;
        // Somebody may have had a turn meanwhile: with the same photo, which is not stored twice, or with
        // another one, which was sent while this one was read and is not replaced by it.
        if let Some(told) = self.told_before(&case, side, &image).await? {
            return Ok(told);
        }
        if side == Side::Front
            && let Some(application) = &case.application
            && let Some(photo) = side.of(&case.held).cloned()
            && Some(photo.document) != held_then
        {
            return Ok(self.told_of(application.id, &case, side, photo));
        }
        let parts = reading.as_ref().map(|reading| self.read_from_card(session, &case.held, reading));
        let parts = parts.unwrap_or_default();
        let identity =
            parts.iter().find_map(|part| part.identity.clone()).or_else(|| case.held.identity.clone());
        let recognised = reading.map(|reading| reading.recognised);
        let brought = Upload { side, image, media_type, recognised: recognised.clone() };
        let application = case.bring(engine, session, parts, Some(brought)).await?;
        let held = engine.evidence_of(&application, &[side.kind()]).await;
        let held = held.map_err(|error| unavailable(&error))?;
        let photo = side.of(&held).ok_or(Failure::Busy)?;
        let url = self.link(application.id, photo.document);
        Ok(told(side, &url, identity.as_ref(), &recognised.unwrap_or_default()))
    }

    /// What is told of a photo that is held already, if this is its image.
    async fn told_before(&self, case: &Case, side: Side, image: &Bytes) -> Result<Option<Value>, Failure> {
        let Some(application) = &case.application else { return Ok(None) };
        let known = self.app.engine.uploaded(application, side, image).await;
        let known = known.map_err(|error| unavailable(&error))?;
        Ok(known.map(|photo| self.told_of(application.id, case, side, photo)))
    }

    /// What is told of a photo that is held.
    fn told_of(&self, application: ApplicationId, case: &Case, side: Side, photo: Photo) -> Value {
        let url = self.link(application, photo.document);
        told(side, &url, case.held.identity.as_ref(), &photo.recognised.unwrap_or_default())
    }

    /// What a card says of who it is, if nobody said so before, and nobody said otherwise.
    fn read_from_card(&self, session: &Session, held: &Dossier, reading: &Reading) -> Vec<Dossier> {
        let told = held.personal.as_ref().and_then(|personal| personal.details.get(NUMBER));
        match reading.curp().filter(|_| reading.is_sure && held.identity.is_none()) {
            Some(curp) if told.is_none_or(|told| told == curp.text()) => {
                self.reader(session, held).identified(reading.recognised.name.clone(), &curp)
            }
            Some(_) | None => Vec::new(),
        }
    }

    fn reader<'a>(&'a self, session: &'a Session, held: &'a Dossier) -> Reader<'a> {
        Reader {
            catalogue: &self.app.catalogue,
            check_digits: self.app.check_digits,
            phone: &session.phone,
            held,
            today: today(),
            doubts: Vec::new(),
        }
    }

    fn link(&self, application: ApplicationId, document: u32) -> String {
        self.app.links.write(application, document, clock::now())
    }
}

/// What is told of an upload; the dialog is shown while nobody is known, or somebody else is.
fn told(side: Side, url: &str, identity: Option<&Identity>, read: &Recognised) -> Value {
    if side != Side::Front {
        return fill::upload(url, &Who::default(), false);
    }
    let is_asked = identity.is_none_or(|known| !read.number.is_empty() && read.number != known.id_card);
    match identity.filter(|_| !is_asked) {
        Some(known) => fill::upload(url, &Who::new(&known.name, &known.id_card), false),
        None => fill::upload(url, &Who::new(&read.name, &read.number), true),
    }
}

/// A call is for the product of its session.
fn check_product(session: &Session, form: &Form<'_>) -> Result<(), Wrong> {
    if form.code("product_id")? == session.product_id {
        Ok(())
    } else {
        Err(Wrong::new("product_id", "must be the product that the session is for"))
    }
}

/// The day that it is where applicants live.
fn today() -> Date {
    let millis = i64::try_from(clock::now().as_millis()).unwrap_or(i64::MAX);
    let now = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
    now.to_zoned(TimeZone::get(ZONE).unwrap_or(TimeZone::UTC)).date()
}
