//! The requests of the register of degrees (spec 002 §4).

use super::{
    Draft, Letter, Manner, Means, circle, contact_type, degree_account, id_card, identity, personal,
};
use crate::engine::dossier::Dossier;
use crate::engine::provider::Failure;
use crate::machine::call::Call;
use crate::provider::material::Material;
use crate::provider::wire::Opaque;
use crate::provider::wire::degree::{
    Contact, LoginRequest, OpenIdRequest, Options, RawDataRequest, StateRequest,
};

pub(super) fn open(call: &Call, material: &Material) -> Result<Draft, Failure> {
    let identity = identity(&material.dossier)?;
    let message = OpenIdRequest {
        token: Opaque::default(),
        name: identity.name.clone(),
        id_card: id_card(identity),
        mobile: identity.phone.clone(),
        options: options(&material.dossier),
    };
    let draft = Draft::with_token(call, message, |it| &mut it.token);
    Ok(draft.carrying(circle(&material.dossier)).carrying(personal(identity)))
}

/// Always asynchronous: the state is polled (spec 005 A-002-33).
pub(super) fn login(means: &Means<'_>, open_id: &str, material: &Material) -> Result<Draft, Failure> {
    let account = degree_account(material)?;
    let message = LoginRequest {
        username: means.username.to_owned(),
        open_id: open_id.to_owned(),
        account: Opaque::from(&*account.account),
        password: Opaque::from(&*account.password),
        sync: LoginRequest::ASYNCHRONOUS,
    };
    let path = means.dialect.degree_login_path.clone();
    let message = Box::new(Letter { message, path, manner: Manner::Post, token: None });
    let draft = Draft { message, carried: Vec::new() };
    Ok(draft.carrying([&*account.account, &*account.password]))
}

pub(super) fn state(call: &Call, means: &Means<'_>, open_id: &str) -> Draft {
    let username = means.dialect.degree_state_username.then(|| means.username.to_owned());
    Draft::plain(call, StateRequest { open_id: open_id.to_owned(), username })
}

pub(super) fn raw_data(call: &Call, username: String, open_id: &str) -> Draft {
    Draft::plain(call, RawDataRequest { username, open_id: open_id.to_owned() })
}

/// What else is known of the person, named otherwise than telecom's (spec 005 A-002-9).
fn options(dossier: &Dossier) -> Option<Options> {
    let contacts = dossier.contacts.iter().flatten().map(|contact| Contact {
        contact_cell_phone_number: contact.phone.clone(),
        contact_name: contact.name.clone(),
        contact_type: contact_type(contact.relation).to_owned(),
    });
    let options = Options {
        work_address: dossier.work.as_ref().map(|work| work.address.clone()),
        work_phone_number_tel: dossier.work.as_ref().map(|work| work.phone.clone()),
        home_address: None,
        home_phone_number: None,
        contacts: contacts.collect(),
    };
    (options != Options::default()).then_some(options)
}
