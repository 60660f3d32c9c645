//! `DeliveryService`: thin handlers over the callbacks.

use super::convert;
use super::proto::v1::delivery_service_server::DeliveryService;
use super::proto::v1::{
    Delivery, GetDeliveryRequest, ListDeliveriesRequest, ListDeliveriesResponse, ResendDeliveryRequest,
};
use crate::callback::Callbacks;
use crate::store::Store;
use tonic::{Request, Response, Status};

/// The service over the callbacks.
pub(super) struct Deliveries<S> {
    callbacks: Callbacks<S>,
}

impl<S> Deliveries<S> {
    pub(super) const fn new(callbacks: Callbacks<S>) -> Self {
        Self { callbacks }
    }
}

#[tonic::async_trait]
impl<S: Store> DeliveryService for Deliveries<S> {
    async fn list_deliveries(
        &self,
        request: Request<ListDeliveriesRequest>,
    ) -> Result<Response<ListDeliveriesResponse>, Status> {
        let archive = self.callbacks.engine().archive();
        let asked = convert::deliveries(request.into_inner(), archive)?;
        let page = self.callbacks.list(asked.wanted.clone(), asked.after, asked.size).await;
        let page = page.map_err(|error| convert::undelivered(&error, "deliveries"))?;
        Ok(Response::new(convert::delivery_page(page, &asked.wanted, archive)))
    }

    async fn get_delivery(&self, request: Request<GetDeliveryRequest>) -> Result<Response<Delivery>, Status> {
        let name = request.into_inner().name;
        let found = self.callbacks.delivery(convert::delivery_key(&name)?).await;
        let found = found.map_err(|error| convert::undelivered(&error, &name))?;
        Ok(Response::new(convert::delivery(&found)))
    }

    async fn resend_delivery(
        &self,
        request: Request<ResendDeliveryRequest>,
    ) -> Result<Response<Delivery>, Status> {
        let request = request.into_inner();
        let name = request.name.clone();
        let again = convert::resend(request, self.callbacks.engine().archive())?;
        let resent = self.callbacks.resend(again).await;
        let resent = resent.map_err(|error| convert::undelivered(&error, &name))?;
        Ok(Response::new(convert::delivery(&resent)))
    }
}
