//! The document as the server writes it: which address shows which page, and the frame around it.

use leptos::prelude::*;
use leptos_meta::{Html, Title, provide_meta_context};
use leptos_router::components::{FlatRoutes, Redirect, Route, Router};
use leptos_router::{SsrMode, path};

use super::Opening;
use super::api::request::{address, asks_for_part};
use super::frame::{Address, Moving, frame};
use super::i18n::Lang;
use super::pages::{
    AccountPage, ApprovalsPage, AuditPage, BatchPage, BatchesPage, ConfirmPage, CustomerPage, CustomersPage, DeliveryPage, EndpointPage,
    LoginPage, NotFound, OperatorsPage, OverviewPage, PreferencesPage, ReplayPage, SearchPage, SetPasswordPage, WebhooksPage,
};
use super::query::{OverviewQuery, Vouches};

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let opening = || use_context::<Opening>().unwrap_or_default();
    // Sent along for the frame.
    let opening = if asks_for_part() { opening() } else { SharedValue::new(opening).into_inner() };
    let address = Address::new(address());
    let lang = opening.lang(address);
    provide_context(lang);
    provide_context(opening.preferences.clone());
    provide_context(Vouches(opening.vouches));
    if let Some(operator) = opening.operator.clone() {
        provide_context(operator);
    }
    let (theme, density) = (opening.preferences.theme.mark(), opening.preferences.density());
    let moving = Moving::new(&opening.preferences);
    // Made inside of the router.
    let whole = move || if asks_for_part() { page() } else { frame(&opening, lang, address, moving, page()) };
    view! {
        <Html {..} lang=lang.tag() data-theme=theme data-density=density />
        <Title formatter=|text: String| if text.is_empty() { "Batchbook".to_owned() } else { format!("{text} · Batchbook") } />
        <Router>{whole()}</Router>
    }
}

fn page() -> AnyView {
    view! {
        <main id="main" tabindex="-1">
            <FlatRoutes fallback=NotFound>
                <Route path=path!("/") view=ToOverview ssr=SsrMode::Async />
                <Route path=path!("/admin") view=OverviewPage ssr=SsrMode::Async />
                <Route path=path!("/admin/batches") view=BatchesPage ssr=SsrMode::Async />
                <Route path=path!("/admin/batches/:id") view=BatchPage ssr=SsrMode::Async />
                <Route path=path!("/admin/customers") view=CustomersPage ssr=SsrMode::Async />
                <Route path=path!("/admin/customers/:id") view=CustomerPage ssr=SsrMode::Async />
                <Route path=path!("/admin/search") view=SearchPage ssr=SsrMode::Async />
                <Route path=path!("/admin/audit") view=AuditPage ssr=SsrMode::Async />
                <Route path=path!("/admin/webhooks") view=WebhooksPage ssr=SsrMode::Async />
                <Route path=path!("/admin/webhooks/deliveries/:id") view=DeliveryPage ssr=SsrMode::Async />
                <Route path=path!("/admin/webhooks/endpoints/:id") view=EndpointPage ssr=SsrMode::Async />
                <Route path=path!("/admin/webhooks/replays/:id") view=ReplayPage ssr=SsrMode::Async />
                <Route path=path!("/login") view=LoginPage ssr=SsrMode::Async />
                <Route path=path!("/login/password") view=SetPasswordPage ssr=SsrMode::Async />
                <Route path=path!("/admin/confirm") view=ConfirmPage ssr=SsrMode::Async />
                <Route path=path!("/admin/account") view=AccountPage ssr=SsrMode::Async />
                <Route path=path!("/admin/approvals") view=ApprovalsPage ssr=SsrMode::Async />
                <Route path=path!("/admin/operators") view=OperatorsPage ssr=SsrMode::Async />
                <Route path=path!("/admin/preferences") view=PreferencesPage ssr=SsrMode::Async />
            </FlatRoutes>
        </main>
    }
    .into_any()
}

/// The overview is the first page.
#[component]
fn ToOverview() -> impl IntoView {
    let lang = expect_context::<Lang>();
    view! { <Redirect path=lang.link(OverviewQuery::PATH) /> }
}
