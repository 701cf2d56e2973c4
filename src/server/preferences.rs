//! Takes the form of preferences: answers with the cookie, and leads back to where the form was asked for.

use axum::extract::Form;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse, Redirect};

use super::zones;
use crate::console::preferences::Preferences;
use crate::console::query::PreferencesQuery;

/// Whatever cannot be read is the default, as everywhere in preferences; only a zone that is not there is asked for again,
/// because a person has written it.
pub async fn keep(Form(fields): Form<Vec<(String, String)>>) -> impl IntoResponse {
    let field = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
    let written = field("zone").map(|zone| if zone == "other" { field("zone_name").unwrap_or_default() } else { zone });
    let zone = written.as_deref().map(zones::zone_meant);
    let mut preferences = Preferences::of(&|name| if name == "zone" { None } else { field(name) });
    let mut next = PreferencesQuery::of(&|name| if name == "next" { field(name) } else { None });
    match zone {
        Some(Some(zone)) => zone.name().clone_into(&mut preferences.zone),
        Some(None) => next.unknown_zone = written,
        None => {}
    }
    let to = if next.unknown_zone.is_some() { next.to_href() } else { next.next };
    (AppendHeaders([(SET_COOKIE, preferences.to_cookie())]), Redirect::to(&to))
}
