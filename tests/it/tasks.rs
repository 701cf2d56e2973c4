//! Finding tasks of a batch: whatever is asked for, the pages are those of a filter over every task, on both databases.

use batchbook::domain::attempt::Retry;
use batchbook::domain::batch::TASKS_MAX;
use batchbook::domain::failure::{FailureType, Party};
use batchbook::domain::id::BatchId;
use batchbook::domain::page::PageSize;
use batchbook::domain::submission::{NewBatch, NewTask};
use batchbook::domain::task::{Task, TaskFilter, TaskRow, TaskState};
use batchbook::service::batches::Submission;
use batchbook::service::settle::Outcome;
use batchbook::service::tasks::SEARCH_BLOCKS_MAX;
use batchbook::service::{Caller, Limits, Reader};

use reqwest::Method;

use crate::app::TestApp;
use crate::books::{Books, failed, succeeded};
use crate::database::{Kind, on_both};

on_both! {
    pages_of_filtered_tasks_are_those_of_a_filter_over_all,
    a_canceled_batch_is_found_by_state,
    a_search_goes_on_where_it_stopped,
    letters_are_compared_without_case_and_signs_as_they_are,
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(u64::try_from(of.len()).unwrap())).unwrap()]
    }
}

fn size(rows: i64) -> PageSize {
    PageSize::new(rows).unwrap()
}

async fn submit(books: &Books, caller: &Caller, key: &str, items: Vec<NewTask>) -> BatchId {
    let batch = NewBatch { model: Some("sora-2".to_owned()), items, ..NewBatch::default() };
    let submission =
        Submission { idempotency_key: key.to_owned(), fingerprint: key.to_owned(), batch, render: |batch| batch.id.to_string() };
    books.service.submit(caller, submission).await.unwrap().body.parse().unwrap()
}

/// Every third task is of another model; some are named.
fn mixed(tasks: usize) -> Vec<NewTask> {
    (1..=tasks)
        .map(|n| NewTask {
            // Some are longer than a row shows.
            prompt: format!("A lighthouse at dawn, take {n}{}", if n % 7 == 0 { ", 灯塔".repeat(50) } else { String::new() }),
            model: (n % 3 == 0).then(|| "veo-pro".to_owned()),
            custom_id: (n % 7 == 0).then(|| format!("Scene_{n}")),
            ..NewTask::default()
        })
        .collect()
}

fn wanted(filter: &TaskFilter, task: &Task) -> bool {
    let text = |text: &String| {
        let text = text.to_ascii_lowercase();
        task.prompt.to_ascii_lowercase().contains(&text)
            || task.custom_id.as_ref().is_some_and(|id| id.to_ascii_lowercase().contains(&text))
    };
    filter.state.is_none_or(|state| state == TaskState::from(task.status))
        && filter.failure.is_none_or(|failure| task.failure.is_some_and(|(kind, _)| kind == failure))
        && filter.party.is_none_or(|party| task.failure.is_some_and(|(_, at)| at == party))
        && filter.model.as_ref().is_none_or(|model| *model == task.model)
        && filter.text.as_ref().is_none_or(text)
}

async fn every_task(books: &Books, id: BatchId) -> Vec<Task> {
    let mut all: Vec<Task> = Vec::new();
    loop {
        let after = all.last().map_or(0, |task| task.number);
        let listed = books.service.tasks(Reader::Operator, id, after, size(200)).await.unwrap();
        all.extend(listed.rows);
        if !listed.has_more {
            return all;
        }
    }
}

