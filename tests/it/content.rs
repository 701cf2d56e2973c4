//! Finished videos reach their customer through us: with the customer's key, and without a word of who made them.

use std::sync::Arc;
use std::time::Duration;

use batchbook::api;
use batchbook::domain::id::BatchId;
use batchbook::providers::simulator::SimulatorConfig;
use batchbook::server::content::ProviderContent;
use batchbook::server::random::OsRandom;
use batchbook::server::upstreams::Simulated;
use batchbook::service::{Limits, Reader};
use batchbook::workers::{self, WorkerConfig};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::{TestApp, batch_of};
use crate::database::{Kind, on_both};

on_both! {
    a_video_is_passed_on_whole_and_in_parts_and_only_to_its_customer,
}

async fn a_video_is_passed_on_whole_and_in_parts_and_only_to_its_customer(kind: Kind) {
    let app = TestApp::on(kind).await;
    let config = SimulatorConfig {
        latency_ms: 20,
        submit_latency_ms: 0,
        failure_rate: 0.0,
        api_key: Some("upstream-secret".to_owned()),
        ..SimulatorConfig::default()
    };
    let simulated = Simulated::start(config).await.unwrap();
    let stop = CancellationToken::new();
    let config = WorkerConfig { poll_pauses_ms: [20, 20, 20], ..WorkerConfig::default() };
    let working = tokio::spawn(workers::run(app.service.clone(), simulated.registry.clone(), config, stop.clone()));
    let content = Arc::new(ProviderContent::new(simulated.registry.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let public_url = format!("http://{address}");
    let router =
        api::router_with_content(app.service.clone(), Arc::new(OsRandom), Limits::default(), api::Site::default(), content, &public_url);
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });

    let (customer, other) = (app.customer().with_credits(1_000).await, app.customer().with_credits(0).await);
    let mut batch = batch_of(10);
    batch["items"][1]["prompt"] = json!("[[fail:content_policy_input]]");
    batch["items"][2]["prompt"] = json!("[[fail:result_download]]");
    let id: BatchId = customer.submits(batch).await.is(201)["id"].as_str().unwrap().parse().unwrap();
    let finished = async {
        while !app.service.batch(Reader::Operator, id).await.unwrap().status().is_finished() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), finished).await.unwrap();

    let http = reqwest::Client::builder().build().unwrap();
    let get = async |path: String, secret: &str, range: Option<&str>| {
        let address = if path.starts_with("http") { path } else { format!("{public_url}{path}") };
        let mut request = http.get(address).bearer_auth(secret);
        if let Some(range) = range {
            request = request.header("range", range);
        }
        request.send().await.unwrap()
    };
    let text = async |path: String| get(path, &customer.secret, None).await.text().await.unwrap();
    let task: serde_json::Value = serde_json::from_str(&text(format!("/api/v1/batches/{id}/tasks/1")).await).unwrap();
    // Whole, so that it can be fetched as it stands.
    let url = task["output"]["url"].as_str().unwrap().to_owned();
    assert_eq!(url, format!("{public_url}/api/v1/batches/{id}/tasks/1/content"));
    let [listed, results] = [text(format!("/api/v1/batches/{id}/tasks")).await, text(format!("/api/v1/batches/{id}/results")).await];
    assert!(listed.contains(&url) && results.contains(&url), "the same address everywhere");
    for word in [simulated.addr.to_string(), "upstream-secret".to_owned(), "video_".to_owned()] {
        assert!(!task.to_string().contains(&word) && !results.contains(&word), "{word}");
    }

    let whole = get(url.clone(), &customer.secret, None).await;
    assert_eq!((whole.status().as_u16(), &whole.headers()["content-type"]), (200, &"video/mp4".parse().unwrap()));
    assert_eq!(whole.headers()["content-disposition"], format!("attachment; filename=\"{id}-1.mp4\""));
    assert!(whole.headers().get("x-request-id").is_some() && whole.headers().get("ratelimit").is_some());
    let length: usize = whole.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let bytes = whole.bytes().await.unwrap();
    assert_eq!((bytes.len(), &bytes[4..8]), (length, &b"ftyp"[..]));
    let part = get(url.clone(), &customer.secret, Some("bytes=4-7")).await;
    assert_eq!((part.status().as_u16(), part.headers()["content-range"].clone()), (206, format!("bytes 4-7/{length}").parse().unwrap()));
    assert_eq!(&part.bytes().await.unwrap()[..], b"ftyp");
    let several = get(url.clone(), &customer.secret, Some("bytes=0-1,3-4")).await;
    assert_eq!((several.status().as_u16(), several.bytes().await.unwrap().len()), (200, length));

    let path = |number: i32| format!("/api/v1/batches/{id}/tasks/{number}/content");
    for (path, secret, range, status, code) in [
        (path(1), customer.secret.as_str(), Some("bytes=99999999-"), 416, "no_such_range"),
        (path(2), customer.secret.as_str(), None, 409, "no_video"),
        (path(3), customer.secret.as_str(), None, 410, "video_gone"),
        (path(11), customer.secret.as_str(), None, 404, "not_found"),
        (path(1), other.secret.as_str(), None, 404, "not_found"),
        (path(1), "bb_wrong", None, 401, "unauthenticated"),
    ] {
        let refused = get(path.clone(), secret, range).await;
        assert_eq!(refused.status().as_u16(), status, "{path}");
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["code"], code, "{path}");
    }
    simulated.stop().await;
    let unreachable = get(url, &customer.secret, None).await;
    assert_eq!((unreachable.status().as_u16(), unreachable.headers().contains_key("retry-after")), (502, true));
    let problem = unreachable.text().await.unwrap();
    assert!(!problem.contains("127.0.0.1"), "{problem}");
    stop.cancel();
    serving.abort();
    working.await.unwrap().unwrap();
}
