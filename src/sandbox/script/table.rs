//! The table of scripts.
//!
//! Owns every script with its number, system, name and texts. It must never say how a script is
//! brought about: that is the systems' own.

use serde::Serialize;

use super::Ending;
use crate::sandbox::System;

/// Makes the list of scripts from one table, so that none is forgotten in one of its columns.
macro_rules! scripts {
    ($($variant:ident, $number:literal, $system:ident, $ending:ident, $name:literal,
       $description:literal, $types:literal;)*) => {
        /// What happens to an applicant. Mobile `199SSxxxxxx` runs script `SS`, any other number the
        /// first.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum Script {
            $(
                #[doc = concat!(stringify!($number), ": ", $description, ".")]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl Script {
            /// Every script, in the order of its number.
            pub const ALL: [Self; [$($number),*].len()] = [$(Self::$variant),*];

            /// The script's number, the `SS` of `199SSxxxxxx`.
            #[must_use]
            pub const fn number(self) -> u8 {
                match self { $(Self::$variant => $number,)* }
            }

            /// The system that it is about.
            #[must_use]
            pub const fn system(self) -> System {
                match self { $(Self::$variant => System::$system,)* }
            }

            /// The script's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What happens, in one line.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $description,)* }
            }

            /// What the applicant should type.
            #[must_use]
            pub const fn types(self) -> &'static str {
                match self { $(Self::$variant => $types,)* }
            }

            /// How an application ends that must have the system.
            #[must_use]
            pub const fn ending(self) -> Ending {
                match self { $(Self::$variant => Ending::$ending,)* }
            }
        }
    };
}

