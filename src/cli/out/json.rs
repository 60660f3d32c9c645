//! Messages of the contract as JSON, and back: protobuf's own mapping, by the descriptors.
//!
//! Fields have their names and their order of the `.proto` files, none is left out for being empty,
//! and numbers are numbers. What is read may use protobuf's `camelCase` names as well.

use crate::api::proto::DESCRIPTORS;
use crate::api::proto::v1::{
    AnswerChallengeRequest, Application, Challenge, CreateApplicationRequest, Delivery, Evidence,
    Explanation, GetEvidenceResponse, Machine, MigrationRow, OperatorResponse, ProviderSystem, Session,
    StoreBackup, StoreRebuild, StoreStats, StuckGroup, Transition, WatchChangesResponse,
};
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions,
};
use serde::{Serialize, Serializer};
use std::sync::LazyLock;

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(DESCRIPTORS).expect("the descriptors were compiled with the program")
});

/// A message that is told.
pub(in super::super) trait Told: prost::Message {
    /// Its type in the contract.
    const TYPE: &'static str;

    /// The name of what it is about; may be empty.
    fn name(&self) -> &str;
}

macro_rules! told {
    ($($message:ident: |$it:ident| $name:expr;)*) => {
        $(impl Told for $message {
            const TYPE: &'static str = concat!("docket.v1.", stringify!($message));

            fn name(&self) -> &str {
                let $it = self;
                $name
            }
        })*
    };
}

told! {
    AnswerChallengeRequest: |it| &it.name;
    Evidence: |_it| "";
    GetEvidenceResponse: |_it| "";
    Application: |it| &it.name;
    Challenge: |it| &it.name;
    CreateApplicationRequest: |_it| "";
    Delivery: |it| &it.name;
    Explanation: |it| it.application.as_ref().map_or("", |application| &application.name);
    Machine: |it| &it.name;
    MigrationRow: |it| &it.name;
    OperatorResponse: |it| it.application.as_ref().map_or("", |application| &application.name);
    ProviderSystem: |it| it.status.as_ref().map_or("", |status| &status.system);
    Session: |it| &it.token;
    StoreBackup: |it| &it.folder;
    StoreRebuild: |_it| "";
    StoreStats: |it| &it.instance;
    StuckGroup: |it| &it.fingerprint;
    Transition: |it| &it.name;
    WatchChangesResponse: |it| it.application.as_ref().map_or("", |application| &application.name);
}

/// A message as it is written: in the order of the contract.
pub(super) struct Written<'a, M>(pub(super) &'a M);

impl<M: Told> Serialize for Written<'_, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut dynamic = DynamicMessage::new(descriptor::<M>());
        dynamic.transcode_from(self.0).expect("the descriptor is the message's own");
        let options = SerializeOptions::new()
            .use_proto_field_name(true)
            .stringify_64_bit_integers(false)
            .skip_default_fields(false);
        dynamic.serialize_with_options(serializer, &options)
    }
}

/// Writes on one line.
pub(super) fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("names are texts, and nothing is written to but memory")
}

/// Writes on many lines.
pub(super) fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("names are texts, and nothing is written to but memory")
}

/// Reads a message from JSON; a field that is not in the contract is an error.
pub(in super::super) fn read<M: Told + Default>(text: &str) -> Result<M, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let dynamic = DynamicMessage::deserialize_with_options(descriptor::<M>(), &mut json, &options)?;
    json.end()?;
    Ok(dynamic.transcode_to().expect("the descriptor is the message's own"))
}

fn descriptor<M: Told>() -> MessageDescriptor {
    POOL.get_message_by_name(M::TYPE).expect("every message told is in the contract")
}
