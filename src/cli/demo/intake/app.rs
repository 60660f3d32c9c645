//! The mobile app (spec 004): a session from the app's backend, then its thirteen calls with three photos.

use crate::api::proto::v1::IssueSessionRequest;
use crate::api::proto::v1::session_service_client::SessionServiceClient;
use crate::cli::demo::applicant::{Applicants, answered};
use crate::cli::demo::cast::Part;
use crate::cli::demo::tell::Teller;
use crate::config::products;
use crate::contract::{self, Route};
use crate::sandbox::people::Person;
use crate::sandbox::{Script, picture};
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tonic::transport::Channel;

/// The order number, which the app chooses.
pub(super) const ORDER: &str = "302021101407000223510036";

/// What stands between the parts of an upload.
const BOUNDARY: &str = "docket-demo";

/// The front of the identity card (spec 004 §4 `type`).
const FRONT: &str = "11";

/// What the three photos are of.
const SIDES: [(&str, &str); 3] = [("10", "face"), (FRONT, "front"), ("12", "back")];

/// The applicant's birthday; their number says the same.
const BIRTHDAY: &str = "27-06-1977";

/// An invented applicant; nothing of the provider's sandbox has to do with them.
pub(super) fn person() -> Person {
    let text = |text: &str| text.to_owned();
    Person {
        name: text("PRUEBA CORTES MARICELA"),
        mobile: text("5500000005"),
        id_card: text("CORM770627MDFNJR01"),
        script: Script::Happy,
    }
}

/// A form of the app: the call that shows it, and the call that saves it.
struct Form {
    calls: &'static str,
    what: &'static str,
    show: &'static [Route; 2],
    /// Where what is shown has its list.
    list: &'static str,
    save: &'static [Route; 2],
    typed: Value,
}

pub(super) async fn go(
    applicants: &Applicants,
    channel: Channel,
    part: &Part,
    teller: Teller,
) -> anyhow::Result<()> {
    let request = IssueSessionRequest {
        partner: part.partner.to_owned(),
        mobile: part.person.mobile.clone(),
        product_id: products::MOBILE_NUMBER.to_owned(),
        ttl: None,
    };
    let session = SessionServiceClient::new(channel).issue_session(request).await;
    let token = session.context("issue a session")?.into_inner().token;
    teller.deed(part, "the app's backend is given a session");
    let app = App { applicants, part, teller, token };
    app.fill(questionnaire()).await?;
    app.photograph().await?;
    for form in [personal(&part.person), job(), contacts(), card(&part.person)] {
        app.fill(form).await?;
    }
    Ok(())
}

fn questionnaire() -> Form {
    Form {
        calls: "1, 2",
        what: "the questionnaire",
        show: &contract::QUESTIONNAIRE_INIT,
        list: "/items",
        save: &contract::QUESTIONNAIRE_SAVE,
        typed: json!({
            "is_borrowed_far": "1", "is_network_loan": "1", "is_outstanding": "1",
            "is_overdue_maximum": "1", "is_overdue_year": "1", "order_no": ORDER,
        }),
    }
}

fn personal(person: &Person) -> Form {
    Form {
        calls: "6, 7",
        what: "personal data",
        show: &contract::PERSONAL_INIT,
        list: "/items",
        save: &contract::PERSONAL_SAVE,
        typed: json!({
            "birthday": BIRTHDAY, "children_num": "1", "education": "2", "email": "maricela@example.com",
            "home_city": "Coahuila de Zaragoza|Candela", "idcardnumber": person.id_card, "marriage": "1",
            "sex": "2", "order_no": ORDER,
        }),
    }
}

fn job() -> Form {
    Form {
        calls: "8, 9",
        what: "the job",
        show: &contract::JOB_INIT,
        list: "/items",
        save: &contract::JOB_SAVE,
        typed: json!({
            "company_address": "Coahuila de Zaragoza|Candela", "company_full_address": "Calle de Prueba 1",
            "company_name": "Empresa de Prueba", "company_phone": "5500000001", "industry": "3",
            "job_type": "2", "monthly_income": "3", "salary_day": "3", "salary_day_1": "1",
            "salary_type": "1", "order_no": ORDER,
        }),
    }
}

