//! The requests of online banking, second version (spec 002 §6).

use super::{Draft, answer, bank_login, id_card, identity, login_name, password, personal, typed};
use crate::engine::provider::Failure;
use crate::machine::call::Call;
use crate::provider::material::Material;
use crate::provider::wire::Opaque;
use crate::provider::wire::ebank_v2::{
    BankListRequest, CaptchaRequest, LicenseUploadRequest, LoginRequest, OpenIdRequest, RawDataRequest,
    StateRequest,
};

pub(super) fn open(call: &Call, material: &Material) -> Result<Draft, Failure> {
    let identity = identity(&material.dossier)?;
    let message = OpenIdRequest {
        token: Opaque::default(),
        name: identity.name.clone(),
        mobile: identity.phone.clone(),
        id_card: id_card(identity),
    };
    Ok(Draft::with_token(call, message, |it| &mut it.token).carrying(personal(identity)))
}

pub(super) fn banks(call: &Call, username: String, open_id: &str) -> Draft {
    Draft::plain(call, BankListRequest { username, open_id: open_id.to_owned() })
}

pub(super) fn license(
    call: &Call,
    username: String,
    open_id: &str,
    material: &Material,
) -> Result<Draft, Failure> {
    let login = bank_login(material)?;
    let message = LicenseUploadRequest {
        username,
        open_id: open_id.to_owned(),
        entry_id: login.entry_id.clone(),
        login_name: login_name(&login)?,
    };
    Ok(Draft::plain(call, message).carrying(typed(&login)))
}

pub(super) fn login(
    call: &Call,
    username: String,
    open_id: &str,
    material: &Material,
) -> Result<Draft, Failure> {
    let login = bank_login(material)?;
    let message = LoginRequest {
        username,
        open_id: open_id.to_owned(),
        entry_id: login.entry_id.clone(),
        login_name: login_name(&login)?,
        password: password(&login),
    };
    Ok(Draft::plain(call, message).carrying(typed(&login)))
}

pub(super) fn state(call: &Call, username: String, open_id: &str) -> Draft {
    Draft::plain(call, StateRequest { username, open_id: open_id.to_owned() })
}

pub(super) fn captcha(
    call: &Call,
    username: String,
    open_id: &str,
    material: &Material,
) -> Result<Draft, Failure> {
    let verify_code = answer(material)?;
    let carried = verify_code.clone();
    let message = CaptchaRequest { username, open_id: open_id.to_owned(), verify_code };
    Ok(Draft::plain(call, message).carrying([carried.expose()]))
}

pub(super) fn raw_data(call: &Call, username: String, open_id: &str) -> Draft {
    Draft::plain(call, RawDataRequest { username, open_id: open_id.to_owned() })
}
