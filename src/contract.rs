//! The HTTP surface: every route that there is, and its description in OpenAPI.
//!
//! Owns the one list of routes: whoever serves one takes its path from here, so that routers, list
//! and description cannot part. It must never hold a handler, nor know what a route is for.

/// A route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Its method; a `GET` answers `HEAD` as well.
    pub method: &'static str,
    /// Its path, with names in braces where something is to be filled in; as routers and OpenAPI
    /// both write it.
    pub path: &'static str,
}

macro_rules! routes {
    ($($(#[$about:meta])* $constant:ident = $method:literal $path:literal;)*) => {
        $($(#[$about])* pub const $constant: Route = Route { method: $method, path: $path };)*

        /// Every route that is served.
        pub const ROUTES: &[Route] = &[$($constant),*];
    };
}

routes! {
    /// The base-info push of the first partner (spec 000).
    FIRST_BASE_PUSH = "POST" "/pushUserBaseInfo";
    /// The additional-info push of the first partner (spec 001; 005 A-001-1).
    FIRST_ADDITIONAL_PUSH = "POST" "/pushUserAdditionalInfo";
    /// The base-info push of a partner.
    BASE_PUSH = "POST" "/partners/{name}/pushUserBaseInfo";
    /// The additional-info push of a partner.
    ADDITIONAL_PUSH = "POST" "/partners/{name}/pushUserAdditionalInfo";
    /// The signed push of a partner (spec 003); the path is ours to choose (005 A-003-4).
    SIGNED_PUSH = "POST" "/partners/{name}/qunadai";
    /// The outcomes that a partner asks for.
    OUTCOMES = "GET" "/partners/{name}/outcomes";
    /// A photo that an app has uploaded (005 A-004-15).
    PHOTO = "GET" "/photos/{application}/{document}";
    /// Whether the server lives.
    LIVEZ = "GET" "/livez";
    /// Whether it is ready.
    READYZ = "GET" "/readyz";
    /// Its figures.
    METRICS = "GET" "/metrics";
    /// This surface, described.
    OPENAPI = "GET" "/openapi.json";
}

macro_rules! app_routes {
    ($($(#[$about:meta])* $constant:ident = $wire:literal $canonical:literal;)*) => {
        $(
            $(#[$about])*
            pub const $constant: [Route; 2] =
                [Route { method: "POST", path: $wire }, Route { method: "POST", path: $canonical }];
        )*

        /// Every call of mobile apps (spec 004, "Endpoint table"), each by its path on the wire and by its
        /// canonical one (005 A-004-23). Each app's are served below `/partners/{name}`, those of the first at
        /// the root too.
        pub const APP_ROUTES: &[[Route; 2]] = &[$($constant),*];
    };
}

app_routes! {
    /// The questions about earlier debts (1).
    QUESTIONNAIRE_INIT = "/Crapido/mkla-pk" "/v3/certify/credit-info";
    /// Their answers (2).
    QUESTIONNAIRE_SAVE = "/Crapido/aksl" "/v3/certify/save-credit-info";
    /// The photos, and what was read from them (3).
    IDENTITY_INIT = "/Crapido/UserInit" "/v3/certify/basic-person-info";
    /// A photo; without `/v3`, as printed (4; 005 A-004-18).
    PHOTO_UPLOAD = "/Crapido/upimg" "/credit-info/upload-image";
    /// Corrected name and number (5).
    IDENTITY_SAVE = "/Crapido/SeBinfo" "/v3/certify/save-basic-info";
    /// The form of personal data (6).
    PERSONAL_INIT = "/Crapido/Coldja" "/v3/certify/personal-info";
    /// Personal data (7).
    PERSONAL_SAVE = "/Crapido/mksl" "/v3/certify/save-personal-info";
    /// The form of the job (8).
    JOB_INIT = "/Crapido/jobMa" "/v3/certify/job-info";
    /// The job (9).
    JOB_SAVE = "/Crapido/Sejom" "/v3/certify/save-job-info";
    /// The form of emergency contacts (10).
    CONTACTS_INIT = "/Crapido/etInfo" "/v3/certify/ext-info";
    /// Emergency contacts (11).
    CONTACTS_SAVE = "/Crapido/saetInfo" "/v3/certify/save-ext-info";
    /// The form of the account (12).
    CARD_INIT = "/Crapido/CA-LSKD" "/v3/bind-card/card-init";
    /// The account (13).
    CARD_SAVE = "/Crapido/alksmdn-laskd" "/v3/bind-card/bind-card-new";
}

/// The description of all routes, OpenAPI 3.1 as JSON.
pub const DESCRIPTION: &str = include_str!("contract/openapi.json");

impl Route {
    /// Gives its last segment: what metrics call it.
    pub fn name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
