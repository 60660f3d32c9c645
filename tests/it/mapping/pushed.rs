//! Random valid pushes of one applicant, in every form that the contract leaves open.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// What an applicant's two pushes say.
#[derive(Debug, Clone)]
pub(super) struct Pushed {
    pub(super) is_additional_first: bool,
    pub(super) name: String,
    pub(super) phone: String,
    pub(super) id_card: String,
    pub(super) amount: u64,
    pub(super) address: String,
    pub(super) contacts: [(String, String, &'static str); 2],
    pub(super) company: [String; 3],
    pub(super) region: [String; 3],
    pub(super) device: String,
    pub(super) last_login: i64,
    pub(super) book: Vec<(String, String)>,
    pub(super) bills: Vec<(String, u64)>,
    pub(super) calls: Vec<Exchange>,
    pub(super) messages: Vec<Exchange>,
    pub(super) is_registered: bool,
    pub(super) masked_name: String,
    form: Form,
}

/// A call or a message.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    /// With whom; what begins with a star is hidden.
    pub(super) number: String,
    /// On which day of 2018, from 1 to 270; at which second of it.
    pub(super) at: (u16, u32),
    /// The kind, as the operator calls it.
    pub(super) kind: &'static str,
    /// Seconds of a call.
    pub(super) seconds: u64,
}

/// Where the contract leaves a choice.
#[derive(Debug, Clone)]
struct Form {
    is_card_nested: bool,
    is_operator_wrapped: bool,
    amount: &'static str,
    other_amount: &'static str,
    is_login_in_millis: bool,
    is_book_of_objects: bool,
    is_x_small: bool,
    are_numbers_text: bool,
}

/// Relations as partners write them, known and unknown.
const RELATIONS: [&str; 12] = [
    "PARENT",
    "COUPLE",
    "SIBLING",
    "CHILD",
    "CLASSMATE",
    "FRIEND",
    "COLLEAGUE",
    "父亲",
    "母亲",
    "配偶",
    "朋友",
    "邻居",
];

/// Draws pushes.
pub(super) fn pushed() -> impl Strategy<Value = Pushed> {
    let person = (name(), mobile(), "[1-9][0-9]{16}[0-9X]", 1_u64..=9_000_000_000, name());
    let contact = || (name(), mobile(), relation());
    let work = (name(), name(), "[0-9]{3,4}-[0-9]{7,8}", [name(), name(), name()]);
    let device = ("[0-9a-f]{32}", 1_000_000_000_i64..=1_900_000_000);
    let book = vec((name(), "[0-9]{5,15}"), 1..20);
    let bills = vec((1_u8..=12, 0_u64..=100_000), 1..7);
    let calls = vec(exchange(prop_oneof![Just("主叫"), Just("被叫"), Just("呼转"), Just("未知")]), 1..40);
    let messages = vec(exchange(prop_oneof![Just("发送"), Just("接收"), Just("未知")]), 0..20);
    let operator = (bills, calls, messages, any::<bool>(), name());
    (person, [contact(), contact()], work, device, book, operator, any::<bool>(), form()).prop_map(
        |(person, contacts, work, device, book, operator, is_additional_first, form)| {
            let (name, phone, id_card, amount, address) = person;
            let (company, street, tel, region) = work;
            let (bills, mut calls, messages, is_registered, masked_name) = operator;
            // Without a number that is told there is nothing to audit.
            calls.push(Exchange { number: "10001".to_owned(), at: (200, 0), kind: "主叫", seconds: 1 });
            let bills = bills.into_iter().map(|(month, fen)| (format!("2018-{month:02}"), fen)).collect();
            Pushed {
                is_additional_first,
                name,
                phone,
                id_card,
                amount,
                address,
                contacts,
                company: [company, street, tel],
                region,
                device: device.0,
                last_login: device.1,
                book,
                bills,
                calls,
                messages,
                is_registered,
                masked_name: format!("{}**", masked_name.chars().next().unwrap()),
                form,
            }
        },
    )
}

fn name() -> impl Strategy<Value = String> {
    "[\u{4e00}-\u{9fa5}]{2,6}"
}

fn mobile() -> impl Strategy<Value = String> {
    "1[3-9][0-9]{9}"
}

fn relation() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&RELATIONS[..])
}

fn exchange(kind: impl Strategy<Value = &'static str>) -> impl Strategy<Value = Exchange> {
    // Few numbers, so that there is something to sum up; the provider hides some.
    let number =
        prop_oneof![8 => "1000[1-6]", 1 => Just("138****1234".to_owned()), 1 => Just("未知".to_owned())];
    (number, (1_u16..=270, 0_u32..86_400), kind, 0_u64..5_000)
        .prop_map(|(number, at, kind, seconds)| Exchange { number, at, kind, seconds })
}

