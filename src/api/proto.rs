//! The messages, clients and servers of `docket.v1`, generated from `proto/`.

/// All that was generated.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants,
    clippy::or_fun_call,
    clippy::use_self,
    reason = "generated; the comments are in the proto files"
)]
pub mod v1 {
    tonic::include_proto!("docket.v1");
}

/// The descriptors of `docket.v1` and of all that it imports, encoded.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/docket.v1.bin"));

/// Messages about a person, or with secrets, print their names and nothing else.
macro_rules! unprinted {
    ($($message:path),* $(,)?) => {
        $(impl std::fmt::Debug for $message {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($message))
            }
        })*
    };
}

unprinted!(
    v1::AddressBook,
    v1::AddressBookEntry,
    v1::AnswerChallengeRequest,
    v1::answer_challenge_request::Answer,
    v1::BankLogin,
    v1::Contact,
    v1::Contacts,
    v1::Credentials,
    v1::DegreeAccount,
    v1::Device,
    v1::Evidence,
    v1::Identity,
    v1::IdentityCard,
    v1::IssueSessionRequest,
    v1::Session,
    v1::Work,
);
