//! The record of who did what: as JSON a page at a time, and as a file of all its rows.

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::csv::text;
use crate::api::code::Code;
use crate::api::door::Signed;
use crate::api::openapi::word_list;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::api::v1::page::{List, PageParameters};
use crate::domain::audit::{ActorKind, AuditEntry, AuditFilter, Deed, ObjectKind};
use crate::domain::batch_list::Day;
use crate::domain::page::{PAGE_MAX, PageSize, Seek};
use crate::domain::time::Time;
use crate::service::{Listed, Service, ServiceResult};

/// The same names and words as in the address of the page. Every one that is given must hold.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditParameters {
    /// Name or id of whoever did it, whole.
    #[param(example = "anna@example.com")]
    who: Option<String>,
    /// What was done.
    #[param(example = "key.revoked")]
    action: Option<String>,
    /// Id of a thing, or of a customer whose things were touched.
    object: Option<String>,
    /// First day, UTC.
    #[param(example = "2026-11-01")]
    from: Option<String>,
    /// Last day, UTC.
    #[param(example = "2026-11-30")]
    to: Option<String>,
    /// Rows in the page. All rows are in the file, whatever this says.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl AuditParameters {
    fn filter(&self) -> Result<AuditFilter, Problem> {
        let filter = AuditFilter::read(&|name| {
            let value = match name {
                "who" => &self.who,
                "action" => &self.action,
                "object" => &self.object,
                "from" => &self.from,
                "to" => &self.to,
                _ => &None,
            };
            value.clone()
        });
        match &filter.unreadable {
            Some((name, value)) => Err(Problem::new(Code::InvalidParameter, format!("{name}={value} is nothing that was ever done."))),
            None => Ok(filter),
        }
    }
}

/// Something that somebody did.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(super) struct EntryView {
    /// Always `audit_entry`.
    #[schema(example = "audit_entry")]
    object: &'static str,
    /// In the order in which rows were written, with gaps.
    number: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    actor: ActorView,
    #[schema(schema_with = deeds)]
    action: Deed,
    on: ObjectView,
    customer_id: Option<String>,
    /// What changed, as it was.
    #[schema(value_type = Option<Object>)]
    before: Option<Box<RawValue>>,
    /// What changed, as it is.
    #[schema(value_type = Option<Object>)]
    after: Option<Box<RawValue>>,
    reason: Option<String>,
    request_id: Option<String>,
    address: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Actor)]
pub(super) struct ActorView {
    #[schema(schema_with = actor_kinds)]
    kind: ActorKind,
    id: Option<String>,
    name: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ObjectOfAction)]
pub(super) struct ObjectView {
    #[schema(schema_with = object_kinds)]
    kind: ObjectKind,
    id: Option<String>,
}

impl From<&AuditEntry> for EntryView {
    fn from(entry: &AuditEntry) -> Self {
        let json = |text: &Option<String>| text.clone().and_then(|text| RawValue::from_string(text).ok());
        Self {
            object: "audit_entry",
            number: entry.number,
            at: entry.at,
            actor: ActorView { kind: entry.actor_kind, id: entry.actor_id.clone(), name: entry.actor.clone() },
            action: entry.deed,
            on: ObjectView { kind: entry.object_kind, id: entry.object.clone() },
            customer_id: entry.customer.map(|id| id.to_string()),
            before: json(&entry.before),
            after: json(&entry.after),
            reason: entry.reason.clone(),
            request_id: entry.request_id.clone(),
            address: entry.address.clone(),
        }
    }
}

fn deeds() -> utoipa::openapi::Object {
    word_list(Deed::ALL.iter().map(|deed| deed.as_str()))
}

fn actor_kinds() -> utoipa::openapi::Object {
    word_list(ActorKind::ALL.iter().map(|kind| kind.as_str()))
}

fn object_kinds() -> utoipa::openapi::Object {
    word_list(ObjectKind::ALL.iter().map(|kind| kind.as_str()))
}

