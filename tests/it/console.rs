//! How pages travel, over HTTP.

use batchbook::console::part::{PART, SEEN};

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
async fn a_page_is_had_without_its_frame() {
    let console = Console::open().await;
    let page = async |address: &str, part: bool| {
        let request = console.http.get(format!("{}{address}", console.address)).header("accept", "text/html");
        let request = if part { request.header(PART, "main") } else { request };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), header(&answer, "cache-control").to_owned(), answer.text().await.unwrap())
    };
    let main = |html: &str| html[html.find("<main").unwrap()..html.find("</main>").unwrap()].to_owned();
    for (address, status) in [("/admin/batches", 200), ("/admin/batches/bat_nonsense", 404), ("/admin/nowhere", 404)] {
        let (whole, part) = (page(address, false).await, page(address, true).await);
        assert_eq!((whole.0, part.0), (status, status), "{address}");
        assert_eq!(part.1, "no-store");
        assert_eq!(main(&part.2), main(&whole.2), "{address}");
        assert!(
            part.2.contains("<title>") && !part.2.contains("<nav aria-label=\"Console\"") && !part.2.contains("hydrate("),
            "{}",
            part.2
        );
        assert!(part.2.len() < whole.2.len());
    }
}

#[tokio::test]
async fn rows_that_are_looked_at_stay_whoever_names_them() {
    let console = Console::open().await;
    for seen in ["", "bat_nonsense", "x,,y", &"bat_00fkqz1b3r000000000000000g,".repeat(300)] {
        let request = console.http.get(format!("{}/admin/batches", console.address)).header(PART, "main").header(SEEN, seen);
        assert_eq!(request.send().await.unwrap().status(), 200, "{seen}");
    }
}
