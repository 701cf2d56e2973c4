//! Idempotency keys: where a request carries its key, and what makes two requests the same.

use axum::http::HeaderMap;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::api::code::Code;
use crate::api::problem::Problem;
use crate::domain::batch::IDEMPOTENCY_KEY_MAX_CHARS;
use crate::domain::submission::NewBatch;

const HEADER: &str = "idempotency-key";

/// The key of a request: from the header, or from `request_id` in the body (its older name). If both are there, they agree.
pub(crate) fn key(headers: &HeaderMap, request_id: Option<&str>) -> Result<String, Problem> {
    let mut sent = headers.get_all(HEADER).iter();
    let in_header = sent.next().map(|value| value.to_str().map_err(|_| invalid())).transpose()?;
    if sent.next().is_some() {
        return Err(invalid());
    }
    let key = match (in_header, request_id) {
        (Some(header), Some(body)) if header != body => {
            let detail = "The Idempotency-Key header and request_id in the body differ. Send one of them, or the same value in both.";
            return Err(Problem::new(Code::IdempotencyKeyConflict, detail));
        }
        (Some(key), _) | (None, Some(key)) => key,
        (None, None) => {
            let detail =
                "The request has no Idempotency-Key header. Choose a new key for each batch, and repeat it when you repeat the request.";
            return Err(Problem::new(Code::IdempotencyKeyMissing, detail));
        }
    };
    let printable = key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if key.trim().is_empty() || key.len() > IDEMPOTENCY_KEY_MAX_CHARS || !printable {
        return Err(invalid());
    }
    Ok(key.to_owned())
}

fn invalid() -> Problem {
    let detail = format!("The idempotency key has 1 to {IDEMPOTENCY_KEY_MAX_CHARS} printable ASCII characters and is sent once.");
    Problem::new(Code::IdempotencyKeyInvalid, detail)
}

/// Hex SHA-256 over what was asked for, so that white space, the order of keys and how a number is written make no difference.
/// Stored with the batch: another form needs another version in its first line, and old batches keep theirs.
pub(super) fn fingerprint(batch: &NewBatch) -> String {
    let mut hash = Canonical(Sha256::new());
    hash.text(Some("batch.v1"));
    hash.text(batch.model.as_deref());
    hash.text(batch.webhook_url.as_deref());
    hash.text(batch.metadata.as_deref());
    for item in &batch.items {
        hash.text(Some(&item.prompt));
        hash.text(item.model.as_deref());
        hash.text(item.custom_id.as_deref());
        hash.text(item.reference_url.as_deref());
        hash.text(item.aspect_ratio.as_deref());
        hash.text(item.duration_s.map(|seconds| seconds.to_string()).as_deref());
        hash.text(item.metadata.as_deref());
    }
    HEXLOWER.encode(&hash.0.finalize())
}

/// Every value with its length in front, so that no two lists of values are written alike.
struct Canonical(Sha256);

impl Canonical {
    fn text(&mut self, text: Option<&str>) {
        let Some(text) = text else { return self.0.update([0]) };
        self.0.update([1]);
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::submission::NewTask;

    fn headers(keys: &[&str]) -> HeaderMap {
        keys.iter().map(|key| (HEADER.parse().unwrap(), key.parse().unwrap())).collect()
    }

    fn refused(keys: &[&str], request_id: Option<&str>) -> Code {
        key(&headers(keys), request_id).unwrap_err().code()
    }

    #[test]
    fn takes_the_key_from_either_place() {
        assert_eq!(key(&headers(&["a b"]), None).unwrap(), "a b");
        assert_eq!(key(&headers(&[]), Some("k")).unwrap(), "k");
        assert_eq!(key(&headers(&["k"]), Some("k")).unwrap(), "k");
    }

    #[test]
    fn refuses_none_two_and_unprintable() {
        assert_eq!(refused(&[], None), Code::IdempotencyKeyMissing);
        assert_eq!(refused(&["a"], Some("b")), Code::IdempotencyKeyConflict);
        assert_eq!(refused(&["a", "a"], None), Code::IdempotencyKeyInvalid);
        for bad in ["", " ", "ü", "a\nb", &"x".repeat(256)] {
            assert_eq!(refused(&[], Some(bad)), Code::IdempotencyKeyInvalid, "{bad:?}");
        }
        assert!(key(&headers(&[]), Some(&"x".repeat(255))).is_ok());
    }

    #[test]
    fn every_field_makes_another_request() {
        let text = || Some("x".to_owned());
        let item = NewTask { prompt: "x".to_owned(), ..NewTask::default() };
        let of = |items| NewBatch { items, ..NewBatch::default() };
        let all = [
            of(vec![]),
            NewBatch { model: text(), ..of(vec![]) },
            NewBatch { webhook_url: text(), ..of(vec![]) },
            NewBatch { metadata: text(), ..of(vec![]) },
            of(vec![item.clone()]),
            of(vec![item.clone(), item.clone()]),
            of(vec![NewTask { prompt: "y".to_owned(), ..item.clone() }]),
            of(vec![NewTask { model: text(), ..item.clone() }]),
            of(vec![NewTask { custom_id: text(), ..item.clone() }]),
            of(vec![NewTask { reference_url: text(), ..item.clone() }]),
            of(vec![NewTask { aspect_ratio: text(), ..item.clone() }]),
            of(vec![NewTask { duration_s: Some(1), ..item.clone() }]),
            of(vec![NewTask { metadata: text(), ..item }]),
        ];
        let prints: std::collections::HashSet<String> = all.iter().map(fingerprint).collect();
        assert_eq!(prints.len(), all.len());
        assert_eq!(fingerprint(&all[4]), fingerprint(&all[4].clone()));
    }
}
