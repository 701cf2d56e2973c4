//! How pages and their data travel, over HTTP.

use batchbook::console::api::batch::ReadBatch;
use batchbook::console::api::customers::{CustomersPage, ListCustomers};
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
    let asked = wire::write(&ListCustomers { search: "你好 %&#".to_owned(), before: None, after: None }).unwrap();
    let escaped = asked.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
    let answer = get(&format!("customers?{escaped}")).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "cache-control")), (200, "no-store"));
    let page: CustomersPage = wire::read(&answer.text().await.unwrap()).unwrap();
    assert!(page.rows.is_empty());
    let asked = wire::write(&ReadBatch { id: "bat_nonsense".to_owned() }).unwrap();
    let answer = get(&format!("batch?{asked}")).await;
    assert_eq!(answer.status(), 404);
    assert_eq!(wire::read(&answer.text().await.unwrap()), Ok(ConsoleError::NotFound));
    for unreadable in ["batch", "batch?%zz", "batch?-"] {
        let answer = get(unreadable).await;
        assert_eq!(answer.status(), 500, "{unreadable}");
        assert_eq!(wire::read(&answer.text().await.unwrap()), Ok(ConsoleError::Unreachable), "{unreadable}");
    }
}
