//! The list of batches with the filters and orders of the console, as JSON a page at a time and as a file of all its rows.

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use super::batches::OperatorBatchView;
use super::batches_csv::{Line, Totals, header as csv_header};
use crate::api::code::Code;
use crate::api::door::Signed;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::api::v1::page::List;
use crate::domain::batch_list::{BatchFilter, BatchSort, Day, Order, Place};
use crate::domain::page::{PAGE_MAX, PageSize};
use crate::service::{Listed, Service, ServiceResult};

/// The same names and words as in the address of the page. Every one that is given must hold.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParameters {
    /// States, with commas between them.
    #[param(example = "partial,failed")]
    state: Option<String>,
    /// Id of the customer.
    customer: Option<String>,
    /// Name of a model: batches with a task of it.
    model: Option<String>,
    /// First day of submission, UTC.
    #[param(example = "2026-11-01")]
    from: Option<String>,
    /// Last day of submission, UTC.
    #[param(example = "2026-11-30")]
    to: Option<String>,
    /// A failure code: batches with a task that failed so, or with a repeated attempt that did and cost something.
    #[param(example = "timeout")]
    failure: Option<String>,
    /// A responsible party: batches with a failed task that it bears, or with a repeated attempt of its that cost something.
    #[param(example = "provider")]
    party: Option<String>,
    /// `1`: batches with a failed task.
    failures: Option<String>,
    /// Batches with more credits given back than these.
    #[param(minimum = 0)]
    refund_over: Option<String>,
    /// `1`: batches that cost more than they made.
    losses: Option<String>,
    /// `created`, `finished`, `duration`, `failed`, `refunded`, `profit` or `margin`.
    #[param(default = "created")]
    sort: Option<String>,
    /// `desc` or `asc`.
    #[param(default = "desc")]
    order: Option<String>,
    /// Rows in the page. All rows are in the file, whatever this says.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl ListParameters {
    /// Refuses what the page would show nothing for.
    fn filter(&self) -> Result<BatchFilter, Problem> {
        let filter = BatchFilter::read(&|name| {
            let value = match name {
                "state" => &self.state,
                "customer" => &self.customer,
                "model" => &self.model,
                "from" => &self.from,
                "to" => &self.to,
                "failure" => &self.failure,
                "party" => &self.party,
                "failures" => &self.failures,
                "refund_over" => &self.refund_over,
                "losses" => &self.losses,
                _ => &None,
            };
            value.clone()
        });
        match filter.unreadable.first() {
            Some((name, value)) => Err(invalid(format!("{name}={value} is nothing that a batch can have."))),
            None => Ok(filter),
        }
    }

    fn sort(&self) -> Result<(BatchSort, Order), Problem> {
        let sort = self.sort.as_deref().map_or(Ok(BatchSort::Created), str::parse);
        let order = self.order.as_deref().map_or(Ok(Order::Descending), str::parse);
        match (sort, order) {
            (Ok(sort), Ok(order)) => Ok((sort, order)),
            (Err(error), _) | (_, Err(error)) => Err(invalid(format!("{error}."))),
        }
    }

    fn place(&self) -> Result<Place, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(Place::Start) };
        let refused = "The cursor is not one of this list. Send the next_cursor of the page before, unchanged.";
        cursor.parse().map(Place::After).map_err(|_| invalid(refused.to_owned()))
    }

    fn size(&self) -> Result<PageSize, Problem> {
        let Some(limit) = self.limit else { return Ok(PageSize::default()) };
        PageSize::new(limit).map_err(|error| invalid(format!("The limit {limit} cannot be: {error}.")))
    }
}

fn invalid(detail: String) -> Problem {
    Problem::new(Code::InvalidParameter, detail)
}

/// Batches, filtered and sorted as on the page.
#[utoipa::path(
    get,
    path = "/api/admin/batches",
    operation_id = "list_operator_batches",
    tag = "Batches",
    params(ListParameters),
    responses((status = 200, description = "A page of the list.", body = List<OperatorBatchView>))
)]
pub(super) async fn list(
    Signed(api): Signed,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Json<List<OperatorBatchView>>, Problem> {
    let listed = api.service.batch_list(&parameters.filter()?, parameters.sort()?, parameters.place()?, parameters.size()?).await?;
    let next = listed.after.map(|cursor| cursor.to_string());
    let rows = Listed { has_more: next.is_some(), rows: listed.rows };
    Ok(Json(List::of(rows, |_| next.unwrap_or_default())))
}

/// All batches that the filters let through, in the same order, with their totals in the last row.
#[utoipa::path(
    get,
    path = "/api/admin/batches.csv",
    operation_id = "export_operator_batches",
    tag = "Batches",
    params(ListParameters),
    responses((status = 200, description = "RFC 4180, UTF-8. Money in US$, times RFC 3339 UTC.", content_type = "text/csv", body = String))
)]
pub(super) async fn csv(Signed(api): Signed, Parameters(parameters): Parameters<ListParameters>) -> Result<Response, Problem> {
    let (filter, sort, place) = (parameters.filter()?, parameters.sort()?, parameters.place()?);
    let name = format!("attachment; filename=\"batches-{}.csv\"", Day::of(api.service.now()));
    let writing = Writing { service: api.service.clone(), filter, sort, next: Step::Header(place), totals: Totals::default() };
    let body = Body::from_stream(stream::unfold(writing, async |mut writing| {
        let piece = writing.piece().await?;
        Some((piece, writing))
    }));
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    let mut response = ([(header::CONTENT_TYPE, kind)], body).into_response();
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// A file on its way: page by page, so that neither a long list nor a slow reader holds anything.
struct Writing {
    service: Service,
    filter: BatchFilter,
    sort: (BatchSort, Order),
    next: Step,
    totals: Totals,
}

enum Step {
    Header(Place),
    Rows(Place),
    Totals,
    Done,
}

impl Writing {
    /// The next piece of the file; none after its end. An error ends the connection, so that half a file is not taken for one.
    async fn piece(&mut self) -> Option<Result<String, std::io::Error>> {
        match std::mem::replace(&mut self.next, Step::Done) {
            Step::Header(place) => {
                self.next = Step::Rows(place);
                Some(Ok(csv_header()))
            }
            Step::Rows(place) => Some(self.rows(place).await.map_err(std::io::Error::other)),
            Step::Totals => Some(Ok(self.totals.line())),
            Step::Done => None,
        }
    }

    async fn rows(&mut self, place: Place) -> ServiceResult<String> {
        let size = PageSize::new(PAGE_MAX).unwrap_or_default();
        let listed = self.service.batch_list(&self.filter, self.sort, place, size).await?;
        let models = self.service.models_of(&listed.rows).await?;
        self.next = listed.after.map_or(Step::Totals, |cursor| Step::Rows(Place::After(cursor)));
        let lines = listed.rows.iter().zip(&models).map(|(batch, models)| {
            self.totals.add(batch);
            Line::of(batch, models).to_string()
        });
        Ok(lines.collect())
    }
}