/// Walks all pages of a filter, and the same as one file, and compares both with a filter over all tasks.
async fn check(books: &Books, id: BatchId, all: &[Task], filter: &TaskFilter, size: PageSize) {
    let expected: Vec<Task> = all.iter().filter(|task| wanted(filter, task)).cloned().collect();
    let total = i64::try_from(expected.len()).unwrap();
    let mut rows = Vec::new();
    let mut page = 1;
    loop {
        let found = books.service.find_tasks(Reader::Operator, id, filter, 1, (page, size)).await.unwrap();
        assert_eq!((found.total, found.page, found.searched), (total, page, None), "{filter:?}");
        let listed = books.service.find_task_rows(Reader::Operator, id, filter, 1, (page, size)).await.unwrap();
        assert_eq!((listed.total, listed.page, listed.pages), (found.total, found.page, found.pages), "{filter:?}");
        assert_eq!(listed.rows, found.rows.iter().map(TaskRow::from).collect::<Vec<_>>(), "rows say what tasks do: {filter:?}");
        assert!(found.rows.len() == usize::try_from(size.get()).unwrap() || page == found.pages, "page {page} of {filter:?} is full");
        rows.extend(found.rows);
        if page == found.pages {
            break;
        }
        page += 1;
    }
    assert_eq!(rows, expected, "pages of {size:?} rows of {filter:?}");
    let beyond = books.service.find_tasks(Reader::Operator, id, filter, 1, (page + 1_000_000_000, size)).await.unwrap();
    assert_eq!(beyond.page, page, "a page beyond the last one is the last one: {filter:?}");
    let (mut lines, mut after) = (Vec::new(), Some(0));
    while let Some(number) = after {
        let (part, next) = books.service.tasks_after(Reader::Operator, id, filter, number).await.unwrap();
        lines.extend(part);
        after = next;
    }
    assert_eq!(lines, expected, "all of {filter:?} in one file");
}

fn any_filter(dice: &mut Dice) -> TaskFilter {
    let some = |dice: &mut Dice| dice.below(3) == 0;
    TaskFilter {
        state: some(dice).then(|| dice.one(TaskState::ALL)),
        failure: some(dice).then(|| dice.one(&[FailureType::Timeout, FailureType::ContentPolicyInput, FailureType::Network])),
        party: some(dice).then(|| dice.one(Party::ALL)),
        model: some(dice).then(|| dice.one(&["sora-2", "veo-pro", "nobody-1"]).to_owned()),
        text: some(dice).then(|| dice.one(&["take 1", "SCENE_", "7", "%"]).to_owned()),
    }
}

async fn pages_of_filtered_tasks_are_those_of_a_filter_over_all(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(1_000_000, 100_000_000).await;
    let mut dice = Dice(17);
    let single =
        submit(&books, &caller, "single", (0..120).map(|n| NewTask { prompt: format!("take {n}"), ..NewTask::default() }).collect()).await;
    let mixed = submit(&books, &caller, "mixed", mixed(1_300)).await;
    let worker = books.worker().await;
    for round in 0..3 {
        let claimed = books.claim(worker).await;
        let (ends, runs) = claimed.split_at(claimed.len() * 3 / 4);
        let outcomes: Vec<Outcome> = ends
            .iter()
            .map(|row| match dice.below(10) {
                0 => failed(FailureType::Timeout, Retry::Never),
                1 => failed(FailureType::ContentPolicyInput, Retry::Never),
                2 => failed(FailureType::Network, Retry::Backoff),
                3 => Outcome::PutBack { due: books.service.now().plus_s(3_600) },
                _ => succeeded(row),
            })
            .collect();
        let at = |row: &batchbook::service::dispatch::Claimed| ends.iter().position(|end| end.task == row.task).unwrap();
        books.settle(worker, ends, |row| outcomes[at(row)].clone()).await;
        books.clock.advance_ms(6_000);
        for id in [single, mixed] {
            let all = every_task(&books, id).await;
            let counts = books.batch(id).await.counts;
            for (state, count) in [
                (TaskState::Pending, counts.pending),
                (TaskState::Processing, counts.processing),
                (TaskState::Succeeded, counts.succeeded),
                (TaskState::Failed, counts.failed),
                (TaskState::Canceled, counts.canceled),
            ] {
                let found = books.service.find_tasks(Reader::Operator, id, &TaskFilter::of_state(state), 1, (1, size(50))).await.unwrap();
                assert_eq!(found.total, count, "{state} in round {round}, with {} running", runs.len());
                check(&books, id, &all, &TaskFilter::of_state(state), size(50)).await;
            }
            for sum in books.service.failures(id).await.unwrap() {
                let filter = TaskFilter { failure: Some(sum.failure), ..TaskFilter::of_party(sum.party) };
                let found = books.service.find_tasks(Reader::Operator, id, &filter, 1, (1, size(50))).await.unwrap();
                assert_eq!(found.total, sum.tasks, "{filter:?}");
            }
            for rows in [7, 50, 200] {
                let filter = any_filter(&mut dice);
                check(&books, id, &all, &filter, size(rows)).await;
            }
            check(&books, id, &all, &TaskFilter::ALL, size(100)).await;
        }
    }
    books.verify().await;
}

