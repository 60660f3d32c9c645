//! What is wrong is named, and nothing of it is kept.

use super::*;
use crate::intake::mobile::call::Call;

#[tokio::test]
async fn every_call_wants_a_session_a_post_and_its_content() {
    let world = World::new();
    for call in Call::ALL {
        for path in call.routes().map(|route| route.path) {
            let send = async |method: &str, token: &str, kind: &str| {
                let request = Request::builder().method(method).uri(path);
                let request = request.header("token", token).header("content-type", kind);
                let answer = world.send(request.body(Body::from("{}")).unwrap()).await;
                let told = answer.json();
                (answer.status.as_u16(), told["code"].clone(), told["message"].clone())
            };
            let wanted = if call == Call::PhotoUpload { "multipart/form-data" } else { "application/json" };
            let got = send("GET", &world.token, wanted).await;
            assert_eq!(got, (405, json!("1"), json!("the method must be POST")), "{path}");
            let none = (401, json!("2"), json!("there is no session: log in"));
            for token in ["", "x", &world.token[1..]] {
                assert_eq!(send("POST", token, wanted).await, none, "{path}");
            }
            let over = token(&world.engine, MOBILE, Duration::ZERO);
            let got = send("POST", &over, wanted).await;
            assert_eq!(got, (401, json!("2"), json!("the session is over: log in again")));
            let got = send("POST", &world.token, "text/plain").await;
            assert_eq!(
                got,
                (415, json!("1"), json!(format!("the content must be {wanted}, not compressed")))
            );
        }
    }
    let elsewhere =
        Session { partner: "another".to_owned(), phone: MOBILE.to_owned(), product_id: "2".to_owned() };
    let gone =
        Session { partner: products::CRAPIDO.to_owned(), product_id: "9".to_owned(), ..elsewhere.clone() };
    for (session, message) in
        [(elsewhere, "there is no session: log in"), (gone, "the session is over: log in again")]
    {
        let token = world.engine.sessions(0).issue(&session, clock::now() + Duration::from_secs(60));
        let request = Request::post("/Crapido/aksl").header("token", token).body(Body::from("{}")).unwrap();
        let answer = world.send(request).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["message"]), (401, &json!(message)));
    }
    assert_eq!(world.count(), 0);
}

