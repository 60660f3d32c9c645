//! Looking after a store that is in memory: it is said that nothing of it can be done.

use super::*;
use crate::api::proto::v1::store_service_client::StoreServiceClient;
use crate::api::proto::v1::{
    BackUpStoreRequest, GetStoreStatsRequest, RebuildStoreRequest, ReleaseStoreRequest,
};
use tonic::{Code, Status};

fn declined(status: &Status) {
    assert_eq!((status.code(), reason(status).0.as_str()), (Code::FailedPrecondition, "STORE_DECLINED"));
    assert_eq!(status.message(), "the store is in memory only");
}

#[tokio::test]
async fn a_store_in_memory_declines_and_fields_are_checked() {
    let world = World::start().await;
    let mut stores = StoreServiceClient::new(world.channel.clone());
    declined(&stores.get_store_stats(GetStoreStatsRequest { by_kind: true }).await.unwrap_err());
    let by = ReleaseStoreRequest { actor: "ada".to_owned(), reason: "a test".to_owned() };
    declined(&stores.release_store(by.clone()).await.unwrap_err());
    let mut told = stores.rebuild_store(RebuildStoreRequest {}).await.unwrap().into_inner();
    declined(&told.message().await.unwrap_err());
    let folder = |folder: &str| BackUpStoreRequest { folder: folder.to_owned(), with_keys: false };
    let mut told = stores.back_up_store(folder("/nowhere/at/all")).await.unwrap().into_inner();
    declined(&told.message().await.unwrap_err());

    for (status, field) in [
        (stores.back_up_store(folder("not/absolute")).await.unwrap_err(), "folder"),
        (
            stores.release_store(ReleaseStoreRequest { reason: String::new(), ..by }).await.unwrap_err(),
            "reason",
        ),
    ] {
        let (why, facts) = reason(&status);
        assert_eq!((status.code(), why.as_str()), (Code::InvalidArgument, "INVALID_FIELDS"));
        assert_eq!(facts["fields"], field);
    }
}