async fn a_canceled_batch_is_found_by_state(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(1_000_000, 100_000_000).await;
    let id = submit(&books, &caller, "k", mixed(1_100)).await;
    let worker = books.worker().await;
    let mut places = books.places().await;
    for place in &mut places {
        place.free = 40;
    }
    let claimed = books.service.claim(worker, &places).await.unwrap();
    let due = books.service.now().plus_s(60);
    books.settle(worker, &claimed[..20], |_| Outcome::PutBack { due }).await;
    books.service.cancel(Reader::Operator, id, Some("asked by mail")).await.unwrap();
    for settles in [false, true] {
        if settles {
            books.settle(worker, &claimed[20..], succeeded).await;
        }
        let all = every_task(&books, id).await;
        for state in TaskState::ALL {
            check(&books, id, &all, &TaskFilter::of_state(*state), size(50)).await;
            check(&books, id, &all, &TaskFilter { model: Some("veo-pro".to_owned()), ..TaskFilter::of_state(*state) }, size(200)).await;
        }
    }
    books.verify().await;
}

async fn a_search_goes_on_where_it_stopped(kind: Kind) {
    let part = SEARCH_BLOCKS_MAX * 500;
    let tasks = part + 1_200;
    assert!(tasks > TASKS_MAX);
    let books = Books::open_with(kind, Limits { tasks_max: tasks, ..Limits::default() }).await;
    let caller = books.customer_with(10_000_000, 100_000_000).await;
    let id = submit(&books, &caller, "k", mixed(tasks).into_iter().map(|item| NewTask { model: None, ..item }).collect()).await;
    let filter = TaskFilter { text: Some("take 21".to_owned()), ..TaskFilter::ALL };
    let expected: Vec<i32> = (1..=i32::try_from(tasks).unwrap()).filter(|n| n.to_string().starts_with("21")).collect();
    let mut numbers = Vec::new();
    let mut from = 1;
    let mut parts = Vec::new();
    loop {
        let found = books.service.find_tasks(Reader::Operator, id, &filter, from, (1, size(200))).await.unwrap();
        for page in 1..=found.pages {
            let found = books.service.find_tasks(Reader::Operator, id, &filter, from, (page, size(200))).await.unwrap();
            numbers.extend(found.rows.iter().map(|task| task.number));
        }
        let searched = found.searched.unwrap();
        parts.push((searched.from, searched.to));
        if i64::from(searched.to) == searched.of {
            break;
        }
        from = searched.to + 1;
    }
    let (part, tasks) = (i32::try_from(part).unwrap(), i32::try_from(tasks).unwrap());
    assert_eq!(parts, [(1, part), (part + 1, tasks)]);
    assert_eq!(numbers, expected);
    let beyond = books.service.find_tasks(Reader::Operator, id, &filter, i32::MAX, (1, size(50))).await.unwrap();
    assert_eq!(beyond.searched.map(|searched| searched.from), Some(tasks));
}