#[tokio::test]
async fn every_printed_field_is_wanted() {
    let world = World::new();
    for (path, body, optional) in [
        ("/Crapido/aksl", questionnaire(), &["MKAS"][..]),
        ("/Crapido/SeBinfo", correction(), &["plAKS"]),
        ("/Crapido/mksl", personal(), &["alksmdj", "pals_skd"]),
        ("/Crapido/Sejom", job(), &[]),
        ("/Crapido/saetInfo", contacts(), &[]),
        ("/Crapido/alksmdn-laskd", card(), &["confirmCardNo", "order_no", "userName", "ajshd"]),
        ("/Crapido/mkla-pk", init(), &["aksld"]),
        ("/Crapido/CA-LSKD", init(), &["aksld", "mobile"]),
    ] {
        for name in body.as_object().unwrap().keys().filter(|name| !optional.contains(&name.as_str())) {
            for missing in [
                without(body.clone(), name),
                with(body.clone(), name, json!(null)),
                with(body.clone(), name, json!(" ")),
            ] {
                assert_eq!(world.fails(path, missing).await, format!("{name}: is required"));
            }
            let told = world.fails(path, with(body.clone(), name, json!({}))).await;
            assert_eq!(told, format!("{name}: must be a string"));
        }
    }
    assert_eq!(world.count(), 0);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let world = World::new();
    let not_born = "must be a date of birth: DD-MM-YYYY, YYYY-MM-DD or DD/MM/YYYY";
    for (path, body, field, value, problem) in [
        (
            "/Crapido/aksl",
            questionnaire(),
            "product_id",
            json!("3"),
            "must be the product that the session is for",
        ),
        (
            "/Crapido/aksl",
            questionnaire(),
            "is_outstanding",
            json!("uno dos"),
            "must be the `type` of an option: at most 64 characters",
        ),
        ("/Crapido/SeBinfo", correction(), "type", json!("12"), "must be 11: only the front is corrected"),
        (
            "/Crapido/SeBinfo",
            correction(),
            "id_number",
            json!("CORM770627"),
            "must be a CURP: 18 letters and digits in their order",
        ),
        (
            "/Crapido/SeBinfo",
            correction(),
            "id_number",
            json!("CORM771327MDFNJR01"),
            "must be a CURP with a date of birth that there is",
        ),
        (
            "/Crapido/SeBinfo",
            correction(),
            "id_number",
            json!("CORM770627MZZNJR01"),
            "must be a CURP with a state of birth that there is",
        ),
        (
            "/Crapido/SeBinfo",
            correction(),
            "birthday",
            json!("28-06-1977"),
            "must be the date of birth that id_number says",
        ),
        ("/Crapido/SeBinfo", correction(), "birthday", json!("June 1977"), not_born),
        ("/Crapido/SeBinfo", correction(), "name", json!("a\u{7}b"), "must not have control characters"),
        ("/Crapido/SeBinfo", correction(), "name", json!("x".repeat(201)), "must be at most 200 characters"),
        ("/Crapido/mksl", personal(), "email", json!("gmail.mx"), "must be an e-mail address"),
        ("/Crapido/mksl", personal(), "birthday", json!("27-06-2977"), not_born),
        (
            "/Crapido/mksl",
            personal(),
            "birthday",
            json!("27-07-1977"),
            "must be the date of birth that idcardnumber says",
        ),
        (
            "/Crapido/mksl",
            personal(),
            "idcardnumber",
            json!("x"),
            "must be a CURP: 18 letters and digits in their order",
        ),
        (
            "/Crapido/saetInfo",
            contacts(),
            "second_mobile",
            json!("sss"),
            "must be a telephone number of 3 to 20 digits",
        ),
        ("/Crapido/alksmdn-laskd", card(), "bankType", json!("3"), "must be 1, a debit card, or 2, a CLABE"),
        ("/Crapido/alksmdn-laskd", card(), "cardNo", json!("0121800012345678xx"), "must be digits"),
        (
            "/Crapido/alksmdn-laskd",
            card(),
            "confirmCardNo",
            json!("012180001234567890"),
            "must be the same as cardNo",
        ),
        ("/Crapido/mkla-pk", init(), "mobile", json!("5512345678"), "must be the number that is logged in"),
    ] {
        let told = world.fails(path, with(body, field, value)).await;
        assert_eq!(told, format!("{field}: {problem}"));
        assert!(!told.contains(CURP));
    }
    let short = with(with(card(), "bankType", json!("1")), "order_no", json!(null));
    assert_eq!(world.fails("/Crapido/alksmdn-laskd", short).await, "cardNo: must be 16 digits");
    assert_eq!(world.count(), 0);
}

#[tokio::test]
async fn what_is_doubtful_is_taken_unless_check_digits_count() {
    let doubtful = [
        ("/Crapido/SeBinfo", with(correction(), "id_number", json!("CORM770627MDFNJR02")), "id_number"),
        ("/Crapido/mksl", with(personal(), "idcardnumber", json!("CORM770627MDFNJR02")), "idcardnumber"),
        (
            "/Crapido/alksmdn-laskd",
            with(without(card(), "confirmCardNo"), "cardNo", json!("012180001234567898")),
            "cardNo",
        ),
        (
            "/Crapido/alksmdn-laskd",
            with(
                with(without(card(), "confirmCardNo"), "cardNo", json!("4242424242424241")),
                "bankType",
                json!("1"),
            ),
            "cardNo",
        ),
    ];
    for (path, body, field) in doubtful {
        let code = if path == "/Crapido/SeBinfo" { "0" } else { "00" };
        World::new().succeeds(path, code, body.clone()).await;
        let told = World::with(CheckDigits::Refuse).fails(path, body).await;
        assert_eq!(told, format!("{field}: must have the right check digit"));
    }
    let world = World::new();
    for (path, body) in [
        ("/Crapido/aksl", with(questionnaire(), "is_outstanding", json!("77"))),
        ("/Crapido/mksl", with(personal(), "sex", json!("1"))),
        ("/Crapido/Sejom", with(job(), "monthly_income", json!("9"))),
        ("/Crapido/saetInfo", with(contacts(), "first_relation", json!("99"))),
        ("/Crapido/alksmdn-laskd", with(card(), "bankCode", json!("1"))),
    ] {
        world.succeeds(path, "00", body).await;
    }
}

