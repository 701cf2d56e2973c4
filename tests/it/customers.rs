//! What operators see of customers, and what they do to their credits: over HTTP, on both databases.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, batch_of};
use crate::database::{Kind, on_both};

on_both! {
    customers_are_found_by_any_part_of_what_they_are_called,
    a_list_of_customers_is_read_in_both_directions,
    the_books_of_a_customer_are_told_by_two_witnesses,
    a_ledger_is_read_from_any_transaction_in_both_directions,
    what_is_no_customer_is_not_found,
}

async fn gets(app: &TestApp, path: &str) -> Value {
    app.send(Method::GET, path, &[], None).await.is(200)
}

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

async fn customers_are_found_by_any_part_of_what_they_are_called(kind: Kind) {
    let app = TestApp::on(kind).await;
    let mut made = Vec::new();
    for (name, email) in [("Acme Studio", "pay@acme.example"), ("Söhne_50%", "buch@soehne.example"), ("无线工作室", "a@studio.example")]
    {
        made.push(app.service.add_customer(name, email).await.unwrap().id.to_string());
    }
    let tail = made[1][18..].to_owned();
    let (first, second, third) = (&made[0], &made[1], &made[2]);
    for (search, found) in [
        ("", vec![third, second, first]),
        ("STUDIO", vec![third, first]),
        ("acme.EXAMPLE", vec![first]),
        ("_50%25", vec![second]),
        ("%25", vec![second]),
        ("%E6%97%A0%E7%BA%BF", vec![third]),
        (tail.as_str(), vec![second]),
        ("nobody", vec![]),
        ("!", vec![]),
    ] {
        let page = gets(&app, &format!("/api/admin/customers?q={search}")).await;
        assert_eq!(ids(&page).iter().collect::<Vec<_>>(), found, "{search}");
    }
}

async fn a_list_of_customers_is_read_in_both_directions(kind: Kind) {
    use batchbook::domain::page::{PageSize, Seek};
    let app = TestApp::on(kind).await;
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(app.service.add_customer(&format!("Customer {number}"), &format!("c{number}@example.com")).await.unwrap().id);
    }
    made.reverse();
    let two = PageSize::new(2).unwrap();
    let page = async |seek| {
        let page = app.service.search_customers("", seek, two).await.unwrap();
        (page.rows.iter().map(|row| row.customer.id).collect::<Vec<_>>(), page.has_newer, page.has_older)
    };
    assert_eq!(page(Seek::Newest).await, (made[..2].to_vec(), false, true));
    assert_eq!(page(Seek::Before(made[1])).await, (made[2..4].to_vec(), true, true));
    assert_eq!(page(Seek::Before(made[3])).await, (made[4..].to_vec(), true, false));
    assert_eq!(page(Seek::After(made[4])).await, (made[2..4].to_vec(), true, true));
    assert_eq!(page(Seek::After(made[2])).await, (made[..2].to_vec(), false, true));
}

async fn the_books_of_a_customer_are_told_by_two_witnesses(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000).await;
    customer.submits(batch_of(10)).await.is(201);
    let path = format!("/api/admin/customers/{}", customer.id);
    let shown = gets(&app, &path).await;
    assert_eq!((&shown["granted"], &shown["agree"], &shown["batches"]), (&json!(1_000), &json!(true), &json!(1)));
    assert_eq!(shown["credits"], json!({"available": 510, "held": 490, "spent": 0}));
    assert_eq!(shown["credits_by_grants"], shown["credits"]);
    let listed = gets(&app, "/api/admin/customers").await;
    assert_eq!((&listed["data"][0]["credits"], &listed["data"][0]["batches"]), (&shown["credits"], &json!(1)));
    assert!(listed["data"][0]["last_batch_at"].is_string());
    let grants = gets(&app, &format!("{path}/grants")).await;
    assert_eq!((&grants["data"][0]["available"], &grants["data"][0]["paid_microusd"]), (&json!(510), &json!(10_000_000)));
    let keys = gets(&app, &format!("{path}/keys")).await;
    assert_eq!((&keys["data"][0]["object"], &keys["data"][0]["revoked_at"]), (&json!("api_key"), &Value::Null));
    assert!(customer.secret.starts_with(keys["data"][0]["prefix"].as_str().unwrap()));
    assert!(!keys.to_string().contains(&customer.secret));
}

async fn a_ledger_is_read_from_any_transaction_in_both_directions(kind: Kind) {
    use batchbook::domain::page::{PageSize, Seek};
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10_000).await;
    for _ in 0..4 {
        customer.submits(batch_of(10)).await.is(201);
    }
    let path = format!("/api/admin/customers/{}/ledger", customer.id);
    let all = gets(&app, &path).await;
    assert_eq!(all["data"].as_array().unwrap().len(), 5);
    assert_eq!((&all["data"][0]["kind"], &all["data"][4]["kind"]), (&json!("hold"), &json!("purchase")));
    assert!(all["data"][0]["batch_id"].is_string() && all["data"][4]["grant_id"].is_string());
    let purchases = gets(&app, &format!("{path}?kind=purchase")).await;
    assert_eq!(ids(&purchases), ids(&all)[4..]);
    let first = gets(&app, &format!("{path}?limit=3")).await;
    let rest = gets(&app, &format!("{path}?limit=3&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    assert_eq!([ids(&first), ids(&rest)].concat(), ids(&all));

    let key = app.service.customer(customer.id).await.unwrap().key;
    let transactions: Vec<batchbook::domain::id::TransactionId> = ids(&all).iter().map(|id| id.parse().unwrap()).collect();
    let two = PageSize::new(2).unwrap();
    let page = async |seek| {
        let page = app.service.ledger_page(key, None, seek, two).await.unwrap();
        (page.rows.iter().map(|row| row.id).collect::<Vec<_>>(), page.has_newer, page.has_older)
    };
    assert_eq!(page(Seek::At(transactions[0])).await, (transactions[..2].to_vec(), false, true));
    assert_eq!(page(Seek::At(transactions[3])).await, (transactions[3..].to_vec(), true, false));
    assert_eq!(page(Seek::After(transactions[3])).await, (transactions[1..3].to_vec(), true, true));
    assert_eq!(page(Seek::Before(transactions[3])).await, (transactions[4..].to_vec(), true, false));
    // The balance runs: what each transaction left is what the next one found.
    let available: Vec<i64> = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row["entries"].as_array().unwrap())
        .filter(|entry| entry["account"] == "available")
        .map(|entry| entry["balance_after"].as_i64().unwrap())
        .collect();
    assert_eq!(available, [8_040, 8_530, 9_020, 9_510, 10_000]);
}

async fn what_is_no_customer_is_not_found(kind: Kind) {
    let app = TestApp::on(kind).await;
    for path in
        ["/api/admin/customers/cus_1", "/api/admin/customers/cus_00000000000000000000000000/ledger", "/api/admin/customers/x/grants"]
    {
        app.send(Method::GET, path, &[], None).await.is_problem(404, "not_found");
    }
    app.send(Method::GET, "/api/admin/customers?page=2", &[], None).await.is_problem(400, "invalid_parameter");
    app.send(Method::GET, "/api/admin/customers", &[("host", "books.example")], None).await.is_problem(404, "unknown_route");
    let document = gets(&app, "/api/admin/openapi.json").await;
    assert!(document["paths"]["/api/admin/customers"]["get"].is_object());
}
