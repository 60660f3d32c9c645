//! Commands that need no server: settings, completions, manual pages, help.

use super::world::docket;
use std::fs;

#[test]
fn every_setting_tells_where_it_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("docket.toml");
    fs::write(
        &file,
        "[provider]\naddress = \"http://x\"\npassword = \"s3cret\"\n[patience]\nrestart = \"7s\"\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let show = ["config", "show", "--config", file, "--data", "elsewhere", "-o", "json"];
    let variables = [
        ("DOCKET_PROVIDER_USERNAME", "me"),
        ("DOCKET_MASTER_KEY", "k3y"),
        ("DOCKET_PATIENCE_RESTART", "9s"),
        ("DOCKET_LISTEN", "127.0.0.1:9"),
    ];
    let ran = docket(&show, &variables, "");
    assert!(!ran.out.contains("s3cret") && !ran.out.contains("k3y"), "{ran:#?}");
    let shown = ran.json();
    let found = |key: &str| {
        let row = shown.as_array().unwrap().iter().find(|row| row["key"] == key).unwrap();
        let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
        format!("{} {}", text("value"), text("origin"))
    };
    assert_eq!(found("listen"), "127.0.0.1:9 variable");
    assert_eq!(found("data"), "elsewhere flag");
    assert_eq!(found("provider.address"), "http://x file");
    assert_eq!(found("provider.username"), "me variable");
    assert_eq!(found("provider.password"), "[secret] file");
    assert_eq!(found("master_key"), "[secret] variable");
    assert_eq!(found("patience.restart"), "9s variable");
    assert_eq!(found("provider.public_key"), "- unset");
    assert_eq!(
        found("partner"),
        "pushed, collected, degree, ebank, ebank_v2, everything, manual, qunadai, crapido default"
    );
    let table = docket(&show[..6], &variables, "").done();
    assert!(table.contains("DOCKET_PATIENCE_RESTART") && table.contains(file), "{table}");
    assert!(docket(&["config", "show", "-o", "name"], &[], "").done().starts_with("listen\ndata\n"));
}

#[test]
fn all_that_is_wrong_with_the_settings_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("docket.toml");
    let check = |text: &str, variables: &[(&str, &str)]| {
        fs::write(&file, text).unwrap();
        docket(&["config", "check", "--config", file.to_str().unwrap(), "-o", "json"], variables, "")
    };
    let wrong = "[provder]\naddress = 1\n[provider]\nadress = \"x\"\n[[partner]]\nnme = \"x\"\n[patience]\npol_min = \"1s\"\n";
    let ran = check(wrong, &[("DOCKET_PROVIDER_PASWORD", "x")]);
    assert_eq!(ran.code, 4, "{ran:#?}");
    for (key, meant) in [
        ("DOCKET_PROVIDER_PASWORD", "DOCKET_PROVIDER_PASSWORD"),
        ("provder", "provider"),
        ("provider.adress", "provider.address"),
        ("partner.nme", "partner.name"),
        ("patience.pol_min", "patience.poll_min"),
    ] {
        assert!(
            ran.err.contains(&format!("  {key}: is no setting; did you mean {meant}?\n")),
            "{key}: {ran:#?}"
        );
    }
    assert!(ran.err.contains("  provider.username: must be given"), "{ran:#?}");

    let account =
        "[provider]\naddress = \"http://x\"\nusername = \"a\"\npassword = \"b\"\npublic_key = \"c\"\n";
    assert_eq!(check(account, &[]).code, 0);
    let senseless = check(&format!("listen = \"0.0.0.0:1\"\n{account}"), &[]);
    assert!(
        senseless.code == 4 && senseless.err.contains("  listen: must be a loopback address"),
        "{senseless:#?}"
    );
    let unreadable = check(&format!("{account}timeout = \"soon\"\n"), &[]);
    assert!(unreadable.code == 4 && unreadable.err.contains("provider.timeout"), "{unreadable:#?}");
    for path in ["login", "/login?a=b", "/log in"] {
        let astray = check(&format!("{account}degree_login_path = {path:?}\n"), &[]);
        assert!(
            astray.code == 4 && astray.err.contains("  provider.degree_login_path: must be a path"),
            "{astray:#?}"
        );
    }
    let serve = docket(&["serve"], &[("DOCKET_PROVIDER_PASWORD", "x")], "");
    assert_eq!(serve.code, 4, "{serve:#?}");
    for wrong in
        ["did you mean DOCKET_PROVIDER_PASSWORD?", "provider.address: must be", "provider.public_key: must"]
    {
        assert!(serve.err.contains(wrong), "{wrong}: {serve:#?}");
    }
}

#[test]
fn what_is_to_be_logged_must_make_sense() {
    for wrong in ["docket=lo ud", "=", "a[b=c"] {
        let ran = docket(&["config", "show"], &[("DOCKET_LOG", wrong)], "");
        assert!(ran.code == 4 && ran.out.is_empty(), "{wrong}: {ran:#?}");
        assert!(ran.err.contains("  DOCKET_LOG: ") && ran.err.contains("  hint: "), "{wrong}: {ran:#?}");
    }
    docket(&["config", "show"], &[("DOCKET_LOG", "docket=debug,warn")], "").done();
    docket(&["config", "show"], &[("DOCKET_LOG", "")], "").done();
}

#[test]
fn every_shell_is_completed_and_every_command_has_a_page() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = docket(&["completion", shell], &[], "").done();
        assert!(script.contains("docket") && script.contains("resend"), "{shell}: {script}");
    }
    assert!(docket(&["completion", "bash"], &[], "").done().contains("CAPTCHA_REQUIRED"));
    assert!(docket(&["man"], &[], "").done().contains(".TH docket 1"));
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    assert_eq!(docket(&["man", pages.to_str().unwrap()], &[], "").done(), "");
    for page in ["docket.1", "docket-apps-create.1", "docket-config-check.1"] {
        assert!(pages.join(page).exists(), "{page} is missing");
    }
}

#[test]
fn every_command_helps() {
    let reference = docket::cli::reference();
    let commands: Vec<_> = reference.lines().filter_map(|line| line.strip_prefix("## `docket ")).collect();
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands {
        let command = command.trim_end_matches('`');
        let arguments: Vec<_> = command.split(' ').chain(["--help"]).collect();
        let help = docket(&arguments, &[], "").done();
        assert!(help.contains(&format!("Usage: docket {command}")), "{command}:\n{help}");
    }
}

#[test]
fn who_does_not_read_to_the_end_hears_no_complaint() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let command = std::process::Command::new(env!("CARGO_BIN_EXE_docket"))
        .arg("man")
        .stdout(writer)
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap();
    assert!(command.status.success() && command.stderr.is_empty(), "{command:?}");
}