async fn letters_are_compared_without_case_and_signs_as_they_are(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 10_000_000).await;
    let prompts = [
        "Red FOX",
        "red fox, 100%",
        "a_b",
        "aXb",
        "back\\slash",
        "ÉTÉ",
        "été",
        "灯塔 🗼",
        "<script>alert('x')</script>",
        "it's \"quoted\"",
        "ten",
        "eleven",
    ];
    let items = prompts.iter().map(|prompt| NewTask { prompt: (*prompt).to_owned(), ..NewTask::default() }).collect();
    let id = submit(&books, &caller, "k", items).await;
    for (text, expected) in [
        ("red fox", vec![1, 2]),
        ("RED", vec![1, 2]),
        ("100%", vec![2]),
        ("%", vec![2]),
        ("_", vec![3]),
        ("\\", vec![5]),
        ("été", vec![7]),
        ("ÉT", vec![6]),
        ("灯塔", vec![8]),
        ("🗼", vec![8]),
        ("</SCRIPT>", vec![9]),
        ("'x'", vec![9]),
        ("\"quoted\"", vec![10]),
        ("nothing", vec![]),
    ] {
        let filter = TaskFilter { text: Some(text.to_owned()), ..TaskFilter::ALL };
        let found = books.service.find_tasks(Reader::Operator, id, &filter, 1, (1, size(50))).await.unwrap();
        assert_eq!(found.rows.iter().map(|task| task.number).collect::<Vec<_>>(), expected, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_ask_for_tasks_over_http_and_take_them_as_a_file() {
    let app = TestApp::on(Kind::Sqlite).await;
    let customer = app.customer().with_credits(10_000).await;
    let prompts = ["=1+1", "a, \"b\"", "two\r\nlines", "灯塔", "five", "six", "seven", "eight", "nine", "ten"];
    let items: Vec<_> = prompts.iter().map(|prompt| serde_json::json!({ "prompt": prompt })).collect();
    let batch = serde_json::json!({ "model": "sora-2", "items": items });
    let headers =
        [("authorization", &*format!("Bearer {}", customer.secret)), ("idempotency-key", "k"), ("content-type", "application/json")];
    let made = app.send(Method::POST, "/api/v1/batches", &headers, Some(batch.to_string())).await;
    let id = made.is(201)["id"].as_str().unwrap().to_owned();
    let get = |path: String| {
        let app = &app;
        async move { app.send(Method::GET, &path, &[], None).await }
    };
    let found = get(format!("/api/admin/batches/{id}/tasks?state=pending&q=E&limit=2&page=2")).await.is(200);
    let numbers: Vec<_> = found["data"].as_array().unwrap().iter().map(|task| task["number"].as_i64().unwrap()).collect();
    // five, seven, eight, nine, ten, and the "e" of "lines".
    assert_eq!((numbers, found["total"].as_i64(), found["pages"].as_i64()), (vec![7, 8], Some(6), Some(3)));
    let all = get(format!("/api/admin/batches/{id}/tasks?limit=4&cursor=3")).await.is(200);
    assert_eq!((all["data"][0]["number"].as_i64(), all["next_cursor"].as_str(), all["total"].as_i64()), (Some(4), Some("7"), Some(10)));
    get(format!("/api/admin/batches/{id}/tasks?state=sleeping")).await.is_problem(400, "invalid_parameter");
    get("/api/admin/batches/bat_1/tasks.csv".to_owned()).await.is_problem(404, "not_found");
    let file = get(format!("/api/admin/batches/{id}/tasks.csv?state=pending")).await;
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    assert!(file.text.starts_with("\u{feff}number,custom_id,state,"), "{}", file.text);
    for cell in [",\"'=1+1\"\r\n", ",\"a, \"\"b\"\"\"\r\n", ",\"two\r\nlines\"\r\n", ",灯塔\r\n"] {
        assert!(file.text.contains(cell), "{cell:?} in {}", file.text);
    }
    let none = get(format!("/api/admin/batches/{id}/tasks.csv?party=provider")).await;
    assert_eq!(none.text.lines().count(), 1);
    let document = get("/api/admin/openapi.json".to_owned()).await.is(200);
    assert!(document["paths"].get("/api/admin/batches/{id}/tasks.csv").is_some());
}
