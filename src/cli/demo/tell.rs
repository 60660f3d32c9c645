//! What the demo prints: for people, or one JSON object a line.

use super::Output;
use super::applicant::Callbacks;
use super::cast::Part;
use crate::api::proto::v1::{Application, Collection, challenge};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Instant;

/// Whoever prints.
#[derive(Debug, Clone, Copy)]
pub(super) struct Teller {
    output: Output,
    begun: Instant,
}

impl Teller {
    pub(super) fn new(output: Output) -> Self {
        Self { output, begun: Instant::now() }
    }

    pub(super) fn open(&self, docket: SocketAddr, provider: SocketAddr, who: &str) {
        match self.output {
            Output::Text => {
                line(&format!("Docket listens on {docket}, the sandbox provider on {provider}."));
                line(&format!("{who}:\n"));
            }
            Output::Json => object(&json!({
                "type": "open", "docket": docket.to_string(), "sandbox": provider.to_string()
            })),
        }
    }

    /// One change of one application.
    pub(super) fn change(&self, part: &Part, application: &Application) {
        let seconds = self.seconds();
        let collections = collections(application);
        match self.output {
            Output::Text => {
                let asked = application
                    .challenges
                    .first()
                    .map_or_else(String::new, |challenge| format!("asks for {}", kind(challenge.kind())));
                let (state, owner) = (state(application), owner(application));
                let Part { name, about, .. } = part;
                line(
                    format!(
                        "{seconds:7.2}s  {name:<7}  {about:<26} {state:<17} {owner:<10} {collections:<22} {asked}"
                    )
                    .trim_end(),
                );
            }
            Output::Json => object(&json!({
                "type": "change",
                "seconds": seconds,
                "part": part.name,
                "application": application.name,
                "order": application.order_number,
                "script": part.person.script.name(),
                "version": application.version,
                "state": state(application),
                "owner": owner(application),
                "collections": collections,
                "challenges": application.challenges.iter().map(|it| kind(it.kind())).collect::<Vec<_>>(),
            })),
        }
    }

    /// What somebody did about a part.
    pub(super) fn deed(&self, part: &Part, text: &str) {
        let (seconds, name) = (self.seconds(), &part.name);
        match self.output {
            Output::Text => line(&format!("{seconds:7.2}s  {name:<7}  {text}")),
            Output::Json => {
                object(&json!({ "type": "deed", "seconds": seconds, "part": name, "text": text }));
            }
        }
    }

    /// Since the beginning, to the millisecond.
    fn seconds(&self) -> f64 {
        (self.begun.elapsed().as_secs_f64() * 1000.0).round() / 1000.0
    }

    /// How all ended; says whether all ended as they should.
    pub(super) fn summary(
        &self,
        parts: &[Part],
        last: &BTreeMap<String, Application>,
        ledger: &Value,
        callbacks: &Callbacks,
    ) -> bool {
        let violations = ledger["breaches"].as_array().map_or(0, Vec::len);
        let mut is_well = violations == 0 && callbacks.is_well;
        if self.output == Output::Text {
            line("\npart     script or way in           must end   ended      moves  sessions");
        }
        for part in parts {
            let application = part.find(last);
            let ended = application.filter(|application| part.has_ended(application));
            let is_right = ended.is_some_and(|application| application.state() == part.ending);
            is_well &= is_right;
            let wanted = short(part.ending.as_str_name());
            let found = application.map_or("-", |application| state(application));
            let moves = application.map_or(0, |application| application.version);
            let sessions: i32 = application.iter().flat_map(|it| &it.collections).map(|it| it.attempt).sum();
            match self.output {
                Output::Text => {
                    let mark = if is_right { "" } else { "  <- not as it should" };
                    let Part { name, about, .. } = part;
                    line(&format!(
                        "{name:<7}  {about:<26} {wanted:<10} {found:<10} {moves:>5}  {sessions:>8}{mark}"
                    ));
                }
                Output::Json => object(&json!({
                    "type": "ending", "part": part.name,
                    "order": application.map(|it| it.order_number.as_str()), "script": part.person.script.name(),
                    "wanted": wanted, "ended": found, "moves": moves, "sessions": sessions, "ok": is_right,
                })),
            }
        }
        let seconds = self.begun.elapsed().as_secs_f64();
        match self.output {
            Output::Text => {
                let word = if is_well { "All ended as they should" } else { "Not all ended as they should" };
                line(&format!("\n{word}, in {seconds:.1} s; violations seen by the provider: {violations}."));
                let word =
                    if callbacks.is_well { "in order, each as it happened" } else { "not as it happened" };
                line(&format!("The partner was told {} changes of state, {word}.", callbacks.messages));
            }
            Output::Json => object(&json!({
                "type": "summary", "ok": is_well, "seconds": (seconds * 10.0).round() / 10.0,
                "violations": violations, "callbacks": callbacks.messages, "callbacks_ok": callbacks.is_well,
            })),
        }
        is_well
    }
}

/// Where its collections stand; of several each with its first letters; without any its certification.
fn collections(application: &Application) -> String {
    let all = &application.collections;
    let kind = |it: &Collection| it.kind().as_str_name().trim_start_matches("KIND_").to_lowercase();
    match &all[..] {
        [] => application.certification.as_ref().map_or_else(String::new, |it| it.state.clone()),
        [one] => one.state.clone(),
        many => many.iter().map(|it| format!("{}:{}", kind(it), it.state)).collect::<Vec<_>>().join(" "),
    }
}

fn state(application: &Application) -> &'static str {
    short(application.state().as_str_name())
}

fn owner(application: &Application) -> String {
    application.owner().as_str_name().trim_start_matches("OWNER_").to_lowercase().replace("unspecified", "")
}

fn kind(kind: challenge::Kind) -> String {
    kind.as_str_name().trim_start_matches("KIND_").to_lowercase()
}

/// The name of a state without what protobuf puts before it.
pub(super) fn short(name: &'static str) -> &'static str {
    name.trim_start_matches("STATE_")
}

/// Prints a line; whoever reads no more (`| head`) misses nothing that matters.
fn line(text: &str) {
    let _nobody_reads = writeln!(std::io::stdout(), "{text}");
}

fn object(value: &Value) {
    line(&value.to_string());
}
