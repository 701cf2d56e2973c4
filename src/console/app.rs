//! The frame of every page: navigation, language, banner, the refresh clock, and which address shows which page.

use leptos::prelude::*;
use leptos_meta::{Html, Title, provide_meta_context};
use leptos_router::components::{FlatRoutes, Redirect, Route, Router};
use leptos_router::hooks::{use_location, use_query_map};
use leptos_router::{SsrMode, path};

use super::Opening;
use super::components::clock::Clock;
use super::i18n::{Lang, Language};
use super::pages::{BatchPage, BatchesPage, CustomerPage, CustomersPage, NotFound};
use super::query::{BatchesQuery, CustomersQuery};

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
    let Opening { simulated, preferences, zone } = SharedValue::new(|| use_context::<Opening>().unwrap_or_default()).into_inner();
    let lang = use_query_map().with_untracked(|params| Lang::of(params.get(Lang::PARAM).as_deref(), preferences.language, zone));
    provide_context(lang);
    let clock = Clock::provide(preferences.refresh_s);
    let hydrated = RwSignal::new(false);
    Effect::new(move |_| {
        clock.start();
        hydrated.set(true);
    });
    let words = lang.words();
    let list = BatchesQuery::default().to_href();
    view! {
        <Html {..} lang=lang.tag() data-theme=preferences.theme.mark() data-density=preferences.density() />
        <a class="skip" href="#main" rel="external">
            {words.skip_to_content}
        </a>
        <div class="app">
            <header class="side">
                <a class="brand" href=lang.link(&list)>
                    "Batchbook"
                </a>
                <nav aria-label=words.main_navigation>
                    <a href=lang.link(&list) aria-current=current_page(list)>
                        {words.batches}
                    </a>
                    <a href=lang.link(CustomersQuery::PATH) aria-current=current_page(CustomersQuery::PATH.to_owned())>
                        {lang.customers().customers}
                    </a>
                </nav>
                {languages(lang)}
            </header>
            <div class="content">
                {simulated.then(|| view! { <p class="banner" role="note">{words.simulated}</p> })}
                <main id="main" tabindex="-1" data-hydrated=move || hydrated.get().then_some("true")>
                    <FlatRoutes fallback=NotFound>
                        <Route path=path!("/") view=ToBatches ssr=SsrMode::Async />
                        <Route path=path!("/admin") view=ToBatches ssr=SsrMode::Async />
                        <Route path=path!("/admin/batches") view=BatchesPage ssr=SsrMode::Async />
                        <Route path=path!("/admin/batches/:id") view=BatchPage ssr=SsrMode::Async />
                        <Route path=path!("/admin/customers") view=CustomersPage ssr=SsrMode::Async />
                        <Route path=path!("/admin/customers/:id") view=CustomerPage ssr=SsrMode::Async />
                    </FlatRoutes>
                </main>
            </div>
        </div>
    }
}

/// There is no overview yet.
#[component]
fn ToBatches() -> impl IntoView {
    let lang = expect_context::<Lang>();
    view! { <Redirect path=lang.link(BatchesQuery::PATH) /> }
}

/// The address of a section, or of anything inside of it.
fn current_page(section: String) -> impl Fn() -> Option<&'static str> + Clone + Send {
    let path = use_location().pathname;
    move || path.with(|path| path.starts_with(&section)).then_some("page")
}

/// Links to this page in every language. They load the page anew.
fn languages(lang: Lang) -> impl IntoView {
    let location = use_location();
    let links: Vec<_> = Language::ALL
        .into_iter()
        .map(|other| {
            let href = move || {
                let params: Vec<String> = location.search.with(|search| {
                    search
                        .trim_start_matches('?')
                        .split('&')
                        .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(Lang::PARAM))
                        .map(str::to_owned)
                        .collect()
                });
                let mark = if params.is_empty() { "" } else { "?" };
                lang.to(other).link(&format!("{}{mark}{}", location.pathname.get(), params.join("&")))
            };
            view! { <a href=href rel="external" lang=other.tag() hreflang=other.tag() aria-current=(other == lang.language()).then_some("true")>{other.name()}</a> }
        })
        .collect();
    view! {
        <nav class="languages" aria-label=lang.words().language>
            {links}
        </nav>
    }
}