/// List what was done
///
/// The newest first.
#[utoipa::path(
    get, path = "/api/admin/audit", tag = "Audit", operation_id = "list_audit", params(AuditParameters),
    responses((status = 200, description = "A page of the record.", body = List<EntryView>)),
)]
pub(super) async fn list(
    Signed(api): Signed,
    Parameters(parameters): Parameters<AuditParameters>,
) -> Result<Json<List<EntryView>>, Problem> {
    let filter = parameters.filter()?;
    let page = PageParameters { limit: parameters.limit, cursor: parameters.cursor };
    let seek = Seek::of(None, page.cursor()?, None);
    let found = api.service.audit(&filter, seek, page.size()?).await?;
    Ok(Json(List::of(Listed { rows: found.rows, has_more: found.has_older }, |entry| entry.number.to_string())))
}

/// All that was done, as a file
///
/// The newest first. What a spreadsheet would take for a formula begins with an apostrophe.
#[utoipa::path(
    get, path = "/api/admin/audit.csv", tag = "Audit", operation_id = "export_audit", params(AuditParameters),
    responses((status = 200, description = "RFC 4180, UTF-8, times RFC 3339 UTC.", content_type = "text/csv", body = String)),
)]
pub(super) async fn csv(Signed(api): Signed, Parameters(parameters): Parameters<AuditParameters>) -> Result<Response, Problem> {
    let filter = parameters.filter()?;
    let name = format!("attachment; filename=\"audit-{}.csv\"", Day::of(api.service.now()));
    // The first page is read before the answer starts, so that a refusal can still be said.
    let first = rows(&api.service, &filter, Seek::Newest).await?;
    let rest = stream::unfold((api.service, filter, first.1), async |(service, filter, next)| {
        let read = rows(&service, &filter, next?).await.map_err(std::io::Error::other);
        Some(match read {
            Ok((lines, next)) => (Ok(lines), (service, filter, next)),
            Err(error) => (Err(error), (service, filter, None)),
        })
    });
    let head = stream::iter([Ok(format!("{HEADER}{}", first.0))]);
    let body = Body::from_stream(futures::StreamExt::chain(head, rest));
    let mut response = ([(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"))], body).into_response();
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// Spreadsheets read a file as UTF-8 only if it begins so.
const HEADER: &str =
    "\u{feff}number,at,actor_kind,actor,actor_id,action,object_kind,object_id,customer_id,before,after,reason,request_id,address\r\n";

/// Lines of one page, and where the next one begins.
async fn rows(service: &Service, filter: &AuditFilter, seek: Seek<i64>) -> ServiceResult<(String, Option<Seek<i64>>)> {
    let page = service.audit(filter, seek, PageSize::new(PAGE_MAX).unwrap_or_default()).await?;
    let next = page.rows.last().filter(|_| page.has_older).map(|entry| Seek::Before(entry.number));
    Ok((page.rows.iter().map(line).collect(), next))
}

fn line(entry: &AuditEntry) -> String {
    let maybe = |cell: &Option<String>| cell.as_deref().map_or_else(String::new, text);
    let cells = [
        entry.number.to_string(),
        entry.at.to_string(),
        entry.actor_kind.to_string(),
        text(&entry.actor),
        maybe(&entry.actor_id),
        entry.deed.to_string(),
        entry.object_kind.to_string(),
        maybe(&entry.object),
        entry.customer.map_or_else(String::new, |id| id.to_string()),
        maybe(&entry.before),
        maybe(&entry.after),
        maybe(&entry.reason),
        maybe(&entry.request_id),
        maybe(&entry.address),
    ];
    format!("{}\r\n", cells.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_cell_for_every_column_and_none_is_a_formula() {
        let entry = AuditEntry {
            number: 7,
            at: Time::from_micros(1_795_000_000_000_000),
            actor_kind: ActorKind::Operator,
            actor_id: None,
            actor: "=cmd@example.com".to_owned(),
            deed: Deed::CreditsGranted,
            object_kind: ObjectKind::Customer,
            object: None,
            customer: None,
            before: None,
            after: None,
            reason: Some("+1, as agreed".to_owned()),
            request_id: None,
            address: Some("::1".to_owned()),
        };
        let line = line(&entry);
        assert!(line.contains(",\"'=cmd@example.com\",") && line.contains(",\"'+1, as agreed\","), "{line}");
        assert_eq!(line.matches(',').count() - 1, HEADER.matches(',').count(), "{line}");
    }
}
