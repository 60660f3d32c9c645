//! The requests of online banking, first version (spec 002 §5).

use super::{Draft, answer, bank_login, id_card, identity, login_name, password, personal, typed};
use crate::engine::dossier::{Device, Dossier};
use crate::engine::provider::Failure;
use crate::machine::call::Call;
use crate::provider::material::Material;
use crate::provider::wire::Opaque;
use crate::provider::wire::ebank::{
    BankInfoRequest, CaptchaRequest, LicenseUploadRequest, OpenIdRequest, RawDataRequest, StateRequest,
    UserInfo,
};

pub(super) fn banks(call: &Call) -> Draft {
    Draft::plain(call, BankInfoRequest {})
}

pub(super) fn license(call: &Call, material: &Material) -> Result<Draft, Failure> {
    let identity = identity(&material.dossier)?;
    let login = bank_login(material)?;
    let message = LicenseUploadRequest {
        token: Opaque::default(),
        entry_id: login.entry_id.clone(),
        login_name: login_name(&login)?,
        name: identity.name.clone(),
        id_card: id_card(identity),
    };
    let draft = Draft::with_token(call, message, |it| &mut it.token);
    Ok(draft.carrying(personal(identity)).carrying(typed(&login)))
}

pub(super) fn open(call: &Call, material: &Material) -> Result<Draft, Failure> {
    let identity = identity(&material.dossier)?;
    let login = bank_login(material)?;
    let message = OpenIdRequest {
        token: Opaque::default(),
        name: identity.name.clone(),
        mobile: identity.phone.clone(),
        id_card: id_card(identity),
        entry_id: login.entry_id.clone(),
        login_name: login_name(&login)?,
        password: password(&login),
        user_info: user_info(&material.dossier),
    };
    let device = material.dossier.device.iter().map(|device| &*device.device_id);
    let draft = Draft::with_token(call, message, |it| &mut it.token).carrying(device);
    Ok(draft.carrying(personal(identity)).carrying(typed(&login)))
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

/// Where the applicant is, as far as the evidence tells (spec 006 §7.2); nothing in it tells address or
/// place yet.
fn user_info(dossier: &Dossier) -> Option<UserInfo> {
    let device = dossier.device.as_ref()?;
    Some(UserInfo {
        ip: None,
        city: None,
        province: None,
        lat: None,
        lon: None,
        udid: Some(device.device_id.clone()).filter(|id| !id.is_empty()),
        client_type: client_type(device),
    })
}

/// 1 iOS, 2 Android, 0 anything else (spec 002 §5.1.3).
fn client_type(device: &Device) -> i64 {
    let os = device.os.to_ascii_lowercase();
    match os.trim() {
        os if os.starts_with("ios") || os.starts_with("iphone") => 1,
        os if os.starts_with("android") => 2,
        _ => 0,
    }
}
