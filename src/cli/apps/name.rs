//! How people name an application: `applications/{id}`, the bare id, or `partner/order`.

use super::selection::equals;
use crate::api::proto::v1::ListApplicationsRequest;
use crate::cli::client::Client;
use crate::cli::failure::{Exit, Failure};
use uuid::Uuid;

const APPLICATIONS: &str = "applications/";
const CHALLENGES: &str = "/challenges/";

/// An application as it was named on the command line.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct Named {
    /// The application: `applications/{id}`, the bare id, or `partner/order`
    #[arg(value_name = "NAME")]
    name: String,
}

/// An application, or one of its challenges.
pub(super) struct Target {
    /// The application's resource name.
    pub(super) application: String,
    /// The challenge's resource name, where one was named.
    pub(super) challenge: Option<String>,
}

impl Named {
    pub(in crate::cli) const fn new(name: String) -> Self {
        Self { name }
    }

    /// Finds the application's resource name.
    pub(in crate::cli) async fn find(&self, client: &Client) -> Result<String, Failure> {
        if let Some(id) = self.name.strip_prefix(APPLICATIONS)
            && is_id(id)
        {
            return Ok(self.name.clone());
        }
        if is_id(&self.name) {
            return Ok(format!("{APPLICATIONS}{}", self.name));
        }
        match self.name.split_once('/') {
            Some((partner, order)) if !partner.is_empty() && !order.is_empty() => {
                look_up(client, partner, order).await
            }
            Some(_) | None => {
                let what = format!("`{}` is no application's name", self.name);
                Err(Failure::new(Exit::Usage, what)
                    .hint("name it applications/{id}, {id} or {partner}/{order}"))
            }
        }
    }

    /// Finds the application, and the challenge if one was named.
    pub(super) async fn find_target(&self, client: &Client) -> Result<Target, Failure> {
        if let Some((application, _number)) = self.name.split_once(CHALLENGES)
            && self.name.starts_with(APPLICATIONS)
        {
            let challenge = Some(self.name.clone());
            return Ok(Target { application: application.to_owned(), challenge });
        }
        Ok(Target { application: self.find(client).await?, challenge: None })
    }
}

fn is_id(text: &str) -> bool {
    Uuid::try_parse(text).is_ok()
}

/// Looks for the application of an order; a page may be empty and not the last.
async fn look_up(client: &Client, partner: &str, order: &str) -> Result<String, Failure> {
    let filter = format!("{} AND {}", equals("partner", partner), equals("order_number", order));
    let mut request =
        ListApplicationsRequest { filter, page_size: 1000, ..ListApplicationsRequest::default() };
    loop {
        let page = client.answer(client.applications().list_applications(request.clone())).await?;
        if let Some(found) = page.applications.into_iter().next() {
            return Ok(found.name);
        }
        if page.next_page_token.is_empty() {
            let what = format!("the partner {partner} has no application under the order {order}");
            return Err(Failure::new(Exit::NotFound, what)
                .hint(format!("`docket apps list --partner {partner}` shows what it has")));
        }
        request.page_token = page.next_page_token;
    }
}
