//! The jobs of one simulated provider, and the counts that show whether a client submitted anything twice.
//!
//! Memory is bounded: of jobs and of references only the latest are kept, the totals count all.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};

use serde::Serialize;

use super::job::Job;

/// Jobs, and references, that are kept.
const KEPT_MAX: usize = 200_000;

/// The latest values by key, oldest forgotten first.
#[derive(Debug)]
pub struct Latest<V> {
    by_key: HashMap<String, V>,
    oldest_first: VecDeque<String>,
    kept_max: usize,
}

impl<V> Latest<V> {
    fn new(kept_max: usize) -> Self {
        Self { by_key: HashMap::new(), oldest_first: VecDeque::new(), kept_max }
    }

    fn insert(&mut self, key: String, value: V) {
        if self.by_key.insert(key.clone(), value).is_some() {
            return;
        }
        self.oldest_first.push_back(key);
        if self.oldest_first.len() > self.kept_max
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.by_key.remove(&oldest);
        }
    }

    fn oldest_first(&self) -> impl DoubleEndedIterator<Item = (&str, &V)> {
        self.oldest_first.iter().filter_map(|key| Some((key.as_str(), self.by_key.get(key)?)))
    }
}

/// What was seen of one client reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReferenceCount {
    /// POSTs with this reference, refused ones included.
    pub submissions: u64,
    /// Of these, the ones that were not refused: more than one is a duplicate, a video made twice.
    pub taken: u64,
    first_job: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// POSTs that were understood, refused ones included.
    pub submissions: u64,
    pub distinct_references: u64,
    /// References of which more than one submission was taken.
    pub duplicate_references: u64,
    /// Jobs made.
    pub jobs: u64,
    pub content_downloads: u64,
}

#[derive(Debug)]
pub struct Jobs {
    kept: Latest<Job>,
    references: Latest<ReferenceCount>,
    totals: Totals,
    /// Ends of the open jobs, kept only while a limit on them asks for it.
    open_until_ms: BinaryHeap<Reverse<u64>>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self::keeping(KEPT_MAX)
    }
}

impl Jobs {
    fn keeping(kept_max: usize) -> Self {
        Self { kept: Latest::new(kept_max), references: Latest::new(kept_max), totals: Totals::default(), open_until_ms: BinaryHeap::new() }
    }

    /// Counts a submission. True when its reference was seen before.
    pub fn count_submission(&mut self, reference: Option<&str>) -> bool {
        self.totals.submissions += 1;
        let Some(reference) = reference else { return false };
        if let Some(count) = self.references.by_key.get_mut(reference) {
            count.submissions += 1;
            return true;
        }
        self.totals.distinct_references += 1;
        self.references.insert(reference.to_owned(), ReferenceCount { submissions: 1, ..ReferenceCount::default() });
        false
    }

    /// Counts a submission as taken, under the id of the job that answers it.
    pub fn count_taken(&mut self, reference: Option<&str>, job: &str) {
        let Some(count) = reference.and_then(|reference| self.references.by_key.get_mut(reference)) else { return };
        count.taken += 1;
        count.first_job.get_or_insert_with(|| job.to_owned());
        if count.taken == 2 {
            self.totals.duplicate_references += 1;
        }
    }

    pub fn count_download(&mut self) {
        self.totals.content_downloads += 1;
    }

    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// The job that answered the first submission of this reference.
    pub fn first_of(&self, reference: &str) -> Option<&Job> {
        self.kept.by_key.get(self.references.by_key.get(reference)?.first_job.as_ref()?)
    }

    /// Whether fewer than `open_max` jobs are open now.
    pub fn has_room(&mut self, open_max: u32, now_ms: u64) -> bool {
        while self.open_until_ms.peek().is_some_and(|Reverse(ends_ms)| *ends_ms <= now_ms) {
            self.open_until_ms.pop();
        }
        u32::try_from(self.open_until_ms.len()).is_ok_and(|open| open < open_max)
    }

    /// Keeps a new job. With `counts_as_open` it takes room until its end.
    pub fn insert(&mut self, job: Job, counts_as_open: bool) {
        self.totals.jobs += 1;
        if counts_as_open {
            self.open_until_ms.push(Reverse(job.course.ends_ms().unwrap_or(u64::MAX)));
        }
        self.kept.insert(job.course.id(), job);
    }

    pub fn get_mut(&mut self, id: &str) -> Option<&mut Job> {
        self.kept.by_key.get_mut(id)
    }

    pub fn oldest_first(&self) -> impl DoubleEndedIterator<Item = &Job> {
        self.kept.oldest_first().map(|(_, job)| job).filter(|job| !job.deleted)
    }

    pub fn by_status(&self, now_ms: u64) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::from(["queued", "in_progress", "completed", "failed"].map(|status| (status, 0)));
        for job in self.oldest_first() {
            *counts.entry(job.status(now_ms)).or_default() += 1;
        }
        counts
    }

    /// References of which more than one submission was taken, latest first.
    pub fn duplicates(&self) -> impl Iterator<Item = (&str, &ReferenceCount)> {
        self.references.oldest_first().rev().filter(|(_, count)| count.taken > 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::simulator::course::{Course, Ending};

    fn job(number: u64) -> Job {
        Job::new(Course { created_ms: 1_000, number, takes_ms: 10 * number, ending: Ending::Completed, poll_error: None })
    }

    #[test]
    fn forgets_the_oldest_first() {
        let mut jobs = Jobs::keeping(3);
        for number in 1..=5 {
            jobs.insert(job(number), false);
            jobs.count_submission(Some(&format!("b/{number}/1")));
        }
        let kept: Vec<u64> = jobs.oldest_first().map(|job| job.course.number).collect();
        assert_eq!(kept, [3, 4, 5]);
        assert_eq!(jobs.totals(), Totals { submissions: 5, distinct_references: 5, jobs: 5, ..Totals::default() });
        assert!(jobs.get_mut(&job(1).course.id()).is_none());
    }

    #[test]
    fn a_reference_is_a_duplicate_once_two_submissions_were_taken() {
        let mut jobs = Jobs::default();
        assert!(!jobs.count_submission(Some("b/1/1")));
        assert!(jobs.count_submission(Some("b/1/1")), "a refused submission counts as seen");
        jobs.count_taken(Some("b/1/1"), "video_1");
        assert_eq!(jobs.totals().duplicate_references, 0);
        for _ in 0..2 {
            jobs.count_submission(Some("b/1/1"));
            jobs.count_taken(Some("b/1/1"), "video_2");
        }
        assert_eq!(jobs.totals().duplicate_references, 1);
        let told: Vec<_> = jobs.duplicates().map(|(reference, count)| (reference, count.submissions, count.taken)).collect();
        assert_eq!(told, [("b/1/1", 4, 3)]);
        assert!(!jobs.count_submission(None));
    }

    #[test]
    fn room_comes_back_when_jobs_end() {
        let mut jobs = Jobs::default();
        jobs.insert(job(1), true);
        jobs.insert(job(2), true);
        assert!(!jobs.has_room(2, 1_000));
        assert!(jobs.has_room(2, 1_010));
        assert!(!jobs.has_room(0, 9_000));
    }

    #[test]
    fn counts_jobs_by_status() {
        let mut jobs = Jobs::default();
        jobs.insert(job(1), false);
        jobs.insert(job(100), false);
        assert_eq!(jobs.by_status(1_010), BTreeMap::from([("queued", 1), ("in_progress", 0), ("completed", 1), ("failed", 0)]));
    }
}
