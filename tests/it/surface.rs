//! The HTTP surface of the built binary is the one that it describes at `/openapi.json`.

use crate::process::{Process, http};
use docket::contract::{APP_ROUTES, DESCRIPTION, ROUTES};
use docket::intake::push::Push;
use serde_json::Value;
use std::path::{Path, PathBuf};

pub(crate) const SETTINGS: &str = r#"
[provider]
address = "http://127.0.0.1:1"
username = "merchant1"
password = "word"
public_key = "PUBLIC_KEY"

[[product]]
name = "cash"
version = 1
evidence = ["identity", "loan", "contacts"]
telecom = "required"
term_days = 14

[[partner]]
name = "agency"
product = "cash"
callback_secret = "0123456789abcdef"

[[partner]]
name = "signed"
product = "cash"
signature = "qunadai"
push_secret = "0123456789abcdef"

[[partner]]
name = "app"
product = "cash"
mobile_products = { "2" = "cash" }
"#;

/// Writes the public key of a provider that nobody reaches.
pub(crate) fn public_key(folder: &Path) -> PathBuf {
    let file = folder.join("key.pem");
    let pem = docket::sandbox::Sandbox::new(docket::sandbox::Settings {
        seed: 1,
        username: "u".to_owned(),
        password: docket::provider::wire::Opaque::from("p"),
        pace: docket::sandbox::Pace::REAL,
    })
    .public_key_pem();
    std::fs::write(&file, pem).unwrap();
    file
}

/// Starts a server with these settings, whose provider nobody reaches.
pub(crate) fn serve(folder: &Path, settings: &str) -> Process {
    let public_key = public_key(folder);
    let file = folder.join("docket.toml");
    std::fs::write(&file, settings.replace("PUBLIC_KEY", &public_key.display().to_string())).unwrap();
    let variables = [
        ("DOCKET_DATA", folder.join("data").display().to_string()),
        ("DOCKET_CONFIG", file.display().to_string()),
    ];
    Process::start(&["serve", "--listen", "127.0.0.1:0"], &variables)
}

#[tokio::test]
async fn every_described_path_is_served_and_answers_as_described() {
    let folder = tempfile::tempdir().unwrap();
    let docket = serve(folder.path(), SETTINGS);
    let http = http();
    let told = http.get(format!("http://{}/openapi.json", docket.address)).send().await.unwrap();
    assert_eq!(told.headers()["content-type"], "application/json");
    assert_eq!(told.text().await.unwrap(), DESCRIPTION);
    let described: Value = serde_json::from_str(DESCRIPTION).unwrap();
    let of_apps = APP_ROUTES.iter().flatten();
    let of_apps = of_apps.flat_map(|route| ["", "/partners/app"].map(|server| (server, route)));
    for (server, route) in ROUTES.iter().map(|route| ("", route)).chain(of_apps) {
        let name = if route.path.ends_with("/qunadai") { "signed" } else { "agency" };
        let url = format!("http://{}{server}{}", docket.address, route.path.replace("{name}", name));
        for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
            let asked = http.request(method.parse().unwrap(), &url).body("{}").send().await.unwrap();
            let status = asked.status().as_u16();
            let expected = if method == route.method { status != 405 } else { status == 405 };
            assert!(expected && status != 404 && status < 500, "{method} {}: {status}", route.path);
            let operation =
                &resolved(&described, &described["paths"][route.path])[route.method.to_lowercase()];
            let said = resolved(&described, &operation["responses"][status.to_string()]);
            let kind = asked.headers()["content-type"].to_str().unwrap();
            let kind = kind.split(';').next().unwrap();
            assert!(said["content"][kind].is_object(), "{method} {}: {status} {kind}", route.path);
        }
    }
    for path in [
        "/",
        "/openapi",
        "/partners/agency",
        "/partners/agency/qunadai",
        // An app, and no signature: nobody without a session tells who its users are.
        "/partners/app/pushUserBaseInfo",
        "/partners/app/pushUserAdditionalInfo",
        "/partners/app/qunadai",
        "/partners/signed/outcomes",
    ] {
        let asked = http.post(format!("http://{}{path}", docket.address)).send().await.unwrap();
        let expected = if path.ends_with("outcomes") { 405 } else { 404 };
        assert_eq!(asked.status().as_u16(), expected, "{path}");
    }
    docket.leave();
}

/// What is described, here or where it is referred to.
fn resolved<'a>(described: &'a Value, told: &'a Value) -> &'a Value {
    match told["$ref"].as_str() {
        Some(to) => described.pointer(to.strip_prefix('#').unwrap()).unwrap(),
        None => told,
    }
}

#[test]
fn every_example_of_a_push_is_one() {
    let described: Value = serde_json::from_str(DESCRIPTION).unwrap();
    let example = |name: &str| described["components"]["examples"][name]["value"].to_string();
    for name in ["base", "additional", "signed_string", "signed_object"] {
        let read = match name {
            "base" => Push::base,
            "additional" => Push::additional,
            _signed => Push::signed,
        };
        read(example(name).as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
