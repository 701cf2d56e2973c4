//! `deliver`: from an event that is committed to a 2xx whose attempt is stored, by the real sender and real HTTP. First a pile
//! of events as fast as it goes, then a steady flow of them, of which the time until each is stored is told.

use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use batchbook::delivery::Client;
use batchbook::domain::time::Clock as _;
use batchbook::domain::webhook::{Subscription, TIMEOUT_MS};
use batchbook::server::clock::SystemClock;
use batchbook::server::random::OsRandom;
use batchbook::service::endpoints::EndpointFields;
use batchbook::workers::notify::{self, NotifyConfig};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, Kind, LOOPBACK};
use crate::report::{Report, figure, per_s, rounded};

/// Events of the pile.
const PILE: u32 = 2_000;
/// The steady flow: so many waves, of 10 events each, this far apart.
const WAVES: u32 = 50;
const WAVE_EVERY: Duration = Duration::from_millis(40);
const OF_WAVE: u32 = 10;
/// Bytes that make a body one kilobyte.
const FILLING: usize = 760;
const LOOK_EVERY: Duration = Duration::from_millis(10);
const DONE_WITHIN: Duration = Duration::from_mins(1);

/// Whom the events are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    One,
    Hundred,
    /// A hundred, of which ten take the request and never answer.
    TenHanging,
}

impl To {
    pub const ALL: [Self; 3] = [Self::One, Self::Hundred, Self::TenHanging];

    const fn as_str(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::Hundred => "100",
            Self::TenHanging => "100, 10 hanging",
        }
    }

    const fn endpoints(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Hundred | Self::TenHanging => 100,
        }
    }

    const fn hanging(self) -> u32 {
        match self {
            Self::One | Self::Hundred => 0,
            Self::TenHanging => 10,
        }
    }
}

pub async fn run(kind: &Kind<'_>, to: To, report: &mut Report) -> anyhow::Result<()> {
    let mut bed = Bed::make(kind).await?;
    let over = CancellationToken::new();
    let (receiver, address) = receiver(over.clone()).await?;
    for number in 0..to.endpoints() {
        let customer = bed.service.add_customer(&format!("Customer {number}"), &format!("customer{number}@example.com")).await?;
        let path = if number < to.endpoints() - to.hanging() { "ok" } else { "hang" };
        let url = format!("http://{address}/{path}");
        let fields = EndpointFields { url, description: String::new(), subscription: Subscription::default(), timeout_ms: TIMEOUT_MS };
        bed.service.add_endpoint(customer.key, fields).await?;
    }
    // As many for each endpoint, those that hang among them.
    commit(&mut bed, 0, PILE / to.endpoints(), "1 = 1").await?;
    let healthy = PILE / to.endpoints() * (to.endpoints() - to.hanging());
    bed.settle_down().await?;
    let start = bed.mark().await?;
    let started = Instant::now();
    let stop = CancellationToken::new();
    let config = NotifyConfig { look_every: LOOK_EVERY, ..NotifyConfig::default() };
    let client = Client::new(LOOPBACK.parse()?)?;
    let sender = tokio::spawn(notify::run(bed.service.clone(), client, std::sync::Arc::new(OsRandom), config, stop.clone()));
    delivered(&mut bed, healthy).await?;
    let time = started.elapsed();
    let written = bed.written_since(&start).await?;

    let flow = flow(&mut bed, to, healthy).await?;
    over.cancel();
    stop.cancel();
    sender.await.context("the sender")?;
    receiver.abort();
    bed.verify().await?;

    report.note(format!("p95 {} {}", kind.as_str(), to.as_str()), figure(flow.p95_us));
    let what = json!({"endpoints": to.as_str(), "body_bytes": 1_024, "deliveries": healthy, "flow_per_s": u128::from(OF_WAVE) * 1_000 / WAVE_EVERY.as_millis()});
    let figures = json!({
        "deliveries_per_s": rounded(per_s(healthy, time)), "ms": time.as_millis(), "flow_p50_ms": rounded(figure(flow.p50_us) / 1_000.0),
        "flow_p95_ms": rounded(figure(flow.p95_us) / 1_000.0), "written": written.per_task(healthy),
    });
    report.print("deliver", kind.as_str(), &what, &figures, &bed.durability().await?);
    bed.close().await
}

/// Answers 200 at `/ok`, and at `/hang` only when all is over.
async fn receiver(over: CancellationToken) -> anyhow::Result<(JoinHandle<()>, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let hang = move || {
        let over = over.clone();
        async move { over.cancelled().await }
    };
    let router = Router::new().route("/ok", post(|| async { "ok" })).route("/hang", post(hang));
    let serving = tokio::spawn(async move {
        // It ends with the measurement.
        let _ = axum::serve(listener.tap_io(|stream| _ = stream.set_nodelay(true)), router).await;
    });
    Ok((serving, address))
}

/// Commits events of now: so many to each endpoint `e` with `which`.
async fn commit(bed: &mut Bed, series: u32, each: u32, which: &str) -> anyhow::Result<()> {
    let now = SystemClock.now().micros();
    let payload = json!({"batch_id": null, "filling": "x".repeat(FILLING)}).to_string();
    let sql = format!(
        "INSERT INTO events (public_id, type, customer_id, payload, created_at_us)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {each})
        SELECT 'evt_0000000' || CAST(100000000000000000 + {series} * 10000000 + e.id * 10000 + n.i AS TEXT) || '0', 'batch.created', e.customer_id,
            '{payload}', {now}
        FROM n CROSS JOIN endpoints AS e WHERE {which}"
    );
    bed.execute(sql.leak()).await
}

/// Waits until so many were delivered.
async fn delivered(bed: &mut Bed, count: u32) -> anyhow::Result<()> {
    let started = Instant::now();
    while bed.number("SELECT COUNT(*) FROM deliveries WHERE state = 'succeeded'").await? < i64::from(count) {
        if started.elapsed() > DONE_WITHIN {
            bail!("fewer than {count} deliveries arrived within {DONE_WITHIN:?}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

struct Flow {
    p50_us: i64,
    p95_us: i64,
}

/// From the commit of an event to the end of the attempt that delivered it.
async fn flow(bed: &mut Bed, to: To, before: u32) -> anyhow::Result<Flow> {
    let last = bed.number("SELECT MAX(id) FROM events").await?;
    let mut ticks = tokio::time::interval(WAVE_EVERY);
    for wave in 0..WAVES {
        ticks.tick().await;
        match to {
            To::One => commit(bed, wave + 1, OF_WAVE, "1 = 1").await?,
            To::Hundred | To::TenHanging => commit(bed, wave + 1, 1, &format!("e.id % {OF_WAVE} = {}", wave % OF_WAVE)).await?,
        }
    }
    let sent = WAVES * OF_WAVE * (to.endpoints() - to.hanging()) / to.endpoints();
    delivered(bed, before + sent).await?;
    let quantile = |percent: u32| {
        format!(
            "SELECT a.finished_at_us - v.created_at_us FROM delivery_attempts AS a JOIN deliveries AS d ON d.id = a.delivery_id
            JOIN events AS v ON v.id = d.event_id WHERE v.id > {last} AND a.class = 'delivered' ORDER BY 1 LIMIT 1 OFFSET {}",
            sent * percent / 100
        )
    };
    Ok(Flow { p50_us: bed.number(quantile(50).leak()).await?, p95_us: bed.number(quantile(95).leak()).await? })
}
