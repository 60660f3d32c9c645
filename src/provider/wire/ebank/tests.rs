use super::*;

const BANKS: &str = r#"[{"bankName":"招商银行","bankCode":"CMB","disable":false,"disableReason":"","loginTypes":[{"title":"身份证登录","disable":false,"disableReason":"","entryId":"101","entryType":0,"inputs":[{"name":"login_name","label":"身份证号","desc":"请输入身份证号","valid":"^\\d{17}[0-9X]$"},{"name":"password","label":"查询密码","desc":"6位查询密码","valid":"^\\d{6}$"}]}]}]"#;

#[test]
fn the_printed_messages_come_back_unchanged() {
    let read: BankInfoReply = serde_json::from_str(BANKS).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), BANKS);
    let printed = r#"{"token":"2ae8","name":"李测试","mobile":"18698574854","id_card":"45215919990301502X","entry_id":"101","login_name":"45215919990301502X","password":"123456","user_info":{"ip":"127.0.0.1","city":"佛山市","province":"广东省","lat":"23.02","lon":"113.12","udid":"7d50","client_type":1}}"#;
    let read: OpenIdRequest = serde_json::from_str(printed).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), printed);
    let shown = format!("{read:?}");
    assert!(!shown.contains("123456") && !shown.contains("2ae8"), "{shown}");
    let printed = r#"{"state":4,"message":"需要图片验证码","request_delay":3,"pic_captcha":"iVBORw0KGgo="}"#;
    let read: StateReply = serde_json::from_str(printed).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), printed);
    assert_eq!(serde_json::to_string(&BankInfoRequest {}).unwrap(), "{}");
}

#[test]
fn a_bank_is_read_in_every_shape_seen() {
    let printed: BankInfoReply = serde_json::from_str(BANKS).unwrap();
    let one = BANKS.trim_matches(['[', ']']);
    let text = one
        .replace(r#""disable":false"#, r#""disable":"0""#)
        .replace(r#""entryId":"101""#, r#""entryId":101"#)
        .replace(r#""entryType":0"#, r#""entryType":"0""#)
        .replace(r#""disableReason":"""#, r#""disableReason":null"#);
    assert_eq!(serde_json::from_str::<BankInfoReply>(&text).unwrap(), printed);
    let bare = r#"[{"bankName":"b","bankCode":7,"loginTypes":null,"disable":1,"new":{}}]"#;
    let read: BankInfoReply = serde_json::from_str(bare).unwrap();
    assert!(read.0[0].disable && read.0[0].login_types.is_empty());
    assert_eq!(serde_json::from_str::<BankInfoReply>("[]").unwrap().0, []);
    for bad in ["7", r#""banks""#, r#"{"data":[]}"#, r#"[{"bankName":"b","bankCode":"c","disable":2}]"#] {
        assert!(serde_json::from_str::<BankInfoReply>(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_delay_is_read_in_every_shape_seen() {
    let check = |delay: &str, expected| {
        let text = format!(r#"{{"state":"1","request_delay":{delay},"pic_captcha":""}}"#);
        let read: StateReply = serde_json::from_str(&text).expect(delay);
        assert_eq!((read.request_delay, read.pic_captcha), (expected, None), "{delay}");
    };
    check("3", Some(3));
    check("\"3\"", Some(3));
    check("2.1", Some(3));
    check("\" 0.5 \"", Some(1));
    check("null", None);
    check("\"\"", None);
    check("-1", Some(0));
    check("1e300", Some(u64::MAX));
    for bad in ["\"soon\"", "true", "[3]", "\"NaN\""] {
        let text = format!(r#"{{"state":1,"request_delay":{bad}}}"#);
        assert!(serde_json::from_str::<CaptchaReply>(&text).is_err(), "{bad}");
    }
}

#[test]
fn raw_data_is_asked_for_under_either_name() {
    let request = RawDataRequest { username: "m".to_owned(), open_id: "c1ec".to_owned() };
    let text = serde_json::to_string(&request).unwrap();
    assert_eq!(text, r#"{"username":"m","openId":"c1ec","open_id":"c1ec"}"#);
    for text in [&text, r#"{"username":"m","openId":"c1ec"}"#, r#"{"username":"m","open_id":"c1ec"}"#] {
        assert_eq!(serde_json::from_str::<RawDataRequest>(text).unwrap(), request);
    }
    for bad in [r#"{"username":"m"}"#, r#"{"username":"m","openId":"a","open_id":"b"}"#] {
        assert!(serde_json::from_str::<RawDataRequest>(bad).is_err(), "{bad}");
    }
}