#[tokio::test]
async fn a_photo_is_what_its_bytes_say() {
    let world = World::new();
    let fails = async |request: Request<Body>| {
        let answer = world.send(request).await;
        (answer.status.as_u16(), answer.json()["message"].as_str().unwrap().to_owned())
    };
    let path = "/credit-info/upload-image";
    let gif = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;".to_vec();
    let mut tiny = FRONT.to_vec();
    tiny[16..24].copy_from_slice(&[0, 0, 0, 31, 0, 0, 0, 31]);
    let mut bomb = FRONT.to_vec();
    bomb[16..24].copy_from_slice(&[0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10]);
    let mut long = FRONT.to_vec();
    long[16..24].copy_from_slice(&[0, 0, 0x80, 0, 0, 0, 0, 0x40]);
    for (kind, image, told) in [
        ("11", &b""[..], "attach: must be a JPEG or PNG image"),
        ("11", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "attach: must be a JPEG or PNG image"),
        ("11", &gif, "attach: must be a JPEG or PNG image"),
        ("11", &BACK[..12], "attach: must be an image that can be opened"),
        ("11", &tiny, "attach: must be at least 32 pixels wide and high"),
        ("11", &bomb, "attach: must be at most 12000 pixels wide and high, and 50000000 in all"),
        ("11", &long, "attach: must be at most 12000 pixels wide and high, and 50000000 in all"),
        ("13", FRONT, "type: must be 10, 11 or 12"),
        ("", FRONT, "type: must be 10, 11 or 12"),
    ] {
        assert_eq!(fails(photo(&world.token, path, kind, image)).await, (200, told.to_owned()));
    }
    let large = [FRONT, &vec![0; 100_001]].concat();
    let got = fails(photo(&world.token, path, "11", &large)).await;
    assert_eq!(got, (200, "attach: must be at most 100000 bytes".to_owned()));
    let larger = [FRONT, &vec![0; 170_000]].concat();
    assert_eq!(fails(photo(&world.token, path, "11", &larger)).await.0, 413);
    let parts = |body: &str, kind: &str| {
        let request = Request::post(path).header("token", &world.token).header("content-type", kind);
        request.body(Body::from(body.replace('\n', "\r\n"))).unwrap()
    };
    let part = |name: &str| format!("--b\ncontent-disposition: form-data; name=\"{name}\"\n\n11\n");
    let form = "multipart/form-data; boundary=b";
    for (body, told) in [
        (String::new(), "body: must be a form of parts, ended by its boundary"),
        (part("type"), "body: must be a form of parts, ended by its boundary"),
        (format!("{}--b--\n", part("attach")), "type: is required"),
        (format!("{}--b--\n", part("type")), "attach: is required"),
        (format!("{}{}--b--\n", part("type"), part("type")), "type: must be there once"),
        (format!("{}--b--\n", part("noise").repeat(40)), "body: must have at most 32 parts"),
    ] {
        assert_eq!(fails(parts(&body, form)).await, (200, told.to_owned()));
    }
    for kind in ["multipart/form-data", "multipart/mixed; boundary=b", "application/json"] {
        assert_eq!(fails(parts("", kind)).await.0, 415, "{kind}");
    }
    assert_eq!(world.count(), 0);
}

#[tokio::test]
async fn a_body_has_a_size_and_a_form() {
    let world = World::new();
    let send = async |body: Vec<u8>| {
        let request = Request::post("/Crapido/aksl").header("token", &world.token);
        let answer = world.send(request.body(Body::from(body)).unwrap()).await;
        (answer.status.as_u16(), answer.json()["message"].as_str().unwrap().to_owned())
    };
    let (status, told) = send(vec![b' '; 64 * 1024 + 1]).await;
    assert_eq!((status, told.as_str()), (413, "the body must be at most 65536 bytes"));
    for (body, told) in [
        (&b"{"[..], "body: must be JSON, and is not at line 1, column 1"),
        (b"[]", "body: must be an object"),
        (b"\xff{}", "body: must be UTF-8"),
        (b"{\"product_id\":\"2\",\"product_id\":\"2\"}", "body: must not have a member twice"),
    ] {
        assert_eq!(send(body.to_vec()).await, (200, told.to_owned()));
    }
    let deep = format!("{{\"MKAS\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(send(deep.into_bytes()).await.0, 200, "depth is not walked");
    let many: Vec<_> = (0..300).map(|nth| format!("\"n{nth}\":1")).collect();
    let (_, told) = send(format!("{{{}}}", many.join(",")).into_bytes()).await;
    assert_eq!(told, "body: must have at most 256 members");
    let compressed =
        Request::post("/Crapido/aksl").header("token", &world.token).header("content-encoding", "gzip");
    let answer = world.send(compressed.body(Body::from("{}")).unwrap()).await;
    assert_eq!(answer.status.as_u16(), 415);
}
