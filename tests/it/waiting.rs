//! Twenty thousand applications wait for a captcha in one process; its memory is reported.

use crate::process::{Process, Sandbox, client};
use docket::api::proto::v1::{
    AddressBook, AddressBookEntry, Contact, Contacts, CreateApplicationRequest, Credentials, Device,
    Evidence, Identity, IdentityCard, ListApplicationsRequest, Loan, Work, contact::Relation,
};
use docket::sandbox::Script;
use docket::sandbox::people::Person;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const APPLICATIONS: u32 = 20_000;
const CLIENTS: u32 = 64;
const PATIENCE: Duration = Duration::from_secs(900);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_wait_in_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), "instant");
    let mut settings = sandbox.settings();
    settings.push(("DOCKET_DATA", folder.path().join("data").display().to_string()));
    settings.retain(|(name, _)| *name != "DOCKET_PATIENCE_POLL_ASKING");
    settings.push(("DOCKET_PATIENCE_POLL_ASKING", "9m".to_owned()));
    // By default a system is asked 100 times a second at most: they would come in for ten minutes.
    settings.push(("DOCKET_PROVIDER_LIMITS_BLACKLIST_CALLS_PER_S", "10000".to_owned()));
    settings.push(("DOCKET_PROVIDER_LIMITS_TELECOM_CALLS_PER_S", "10000".to_owned()));
    let docket = Process::start(&["serve", "--listen", "127.0.0.1:0"], &settings);
    let empty = docket.resident_mib();
    let begun = Instant::now();
    let next = Arc::new(AtomicU32::new(0));
    let channel = client(&docket.address);
    let creating: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (next, mut client) = (Arc::clone(&next), channel.clone());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= APPLICATIONS {
                        return;
                    }
                    client
                        .create_application(request(number))
                        .await
                        .unwrap_or_else(|status| panic!("{number}: {status}"));
                }
            })
        })
        .collect();
    for task in creating {
        task.await.unwrap();
    }
    let created = begun.elapsed().as_secs_f64();
    let mut waiting = 0;
    while waiting < APPLICATIONS as usize {
        assert!(begun.elapsed() < PATIENCE, "only {waiting} wait for a captcha");
        sleep(Duration::from_secs(1)).await;
        waiting = count_waiting(&docket.address).await;
    }
    crate::report(&format!(
        "{waiting} applications wait for a captcha, created in {created:.0} s, asked after {:.0} s; \
         resident memory {} MiB, {empty} MiB when empty",
        begun.elapsed().as_secs_f64(),
        docket.resident_mib(),
    ));
}

/// Counts those whose challenge is open.
async fn count_waiting(address: &str) -> usize {
    let mut request = ListApplicationsRequest {
        page_size: 1000,
        filter: "state = CAPTCHA_REQUIRED".to_owned(),
        ..ListApplicationsRequest::default()
    };
    let mut count = 0;
    loop {
        let page = client(address).list_applications(request.clone()).await.unwrap().into_inner();
        count += page.applications.iter().filter(|it| !it.challenges.is_empty()).count();
        if page.next_page_token.is_empty() {
            return count;
        }
        request.page_token = page.next_page_token;
    }
}

/// Asks for the application of this number; in the end it waits for a captcha.
pub(crate) fn request(number: u32) -> CreateApplicationRequest {
    let person = Person::new(Script::Happy, number);
    let text = |text: &str| text.to_owned();
    CreateApplicationRequest {
        partner: text("waiting"),
        order_number: format!("waiting-{number}"),
        product: text("collected"),
        evidence: Some(Evidence {
            identity: Some(Identity { name: person.name, phone: person.mobile, id_card: person.id_card }),
            loan: Some(Loan { amount_fen: 150_000 }),
            identity_card: Some(IdentityCard {
                face_url: text("https://img.example.com/live.jpg"),
                front_url: text("https://img.example.com/front.jpg"),
                back_url: text("https://img.example.com/back.jpg"),
                address: String::new(),
            }),
            contacts: Some(Contacts {
                contacts: vec![Contact {
                    name: text("张一"),
                    phone: text("18221501320"),
                    relation: Relation::Friend.into(),
                }],
            }),
            work: Some(Work {
                company: text("测试公司"),
                region: String::new(),
                address: text("政学路1号"),
                phone: text("021-12345678"),
            }),
            device: Some(Device { device_id: text("7d50dcb97e654de6"), ..Device::default() }),
            address_book: Some(AddressBook {
                entries: vec![AddressBookEntry { name: text("中国移动"), phone: text("10086") }],
            }),
            ..Evidence::default()
        }),
        credentials: Some(Credentials { service_password: text("123456") }),
        ..CreateApplicationRequest::default()
    }
}
