//! `MachineService`: the machines as they were compiled in.

use super::convert;
use super::proto::v1::machine_service_server::MachineService;
use super::proto::v1::{GetMachineRequest, ListMachinesRequest, ListMachinesResponse, Machine};
use crate::machine::graph::MACHINES;
use tonic::{Request, Response, Status};

/// The service over the machines of this program.
pub(super) struct Machines;

#[tonic::async_trait]
impl MachineService for Machines {
    async fn list_machines(
        &self,
        _request: Request<ListMachinesRequest>,
    ) -> Result<Response<ListMachinesResponse>, Status> {
        let machines = MACHINES.iter().map(|definition| convert::machine_outline(definition));
        Ok(Response::new(ListMachinesResponse { machines: machines.collect() }))
    }

    async fn get_machine(&self, request: Request<GetMachineRequest>) -> Result<Response<Machine>, Status> {
        let definition = convert::machine_named(&request.into_inner().name)?;
        Ok(Response::new(convert::machine(definition)))
    }
}