fn contacts() -> Form {
    Form {
        calls: "10, 11",
        what: "emergency contacts",
        show: &contract::CONTACTS_INIT,
        list: "/emergent/lineal_list",
        save: &contract::CONTACTS_SAVE,
        typed: json!({
            "first_name": "Ana", "first_mobile": "5500000002", "first_relation": "1",
            "second_name": "Luis", "second_mobile": "5500000003", "second_relation": "1",
        }),
    }
}

fn card(person: &Person) -> Form {
    Form {
        calls: "12, 13",
        what: "the account",
        show: &contract::CARD_INIT,
        list: "/items",
        save: &contract::CARD_SAVE,
        typed: json!({
            "bankCode": "40012", "bankType": "2", "cardNo": "012180001234567899",
            "confirmCardNo": "012180001234567899", "userName": person.name, "order_no": ORDER,
        }),
    }
}

/// The app of one applicant, with a session.
struct App<'a> {
    applicants: &'a Applicants,
    part: &'a Part,
    teller: Teller,
    token: String,
}

impl App<'_> {
    /// Is shown a form, and saves it.
    async fn fill(&self, form: Form) -> anyhow::Result<()> {
        let Form { calls, what, show, list, save, typed } = form;
        let shown = self.call(show, json!({ "mobile": self.part.person.mobile })).await?;
        let count = shown.pointer(list).and_then(Value::as_array).map_or(0, Vec::len);
        ensure!(count > 0, "call {}: {list} is empty", show[0].path);
        self.call(save, typed).await?;
        self.teller.deed(self.part, &format!("calls {calls}: {what}, shown (a list of {count}) and saved"));
        Ok(())
    }

    /// Uploads the three photos, and types what cannot be read from a card without a word on it.
    async fn photograph(&self) -> anyhow::Result<()> {
        let Person { mobile, name, id_card, .. } = &self.part.person;
        self.call(&contract::IDENTITY_INIT, json!({ "mobile": mobile })).await?;
        for (kind, side) in SIDES {
            let photo = picture::png(kind);
            let shown = self.upload(kind, &photo).await?;
            let link = shown["url"].as_str().context("find the link to a photo")?;
            let behind = self.applicants.follow(link).await?;
            ensure!(behind == photo, "follow the link to the photo of the {side}: another is behind it");
            if kind == FRONT {
                ensure!(shown["is_need_pop"] == 1, "upload the {side}: a number was read where none is");
            }
            let length = photo.len();
            let text =
                format!("calls 3, 4: photo of the {side}, uploaded and shown by its link ({length} bytes)");
            self.teller.deed(self.part, &text);
        }
        let typed = json!({ "name": name, "type": FRONT, "id_number": id_card, "birthday": BIRTHDAY });
        self.call(&contract::IDENTITY_SAVE, typed).await?;
        self.teller
            .deed(self.part, "call 5: name and number, which could not be read from the front, are typed");
        Ok(())
    }

    /// Makes a call by its path on the wire; gives the data of its answer.
    async fn call(&self, route: &[Route; 2], mut form: Value) -> anyhow::Result<Value> {
        form["product_id"] = products::MOBILE_NUMBER.into();
        self.send(route, "application/json".to_owned(), form.to_string().into()).await
    }

    async fn upload(&self, kind: &str, photo: &[u8]) -> anyhow::Result<Value> {
        let part =
            |name: &str| format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
        let head = format!("{}{kind}\r\n{}", part("type"), part("attach"));
        let body = [head.as_bytes(), photo, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat();
        let content = format!("multipart/form-data; boundary={BOUNDARY}");
        self.send(&contract::PHOTO_UPLOAD, content, body).await
    }

    async fn send(&self, route: &[Route; 2], content: String, body: Vec<u8>) -> anyhow::Result<Value> {
        let [route, _canonical] = route;
        let request = self.applicants.post(route.path).header("token", &self.token);
        let request = request.header("content-type", content).body(body);
        let mut answer = answered(request).await.with_context(|| format!("call {}", route.path))?;
        // Printed as "0" and as "00".
        let is_well = answer["code"].as_str().is_some_and(|code| code.parse() == Ok(0));
        ensure!(is_well, "call {}: {}", route.path, answer["message"]);
        Ok(answer["data"].take())
    }
}
