//! The frame of every page: navigation, language, banner, the refresh clock, and which address shows which page.

use leptos::prelude::*;
use leptos_meta::{Html, Title, provide_meta_context};
use leptos_router::components::{FlatRoutes, Redirect, Route, Router};
use leptos_router::hooks::{use_location, use_query_map};
use leptos_router::{SsrMode, path};

use super::api::Wire;
use super::components::clock::Clock;
use super::i18n::Lang;
use super::pages::{
    AccountPage, ApprovalsPage, AuditPage, BatchPage, BatchesPage, ConfirmPage, CustomerPage, CustomersPage, DeliveryPage, EndpointPage,
    LoginPage, NotFound, OperatorsPage, OverviewPage, PreferencesPage, ReplayPage, SearchPage, SetPasswordPage, WebhooksPage,
};
use super::query::{AuditQuery, BatchesQuery, CustomersQuery, LoginQuery, OverviewQuery, PreferencesQuery, Vouches, WebhooksQuery};
use super::{Opening, frame};
use crate::domain::access::{Action, Operator};

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|text: String| if text.is_empty() { "Batchbook".to_owned() } else { format!("{text} · Batchbook") } />
        <Router>
            <Frame />
        </Router>
    }
}

/// Reads once how the person reads: a link to another language, and other preferences, load the page anew, so they never change
/// under a running page.
#[component]
fn Frame() -> impl IntoView {
    let Opening { simulated, preferences, zone, operator, vouches } =
        SharedValue::<Opening, Wire>::new_with_encoding(|| use_context::<Opening>().unwrap_or_default()).into_inner();
    let lang = use_query_map().with_untracked(|params| Lang::of(params.get(Lang::PARAM).as_deref(), preferences.language, zone));
    provide_context(lang);
    let clock = Clock::provide(preferences.refresh_s);
    let (theme, shortcuts) = (RwSignal::new(preferences.theme), preferences.shortcuts);
    let density = preferences.density();
    provide_context(preferences);
    provide_context(Vouches(vouches));
    if let Some(operator) = operator.clone() {
        provide_context(operator);
    }
    let said = RwSignal::new(String::new());
    let hydrated = RwSignal::new(false);
    Effect::new(move |_| {
        frame::start(lang, clock, theme, said, shortcuts);
        hydrated.set(true);
    });
    focus_after_navigation();
    let words = lang.words();
    let is_in = operator.is_some();
    let sidebar = operator.map(|operator| side(lang, clock, said, shortcuts, &operator));
    view! {
        <Html {..} lang=lang.tag() data-theme=move || theme.get().mark() data-density=density />
        <a class="skip" href="#main" rel="external">
            {words.skip_to_content}
        </a>
        <div class=if is_in { "app" } else { "app outside" }>
            {sidebar}
            <div class="content">
                {simulated.then(|| view! { <p class="banner" role="note">{words.simulated}</p> })}
                <main id="main" tabindex="-1" data-hydrated=move || hydrated.get().then_some("true")>
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
            </div>
        </div>
    }
}

/// The side bar, for whoever is signed in.
fn side(lang: Lang, clock: Clock, said: RwSignal<String>, shortcuts: bool, operator: &Operator) -> AnyView {
    let words = lang.words();
    let list = BatchesQuery::default().to_href();
    let audit = operator.may(Action::ReadAudit).then(|| section(lang, AuditQuery::PATH.to_owned(), lang.audit().audit, "a"));
    let operators =
        operator.may(Action::ChangeOperators).then(|| section(lang, LoginQuery::OPERATORS.to_owned(), lang.account().operators, "p"));
    let approvals =
        operator.may(Action::ApproveCredits).then(|| section(lang, LoginQuery::APPROVALS.to_owned(), lang.account().approvals, "v"));
    view! {
        <header class="side">
            <a class="brand" href=lang.link(OverviewQuery::PATH)>
                "Batchbook"
            </a>
            {frame::search_form(lang)}
            <nav aria-label=words.main_navigation>
                {section(lang, OverviewQuery::PATH.to_owned(), lang.overview().overview, "o")}
                {section(lang, list, words.batches, "b")}
                {section(lang, CustomersQuery::PATH.to_owned(), lang.customers().customers, "c")}
                {section(lang, WebhooksQuery::PATH.to_owned(), lang.webhooks().webhooks, "w")}
                {approvals}
                {audit}
                {operators}
            </nav>
            {frame::utilities(lang, clock, said, shortcuts, operator)}
        </header>
    }
    .into_any()
}

/// The overview is the first page.
#[component]
fn ToOverview() -> impl IntoView {
    let lang = expect_context::<Lang>();
    view! { <Redirect path=lang.link(OverviewQuery::PATH) /> }
}

/// A link of the navigation; `key` after `g` leads there.
fn section(lang: Lang, path: String, name: &'static str, key: &'static str) -> AnyView {
    let href = lang.link(&path);
    view! {
        <a href=href aria-current=current_page(path) data-go=key>
            {name}
        </a>
    }
    .into_any()
}

/// The address of a section, or of anything inside of it. Everything is inside of the first page, so that one must be met.
fn current_page(section: String) -> impl Fn() -> Option<&'static str> + Clone + Send {
    let path = use_location().pathname;
    move || {
        let is_here = path.with(|path| match path.strip_prefix(&section) {
            Some(rest) => rest.is_empty() || rest == "/" || (rest.starts_with('/') && section != PreferencesQuery::HOME),
            None => false,
        });
        is_here.then_some("page")
    }
}

/// Where another page is shown without loading the document anew, whoever works by keyboard or by ear goes on at its beginning.
fn focus_after_navigation() {
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now) {
            crate::browser::focus("#main");
        }
        now
    });
}
