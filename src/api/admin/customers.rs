//! Customers as operators see them: the list with what each can spend, and one with its books told by two witnesses.

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::code::Code;
use crate::api::door::Signed;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::api::v1::page::{List, PageParameters};
use crate::domain::id::CustomerId;
use crate::domain::page::Seek;
use crate::domain::time::Time;
use crate::service::customers::{CustomerBooks, CustomerSums};
use crate::service::{Listed, Service};

/// A customer, and where its credits are.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Customer)]
pub(super) struct ListedCustomerView {
    /// Always `customer`.
    #[schema(example = "customer")]
    object: &'static str,
    id: String,
    name: String,
    email: String,
    credits: WhereaboutsView,
    /// Counted up to 1,001.
    batches: i64,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_batch_at: Option<Time>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Whereabouts)]
pub(super) struct WhereaboutsView {
    available: i64,
    held: i64,
    spent: i64,
}

/// A customer's books. `granted` = `available` + `held` + `spent` + `expired` + `taken_back`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CustomerBooks)]
pub(super) struct CustomerBooksView {
    /// Always `customer`.
    #[schema(example = "customer")]
    object: &'static str,
    id: String,
    name: String,
    email: String,
    granted: i64,
    expired: i64,
    /// By operators.
    taken_back: i64,
    /// As the ledger's accounts and the batches say.
    credits: WhereaboutsView,
    /// As the grants say.
    credits_by_grants: WhereaboutsView,
    /// Whether both agree.
    agree: bool,
    batches: i64,
    grants: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

impl From<&CustomerSums> for ListedCustomerView {
    fn from(row: &CustomerSums) -> Self {
        Self {
            object: "customer",
            id: row.customer.id.to_string(),
            name: row.customer.name.clone(),
            email: row.customer.email.clone(),
            credits: WhereaboutsView { available: row.available.get(), held: row.held.get(), spent: row.spent.get() },
            batches: row.batches,
            last_batch_at: row.last_batch_at,
            created_at: row.customer.created_at,
        }
    }
}

impl From<CustomerBooks> for CustomerBooksView {
    fn from(books: CustomerBooks) -> Self {
        let (balances, grants) = (books.balances, books.grants);
        let credits = WhereaboutsView { available: balances.available.get(), held: balances.held.get(), spent: books.charged.get() };
        let by_grants = WhereaboutsView { available: grants.available.get(), held: grants.held.get(), spent: grants.captured.get() };
        Self {
            object: "customer",
            id: books.customer.id.to_string(),
            name: books.customer.name,
            email: books.customer.email,
            granted: grants.granted.get(),
            expired: grants.expired.get(),
            taken_back: grants.withdrawn.get(),
            credits,
            credits_by_grants: by_grants,
            agree: credits == by_grants,
            batches: books.batches,
            grants: grants.grants,
            created_at: books.customer.created_at,
        }
    }
}

/// Which customers are asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchParameters {
    /// Part of a name, an e-mail address or an id.
    q: Option<String>,
    /// Rows in the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List customers
///
/// The newest first.
#[utoipa::path(
    get, path = "/api/admin/customers", tag = "Customers", operation_id = "list_customers", params(SearchParameters),
    responses((status = 200, description = "A page of customers.", body = List<ListedCustomerView>)),
)]
pub(super) async fn list(
    Signed(api): Signed,
    Parameters(search): Parameters<SearchParameters>,
) -> Result<Json<List<ListedCustomerView>>, Problem> {
    let SearchParameters { q, limit, cursor } = search;
    let page = PageParameters { limit, cursor };
    let seek = Seek::of(None, page.cursor()?, None);
    let found = api.service.search_customers(q.as_deref().unwrap_or(""), seek, page.size()?).await?;
    Ok(Json(List::of(Listed { rows: found.rows, has_more: found.has_older }, |row| row.customer.id.to_string())))
}

/// Get a customer
#[utoipa::path(
    get, path = "/api/admin/customers/{id}", tag = "Customers", operation_id = "get_customer",
    params(("id" = String, Path, description = "Id of the customer.")),
    responses((status = 200, description = "The customer and its books.", body = CustomerBooksView)),
)]
pub(super) async fn show(Signed(api): Signed, Path(id): Path<String>) -> Result<Json<CustomerBooksView>, Problem> {
    Ok(Json(api.service.customer_books(customer_id(&id)?).await?.into()))
}

/// A text that is not an id cannot be the id of anything.
pub(super) fn customer_id(text: &str) -> Result<CustomerId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound, "There is no such customer. Its id starts with cus_ and has 30 characters."))
}

pub(super) async fn key_of(service: &Service, id: &str) -> Result<crate::domain::id::CustomerKey, Problem> {
    Ok(service.customer(customer_id(id)?).await?.key)
}
