//! The price page shows the prices of the database that is used, to everybody, and nothing else.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use batchbook::site::{self, PublicPages, Seller};
use tower::ServiceExt;

use crate::app::TestApp;
use crate::database::{Kind, on_both};

on_both! {
    a_new_price_is_on_the_page_at_once,
    the_page_says_nothing_of_costs,
    the_page_says_who_sells_and_whom_to_ask,
}

async fn page(app: &TestApp, address: &str) -> String {
    page_of(app, Seller::default(), address).await
}

async fn page_of(app: &TestApp, seller: Seller, address: &str) -> String {
    let router = site::router(PublicPages { service: app.service.clone(), tasks_max: 10_000, seller });
    let response = router.oneshot(Request::get(address).body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200, "{address}");
    String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

async fn a_new_price_is_on_the_page_at_once(kind: Kind) {
    let app = TestApp::on(kind).await;
    let before = page(&app, "/pricing?model=sora-2&videos=100").await;
    assert!(before.contains("US$0.49") && before.contains("US$49") && before.contains(r#""price":"0.49""#), "{before}");
    app.run_sql(
        "INSERT INTO prices (model_id, credits, effective_from_us) SELECT id, 51, 1767225600000001 FROM models WHERE name = 'sora-2'",
    )
    .await;
    let after = page(&app, "/pricing?model=sora-2&videos=100").await;
    assert!(after.contains("US$0.51") && after.contains("US$51") && after.contains(r#""price":"0.51""#), "{after}");
    assert!(!after.contains("0.49"), "{after}");
}

async fn the_page_says_nothing_of_costs(kind: Kind) {
    let app = TestApp::on(kind).await;
    for address in ["/pricing", "/pricing?lang=zh&model=veo-pro&videos=1060"] {
        let page = page(&app, address).await;
        for secret in ["0.1176", "2.5158", "gateway", "veo-3.1"] {
            assert!(!page.contains(secret), "{address} says {secret}");
        }
    }
}

async fn the_page_says_who_sells_and_whom_to_ask(kind: Kind) {
    let app = TestApp::on(kind).await;
    let nobody = page(&app, "/pricing").await;
    assert!(nobody.contains("<b>Batchbook</b>") && !nobody.contains("mailto:"), "{nobody}");
    let seller = Seller { name: "Lumen <Video>".to_owned(), contact: Some("sales@lumen.example".parse().unwrap()) };
    let page = page_of(&app, seller, "/pricing").await;
    for said in [r#"href="mailto:sales@lumen.example""#, r#""email":"sales@lumen.example""#, "<b>Lumen &lt;Video&gt;</b>"] {
        assert!(page.contains(said), "{said} {page}");
    }
}
