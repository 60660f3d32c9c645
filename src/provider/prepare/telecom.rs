//! The requests of telecom (spec 002 §3).

use super::{Draft, answer, circle, contact_type, id_card, identity, personal};
use crate::engine::dossier::Dossier;
use crate::engine::provider::Failure;
use crate::machine::call::Call;
use crate::provider::material::Material;
use crate::provider::wire::Opaque;
use crate::provider::wire::telecom::{
    CaptchaRequest, Contact, OpenIdRequest, Options, QueryPasswordRequest, RawDataRequest, ReportRequest,
    ResendCaptchaRequest, StateRequest,
};

pub(super) fn open(call: &Call, material: &Material) -> Result<Draft, Failure> {
    let identity = identity(&material.dossier)?;
    let service_password = answer(material)?;
    let carried = service_password.clone();
    let message = OpenIdRequest {
        token: Opaque::default(),
        name: identity.name.clone(),
        id_card: id_card(identity),
        mobile: identity.phone.clone(),
        service_password,
        options: options(&material.dossier),
    };
    let draft = Draft::with_token(call, message, |it| &mut it.token);
    let draft = draft.carrying(circle(&material.dossier)).carrying(personal(identity));
    Ok(draft.carrying([carried.expose()]))
}

pub(super) fn query_password(
    call: &Call,
    username: String,
    open_id: &str,
    material: &Material,
) -> Result<Draft, Failure> {
    let query_password = answer(material)?;
    let carried = query_password.clone();
    let message = QueryPasswordRequest { username, open_id: open_id.to_owned(), query_password };
    Ok(Draft::plain(call, message).carrying([carried.expose()]))
}

pub(super) fn captcha(
    call: &Call,
    username: String,
    open_id: &str,
    material: &Material,
) -> Result<Draft, Failure> {
    let captcha = answer(material)?;
    let carried = captcha.clone();
    let message = CaptchaRequest { username, open_id: open_id.to_owned(), captcha };
    Ok(Draft::plain(call, message).carrying([carried.expose()]))
}

pub(super) fn resend(call: &Call, username: String, open_id: &str) -> Draft {
    Draft::plain(call, ResendCaptchaRequest { username, open_id: open_id.to_owned() })
}

pub(super) fn state(call: &Call, username: String, open_id: &str) -> Draft {
    Draft::plain(call, StateRequest { username, open_id: open_id.to_owned() })
}

pub(super) fn raw_data(call: &Call, username: String, open_id: &str) -> Draft {
    Draft::plain(call, RawDataRequest { username, open_id: open_id.to_owned() })
}

pub(super) fn report(call: &Call, username: String, open_id: &str) -> Draft {
    Draft::plain(call, ReportRequest { username, open_id: open_id.to_owned() })
}

/// What else is known of the person (spec 006 §7.2, "Intake → collection inputs").
fn options(dossier: &Dossier) -> Option<Options> {
    let contacts = dossier.contacts.iter().flatten().map(|contact| Contact {
        contact_tel: contact.phone.clone(),
        contact_name: contact.name.clone(),
        contact_type: contact_type(contact.relation).to_owned(),
    });
    let options = Options {
        work_addr: dossier.work.as_ref().map(|work| work.address.clone()),
        work_tel: dossier.work.as_ref().map(|work| work.phone.clone()),
        home_addr: None,
        home_tel: None,
        contacts: contacts.collect(),
    };
    (options != Options::default()).then_some(options)
}