fn form() -> impl Strategy<Value = Form> {
    let amounts = || proptest::sample::select(&["loanMount", "loanmount", "loanAmount", "loan_amount"][..]);
    let choices = proptest::array::uniform6(any::<bool>());
    (amounts(), amounts(), choices).prop_map(|(amount, other_amount, choices)| {
        let [
            is_card_nested,
            is_operator_wrapped,
            is_login_in_millis,
            is_book_of_objects,
            is_x_small,
            are_numbers_text,
        ] = choices;
        Form {
            is_card_nested,
            is_operator_wrapped,
            amount,
            other_amount,
            is_login_in_millis,
            is_book_of_objects,
            is_x_small,
            are_numbers_text,
        }
    })
}

impl Exchange {
    pub(super) fn at(&self) -> jiff::civil::DateTime {
        let (day, second) = self.at;
        let start = jiff::civil::date(2018, 1, 1).at(0, 0, 0, 0);
        start + jiff::Span::new().days(i64::from(day) - 1).seconds(second)
    }

    fn time(&self) -> String {
        self.at().strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

impl Pushed {
    /// The base-info push (spec 000).
    pub(super) fn base(&self, order: &str) -> Value {
        let card = json!({
            "faceRecognitionPicture": "https://img.example.com/live.jpg",
            "idNumberZPicture": "https://img.example.com/front.jpg",
            "idNumberFPicture": "https://img.example.com/back.jpg",
            "ocrName": self.name, "ocrRace": "汉", "ocrSex": "男", "ocrBirthday": "1991-12-31",
            "ocrIdNumber": self.id_card, "ocrAddress": self.address, "ocrIssuedBy": "公安局",
            "ocrStartTime": "2016-05-25", "ocrEndTime": "长期",
        });
        let card = if self.form.is_card_nested { json!({ "idCardInfo": card }) } else { card };
        let operator = self.operator();
        let operator = if self.form.is_operator_wrapped { json!({ "data": operator }) } else { operator };
        let id_card = if self.form.is_x_small { self.id_card.to_lowercase() } else { self.id_card.clone() };
        json!({
            "orderInfo": members(&[("orderNo", order.into()), (self.form.amount, self.amount.to_string().into())]),
            "userInfo": {"userName": self.name, "userPhone": self.phone, "userIdCard": id_card},
            "userVerify": {"operatorVerify": operator, "operatorReportVerify": null, "idCardInfo": card},
        })
    }

    /// The additional-info push (spec 001).
    pub(super) fn additional(&self, order: &str) -> Value {
        let millis = if self.form.is_login_in_millis { "000" } else { "" };
        let book = self.book.iter().map(|(name, phone)| {
            if self.form.is_book_of_objects {
                json!({"name": name, "phone": phone})
            } else {
                format!("{name}_{phone}").into()
            }
        });
        let book: Vec<_> = book.collect();
        let [first, second] = &self.contacts;
        let amount = (self.form.other_amount, self.amount.to_string().into());
        json!({
            "orderInfo": members(&[("orderNo", order.into()), amount, ("userPhone", self.phone.clone().into())]),
            "userAdditional": {
                "deviceInfo": {
                    "deviceId": self.device, "device_info": "iPhone 6 Plus", "osType": "iOS", "osVersion": "9.3",
                    "lastLoginTime": format!("{}{millis}", self.last_login), "ip": "127.0.0.1",
                    "memory": "3.66 GB", "storage": "53.02 GB", "unuseStorage": "43.47 GB", "bettary": "39",
                    "appMarket": "appstore", "isRoot": "0", "isSimulator": "0",
                },
                "addressBook": {"phoneList": book},
                "contactInfo": {
                    "name": first.0, "mobile": first.1, "relation": first.2,
                    "nameSpare": second.0, "mobileSpare": second.1, "relationSpare": second.2,
                },
                "workOfficeInfo": {
                    "companyName": self.company[0], "areas": self.region.join(","),
                    "address": self.company[1], "telNo": self.company[2],
                },
            },
        })
    }

    fn operator(&self) -> Value {
        let number = |number: u64| -> Value {
            if self.form.are_numbers_text { number.to_string().into() } else { number.into() }
        };
        let bills = self
            .bills
            .iter()
            .map(|(month, fen)| json!({"bill_cycle": month, "bill_total": number(*fen), "bill_fee": "1"}));
        let calls = self.calls.iter().map(|call| {
            json!({
                "call_other_number": call.number, "call_start_time": call.time(), "call_type_name": call.kind,
                "call_time": number(call.seconds), "call_cost": null,
            })
        });
        let messages = self.messages.iter().map(|message| {
            json!({"msg_other_num": message.number, "msg_start_time": message.time(), "msg_type": message.kind})
        });
        let registered = if self.is_registered { "已登记" } else { "未登记" };
        json!({
            "created_time": "2018-09-26 16:08:06",
            "task_data": {
                "bill_info": bills.collect::<Vec<_>>(),
                "call_info": [{"call_cycle": "2018-09", "call_record": calls.collect::<Vec<_>>()}],
                "sms_info": [{"msg_cycle": "2018-09", "sms_record": messages.collect::<Vec<_>>()}],
                "account_info": {"real_info": registered},
                "base_info": {"user_name": self.masked_name, "cert_num": "未知"},
            },
        })
    }
}

fn members(members: &[(&str, Value)]) -> Value {
    Value::Object(
        members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<Map<_, _>>(),
    )
}
