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
    /// Whether the server lives.
    LIVEZ = "GET" "/livez";
    /// Whether it is ready.
    READYZ = "GET" "/readyz";
    /// Its figures.
    METRICS = "GET" "/metrics";
    /// This surface, described.
    OPENAPI = "GET" "/openapi.json";
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