scripts! {
    Happy, 1, Telecom, Approved, "happy",
        "one SMS code, then the data, a clean blacklist, an approval",
        "the SMS code";
    CaptchaWrongOnce, 2, Telecom, Approved, "captcha_wrong_once",
        "the first answer is judged wrong, whatever was typed",
        "the SMS code, twice";
    CaptchaTimedOut, 3, Telecom, Approved, "captcha_timed_out",
        "the first SMS code runs out at once, a code sent again is accepted",
        "asks for another SMS, then its code";
    QueryPassword, 4, Telecom, Approved, "query_password",
        "a query password is asked for after the SMS code",
        "the SMS code, the query password";
    Restart, 5, Telecom, Approved, "restart",
        "the first session restarts after the service password",
        "the service password again, the SMS code";
    FailedOnce, 6, Telecom, Approved, "failed_once",
        "the first session fails after the SMS code, the next is happy",
        "everything twice";
    DataLate, 7, Telecom, Approved, "data_late",
        "the data takes long, and answers 1003 twice when it is ready",
        "the SMS code";
    Blacklisted, 8, Blacklist, Rejected, "blacklisted",
        "the person is on the blacklist",
        "nothing";
    AuditRejected, 9, Audit, Rejected, "audit_rejected",
        "the audit suggests rejection, with a reason",
        "the SMS code";
    ServerError, 10, Telecom, Approved, "server_error",
        "HTTP 500 to the first two state calls and the first blacklist call",
        "the SMS code";
    AnswerLost, 11, Telecom, Approved, "answer_lost",
        "the first SMS code is processed, then the connection is cut without an answer",
        "the SMS code";
    Slow, 12, Telecom, Approved, "slow",
        "state calls are answered late, the audit takes more polls",
        "the SMS code";
    SecondCode, 13, Telecom, Approved, "second_code",
        "a second SMS code is asked for after the first",
        "two SMS codes";
    NoCaptcha, 14, Telecom, Approved, "no_captcha",
        "nothing is asked for after the service password",
        "nothing";
    PasswordFirst, 15, Telecom, Approved, "password_first",
        "a query password is asked for before the SMS code",
        "the query password, the SMS code";
    DataLost, 16, Telecom, Approved, "data_lost",
        "the first session's data cannot be built, the next is happy",
        "everything twice";
    QueryPasswordWrongOnce, 17, Telecom, Approved, "query_password_wrong_once",
        "the first query password is judged wrong, whatever was typed",
        "the query password, twice";
    ResentSettles, 18, Telecom, Approved, "resent_settles",
        "as 03, and a code sent again (24) is accepted only when it is asked for (21)",
        "asks for another SMS, waits for it, then its code";
    UnknownCode, 19, Telecom, Approved, "unknown_code",
        "state 99, which nobody knows, before and after the SMS code",
        "the SMS code";
    GoesBack, 20, Telecom, Approved, "goes_back",
        "states go back: 11, 0, 11 and 22, 11",
        "the SMS code";
    Repeats, 21, Telecom, Approved, "repeats",
        "every state stays for five steps",
        "the SMS code";
    Skips, 22, Telecom, Approved, "skips",
        "states 0, 11, 22 and 41 are never seen",
        "the SMS code";
    CaptchaRefused, 23, Telecom, Approved, "captcha_refused",
        "1001 to the first SMS code, which changes nothing",
        "the SMS code, twice";
    OpenIdRefused, 24, Telecom, Approved, "open_id_refused",
        "1001 to the first open-id",
        "the service password twice, the SMS code";
    SessionForgotten, 25, Telecom, Approved, "session_forgotten",
        "the first session is unknown (1001) once its SMS code is processed",
        "everything twice";
    DataNever, 26, Telecom, Suspended, "data_never",
        "the data is ready (43), and answers 1003 for ever",
        "the SMS code";
    BuildsForever, 27, Telecom, Suspended, "builds_forever",
        "the data is being built (41) for ever",
        "the SMS code";
    FailsAlways, 28, Telecom, Suspended, "fails_always",
        "every session fails after the service password",
        "the service password, for each session";
    RestartAfterCode, 29, Telecom, Approved, "restart_after_code",
        "the first session restarts after the SMS code",
        "everything twice";
    GivesUpAsking, 30, Telecom, Approved, "gives_up_asking",
        "the first session fails while it asks for the SMS code",
        "the SMS code of the second session";
    PasswordThenFailed, 31, Telecom, Approved, "password_then_failed",
        "the first session fails after the query password",
        "the query password; then the SMS code of the second session";
    RestartAsking, 32, Telecom, Approved, "restart_asking",
        "the first session restarts while it asks for the query password",
        "the SMS code of the second session";
    CaptchaWrongAlways, 33, Telecom, Expired, "captcha_wrong_always",
        "every SMS code is judged wrong; the sixth ends the session",
        "the SMS code, again and again";
    ReportLate, 34, Telecom, Approved, "report_late",
        "the report answers 1003 twice though the raw data is there",
        "the SMS code";
    DataRefused, 35, Telecom, Approved, "data_refused",
        "1000 to the first call for raw data",
        "the SMS code";
    CaptchaSystemError, 36, Telecom, Approved, "captcha_system_error",
        "1000 to the first SMS code, which changes nothing",
        "the SMS code";
    Stuck, 37, Telecom, Suspended, "stuck",
        "every session stays at 11 until its ten minutes are over",
        "the service password, for each session";
    Everything, 38, Telecom, Approved, "everything",
        "SMS code, query password, and two more SMS codes",
        "whatever is asked for";
    DegreeHappy, 40, Degree, Approved, "degree_happy",
        "the login is taken, the data is there",
        "account and password of CHSI";
    DegreeLoginRefused, 41, Degree, Approved, "degree_login_refused",
        "1001 to the first login, which changes nothing",
        "account and password, twice";
    DegreeFailedOnce, 42, Degree, Approved, "degree_failed_once",
        "the first session fails after the login",
        "account and password, twice";
    DegreeFailsAlways, 43, Degree, Suspended, "degree_fails_always",
        "every session fails after the login",
        "account and password, for each session";
    DegreeDataLate, 44, Degree, Approved, "degree_data_late",
        "the raw data answers 1003 twice",
        "account and password of CHSI";
    DegreeDataNever, 45, Degree, Suspended, "degree_data_never",
        "the raw data answers 1003 for ever",
        "account and password of CHSI";
    DegreeUnknownCode, 46, Degree, Approved, "degree_unknown_code",
        "state 99, which nobody knows, after the login",
        "account and password of CHSI";
    DegreeGoesBack, 47, Degree, Approved, "degree_goes_back",
        "state 21, then 11 again for a step",
        "account and password of CHSI";
    DegreeSkips, 48, Degree, Approved, "degree_skips",
        "state 11 is never seen",
        "account and password of CHSI";
    DegreeStuck, 49, Degree, Suspended, "degree_stuck",
        "every session stays at 11 until its ten minutes are over",
        "account and password, for each session";
    EbankHappy, 50, Ebank, Approved, "ebank_happy",
        "one SMS code, then the data",
        "the login at the bank, the SMS code";
    EbankDynamic, 51, Ebank, Approved, "ebank_dynamic_password",
        "one dynamic password",
        "the login at the bank, the dynamic password";
    EbankPicture, 52, Ebank, Approved, "ebank_picture",
        "one picture captcha",
        "the login at the bank, the text of the picture";
    EbankAllFactors, 53, Ebank, Approved, "ebank_all_factors",
        "dynamic password, picture, SMS code",
        "the login at the bank, all three";
    EbankFactorsReversed, 54, Ebank, Approved, "ebank_factors_reversed",
        "SMS code, picture, dynamic password",
        "the login at the bank, all three";
    EbankWrongOnce, 55, Ebank, Approved, "ebank_wrong_once",
        "each of the three is judged wrong once (8), and taken when given again",
        "the login at the bank, all three, each twice";
    EbankAskedAgain, 56, Ebank, Approved, "ebank_asked_again",
        "each of the three is judged wrong once (8) and then asked for again: 2, 6, and 4 with a new picture",
        "the login at the bank, all three, each twice";
    EbankResent, 57, Ebank, Approved, "ebank_resent",
        "the first SMS code is judged wrong (8), another SMS comes by itself (9)",
        "the login at the bank, the SMS code, the code of the second SMS";
    EbankTimedOut, 58, Ebank, Approved, "ebank_timed_out",
        "each of the three runs out once (8) and is asked for again",
        "the login at the bank, all three when asked again";
    EbankNoFactor, 59, Ebank, Approved, "ebank_no_factor",
        "nothing is asked for after the login",
        "the login at the bank";
    EbankNoPassword, 60, Ebank, Approved, "ebank_no_password",
        "the bank has no password: login type 301 (光大银行)",
        "the login name alone, the SMS code";
    EbankFailedOnce, 61, Ebank, Approved, "ebank_failed_once",
        "the first session fails after the login",
        "everything twice";
    EbankFailsAlways, 62, Ebank, Suspended, "ebank_fails_always",
        "every session fails after the login",
        "the login at the bank, for each session";
    EbankFailedAfterCode, 63, Ebank, Approved, "ebank_failed_after_code",
        "the first session fails after the SMS code",
        "everything twice";
    EbankUnknownCode, 64, Ebank, Approved, "ebank_unknown_code",
        "state 99, which nobody knows, before and after the SMS code",
        "the login at the bank, the SMS code";
    EbankGoesBack, 65, Ebank, Approved, "ebank_goes_back",
        "states go back: 7, 1, 7",
        "the login at the bank, the SMS code";
    EbankSkips, 66, Ebank, Approved, "ebank_skips",
        "states 1 and 7 are never seen",
        "the login at the bank, the SMS code";
    EbankRefused, 67, Ebank, Approved, "ebank_login_refused",
        "1001 to the first login",
        "the login at the bank, twice, the SMS code";
    EbankForgotten, 68, Ebank, Approved, "ebank_session_forgotten",
        "the first session is unknown (1001) once its SMS code is processed",
        "everything twice";
    EbankStuck, 69, Ebank, Suspended, "ebank_stuck",
        "every session stays at 1 until its ten minutes are over",
        "the login at the bank, for each session";
    EbankV2Happy, 70, EbankV2, Approved, "ebank_v2_happy",
        "one SMS code, then the data",
        "the login at the bank, the SMS code";
    EbankV2Dynamic, 71, EbankV2, Approved, "ebank_v2_dynamic_password",
        "one dynamic password",
        "the login at the bank, the dynamic password";
    EbankV2Picture, 72, EbankV2, Approved, "ebank_v2_picture",
        "one picture captcha",
        "the login at the bank, the text of the picture";
    EbankV2AllFactors, 73, EbankV2, Approved, "ebank_v2_all_factors",
        "dynamic password, picture, SMS code",
        "the login at the bank, all three";
    EbankV2FactorsReversed, 74, EbankV2, Approved, "ebank_v2_factors_reversed",
        "SMS code, picture, dynamic password",
        "the login at the bank, all three";
    EbankV2WrongOnce, 75, EbankV2, Approved, "ebank_v2_wrong_once",
        "each of the three is judged wrong once (8), and taken when given again",
        "the login at the bank, all three, each twice";
    EbankV2AskedAgain, 76, EbankV2, Approved, "ebank_v2_asked_again",
        "each of the three is judged wrong once (8) and then asked for again: 2, 6, and 4 with a new picture",
        "the login at the bank, all three, each twice";
    EbankV2Resent, 77, EbankV2, Approved, "ebank_v2_resent",
        "the first SMS code is judged wrong (8), another SMS comes by itself (9)",
        "the login at the bank, the SMS code, the code of the second SMS";
    EbankV2TimedOut, 78, EbankV2, Approved, "ebank_v2_timed_out",
        "each of the three runs out once (8) and is asked for again",
        "the login at the bank, all three when asked again";
    EbankV2NoFactor, 79, EbankV2, Approved, "ebank_v2_no_factor",
        "nothing is asked for after the login",
        "the login at the bank";
    EbankV2NoPassword, 80, EbankV2, Approved, "ebank_v2_no_password",
        "the bank has no password: login type 301 (光大银行)",
        "the login name alone, the SMS code";
    EbankV2FailedOnce, 81, EbankV2, Approved, "ebank_v2_failed_once",
        "the first session fails after the login",
        "everything twice";
    EbankV2FailsAlways, 82, EbankV2, Suspended, "ebank_v2_fails_always",
        "every session fails after the login",
        "the login at the bank, for each session";
    EbankV2FailedAfterCode, 83, EbankV2, Approved, "ebank_v2_failed_after_code",
        "the first session fails after the SMS code",
        "everything twice";
    EbankV2UnknownCode, 84, EbankV2, Approved, "ebank_v2_unknown_code",
        "state 99, which nobody knows, before and after the SMS code",
        "the login at the bank, the SMS code";
    EbankV2GoesBack, 85, EbankV2, Approved, "ebank_v2_goes_back",
        "states go back: 7, 1, 7",
        "the login at the bank, the SMS code";
    EbankV2Skips, 86, EbankV2, Approved, "ebank_v2_skips",
        "states 1 and 7 are never seen",
        "the login at the bank, the SMS code";
    EbankV2Refused, 87, EbankV2, Approved, "ebank_v2_login_refused",
        "1001 to the first login",
        "the login at the bank, twice, the SMS code";
    EbankV2Forgotten, 88, EbankV2, Approved, "ebank_v2_session_forgotten",
        "the first session is unknown (1001) once its SMS code is processed",
        "everything twice";
    EbankV2Stuck, 89, EbankV2, Suspended, "ebank_v2_stuck",
        "every session stays at 1 until its ten minutes are over",
        "the login at the bank, for each session";
    BlacklistDown, 90, Blacklist, Approved, "blacklist_down",
        "1000 to the first three calls",
        "the SMS code";
    BlacklistRefuses, 91, Blacklist, Suspended, "blacklist_refuses",
        "1001 to every call",
        "nothing";
    AuditLong, 92, Audit, Approved, "audit_long",
        "twenty polls are answered 2, in progress",
        "the SMS code";
    AuditSystemError, 93, Audit, Approved, "audit_system_error",
        "1000 to the first two applications",
        "the SMS code";
    AuditRefused, 94, Audit, Suspended, "audit_refused",
        "1001 to every application",
        "the SMS code";
    AuditAnswerLost, 95, Audit, Approved, "audit_answer_lost",
        "the application is processed, then the connection is cut without an answer",
        "the SMS code";
    AuditUnknownCode, 96, Audit, Approved, "audit_unknown_code",
        "state 7, which nobody knows, to the first two polls",
        "the SMS code";
    AuditSilent, 97, Audit, Rejected, "audit_silent",
        "rejection without a reason, as a list of one",
        "the SMS code";
    AuditResultLate, 98, Audit, Approved, "audit_result_late",
        "1000 to the first two polls",
        "the SMS code";
    TokenRejected, 99, Blacklist, Approved, "token_rejected",
        "the token is rejected once",
        "the SMS code";
}
