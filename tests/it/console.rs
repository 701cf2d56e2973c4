//! How pages and their data travel, over HTTP.

use batchbook::console::api::batches::BatchesPage;
use batchbook::console::api::{ConsoleError, wire};

use crate::preferences::{Console, header};

#[tokio::test]
async fn pages_are_compressed_for_those_who_take_it() {
    let console = Console::open().await;
    let page = |accepts: &'static str| {
        let request = console.http.get(format!("{}/admin/batches", console.address)).header("accept-encoding", accepts);
        async { request.send().await.unwrap() }
    };
    let plain = page("identity").await;
    assert_eq!(header(&plain, "content-encoding"), "");
    let plain = plain.text().await.unwrap();
    assert!(plain.contains("</html>"), "{plain}");
    for encoding in ["br", "gzip"] {
        let answer = page(encoding).await;
        assert_eq!((header(&answer, "content-encoding"), header(&answer, "vary")), (encoding, "accept-encoding"));
        let size = answer.bytes().await.unwrap().len();
        assert!(size < plain.len() / 2, "{encoding}: {size} of {}", plain.len());
    }
}

#[tokio::test]
async fn data_travels_as_the_browser_half_reads_it() {
    let console = Console::open().await;
    let get = |path: &str| {
        let request = console.http.get(format!("{}/admin/data/{path}", console.address));
        async { request.send().await.unwrap() }
    };
    let answer = get("batches?-").await;
    assert_eq!((answer.status().as_u16(), header(&answer, "cache-control")), (200, "no-store"));
    let page: BatchesPage = wire::read(&answer.text().await.unwrap()).unwrap();
    assert!(page.rows.is_empty());
    let answer = get("batch?bat_nonsense%7C").await;
    assert_eq!(answer.status(), 404);
    assert_eq!(wire::read(&answer.text().await.unwrap()), Ok(ConsoleError::NotFound));
    assert_eq!(get("batch?%zz").await.status(), 500);
}
