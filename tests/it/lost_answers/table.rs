//! The table of `docs/reference/lost-answers.md`, read row by row.

use docket::config::products;
use docket::machine::call::Call;
use docket::sandbox::{Endpoint, Script};
use std::path::Path;

/// What becomes of a call whose answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// The provider never got it.
    RequestLost,
    /// The provider processed it, and the connection was cut.
    AnswerLost,
    /// The provider processed it, and answered when nobody waited any more.
    AnswerLate,
}

impl Fate {
    pub(super) const ALL: [Self; 3] = [Self::RequestLost, Self::AnswerLost, Self::AnswerLate];

    /// The word for it in the table.
    const fn name(self) -> &'static str {
        match self {
            Self::RequestLost => "not processed",
            Self::AnswerLost => "processed",
            Self::AnswerLate => "late",
        }
    }
}

/// The calls by the names of Docket, and where the sandbox takes them.
pub(super) const CALLS: [(&str, Endpoint); Call::NAMES.len() + 1] = [
    ("token", Endpoint::Token),
    ("blacklist", Endpoint::Blacklist),
    ("telecom_open", Endpoint::TelecomOpenId),
    ("telecom_query_password", Endpoint::TelecomQueryPassword),
    ("telecom_captcha", Endpoint::TelecomCaptcha),
    ("telecom_resend", Endpoint::TelecomResend),
    ("telecom_state", Endpoint::TelecomState),
    ("telecom_raw_data", Endpoint::TelecomRawData),
    ("telecom_report", Endpoint::TelecomReport),
    ("degree_open", Endpoint::DegreeOpenId),
    ("degree_login", Endpoint::DegreeLogin),
    ("degree_state", Endpoint::DegreeState),
    ("degree_raw_data", Endpoint::DegreeRawData),
    ("ebank_banks", Endpoint::EbankBankInfo),
    ("ebank_license", Endpoint::EbankLicense),
    ("ebank_open", Endpoint::EbankOpenId),
    ("ebank_state", Endpoint::EbankState),
    ("ebank_captcha", Endpoint::EbankCaptcha),
    ("ebank_raw_data", Endpoint::EbankRawData),
    ("ebank_v2_open", Endpoint::EbankV2OpenId),
    ("ebank_v2_banks", Endpoint::EbankV2BankList),
    ("ebank_v2_license", Endpoint::EbankV2License),
    ("ebank_v2_login", Endpoint::EbankV2Login),
    ("ebank_v2_state", Endpoint::EbankV2State),
    ("ebank_v2_captcha", Endpoint::EbankV2Captcha),
    ("ebank_v2_raw_data", Endpoint::EbankV2RawData),
    ("audit_apply", Endpoint::AuditApply),
    ("audit_result", Endpoint::AuditResult),
];

/// A row of the table: one case for each of its fates.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) call: String,
    pub(super) endpoint: Endpoint,
    /// Which of the calls to the endpoint lose their answer, counted from 1.
    pub(super) which: Vec<u64>,
    pub(super) product: &'static str,
    pub(super) script: Script,
    pub(super) fates: Vec<Fate>,
    pub(super) expected: Expected,
}

/// What follows, against the same journey undisturbed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected {
    /// What the part of the application does next that had made the call.
    pub(super) next: String,
    /// How much oftener the call is sent; none of a poll, of which there are as many as time wants.
    pub(super) sent: Option<i64>,
    /// How much oftener it is processed; none of a poll.
    pub(super) processed: Option<i64>,
    /// How many more sessions are opened.
    pub(super) sessions: i64,
    /// How many more questions the applicant is asked.
    pub(super) asked: i64,
    /// The state in the end, and why.
    pub(super) ends: String,
}

/// Reads the rows of the page.
pub(super) fn rows() -> Vec<Row> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/lost-answers.md");
    let text = std::fs::read_to_string(page).unwrap();
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    let rows: Vec<Row> = lines.filter(|(_, line)| line.starts_with("| `")).map(row).collect();
    assert!(!rows.is_empty(), "the page has its table");
    rows
}

fn row((line, text): (usize, &str)) -> Row {
    let cells: Vec<String> =
        text.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    let [call, which, journey, fates, next, sent, processed, sessions, asked, ends] = cells
        .try_into()
        .unwrap_or_else(|cells: Vec<String>| panic!("line {line}: ten cells, not {}: {text}", cells.len()));
    let number =
        |cell: &str| cell.parse::<i64>().unwrap_or_else(|_| panic!("line {line}: {cell:?} is no number"));
    let numbers = |cell: &str| cell.split(", ").map(|which| number(which).cast_unsigned()).collect();
    let polled = |cell: &str| (cell != "any").then(|| number(cell));
    let (product, script) = journey.split_once(' ').expect("a product and a test number");
    let named = |fate: &str| {
        let found = Fate::ALL.into_iter().find(|it| it.name() == fate);
        found.unwrap_or_else(|| panic!("line {line}: {fate:?} is no fate"))
    };
    let found = CALLS.iter().find(|(name, _)| *name == call);
    let (_, endpoint) = found.unwrap_or_else(|| panic!("line {line}: {call:?} is no call"));
    let demo = products::demo();
    let mut names =
        [products::PUSHED, products::COLLECTED].into_iter().chain(products::SINGLES.map(|it| it.0));
    let product = names.find(|name| *name == product && demo.plan(name).is_some());
    Row {
        line,
        endpoint: *endpoint,
        which: numbers(&which),
        product: product.unwrap_or_else(|| panic!("line {line}: {journey:?} has no product")),
        script: Script::ALL
            .into_iter()
            .find(|it| i64::from(it.number()) == number(script))
            .expect("a script"),
        fates: fates.split(", ").map(named).collect(),
        expected: Expected {
            next,
            sent: polled(&sent),
            processed: polled(&processed),
            sessions: number(&sessions),
            asked: number(&asked),
            ends,
        },
        call,
    }
}
