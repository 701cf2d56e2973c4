//! A job: its course, and what was asked for as far as it is echoed.

use serde_json::{Value, json};

use super::course::{Course, Ending, Stage};

/// A job with what was asked for, as far as it is echoed.
#[derive(Clone, Debug)]
pub struct Job {
    pub course: Course,
    pub model: Option<String>,
    /// Cut to [`PROMPT_KEPT_CHARS`].
    pub prompt: Option<String>,
    pub size: Option<String>,
    pub seconds: Option<String>,
    pub deleted: bool,
    /// A job that flips has told its failure.
    pub has_flipped: bool,
}

/// How much of a prompt a job keeps: memory is bounded by jobs times this.
pub const PROMPT_KEPT_CHARS: usize = 200;

impl Job {
    pub const fn new(course: Course) -> Self {
        Self { course, model: None, prompt: None, size: None, seconds: None, deleted: false, has_flipped: false }
    }

    /// The error code and message with which it has failed.
    pub fn error(&self, now_ms: u64) -> Option<(&'static str, &'static str)> {
        let over = self.course.stage(now_ms) == Stage::Ended && !self.has_flipped;
        self.course.ending.error().filter(|_| over)
    }

    pub fn status(&self, now_ms: u64) -> &'static str {
        match self.course.stage(now_ms) {
            Stage::Queued => "queued",
            Stage::InProgress { .. } if self.course.ending == Ending::UnknownStatus => "hatching",
            Stage::InProgress { .. } => "in_progress",
            Stage::Ended if self.error(now_ms).is_some() => "failed",
            Stage::Ended => "completed",
        }
    }

    /// The video object. `host` is where the caller reached the simulator, so that it can reach the content.
    pub fn object(&self, now_ms: u64, host: &str) -> Value {
        let course = self.course;
        let id = course.id();
        let progress = match course.stage(now_ms) {
            Stage::Queued => 0,
            Stage::InProgress { percent } if course.ending == Ending::Backwards && percent > 50 => 100 - percent,
            Stage::InProgress { percent } => percent,
            Stage::Ended => 100,
        };
        let error = self.error(now_ms).map(|(code, message)| json!({"code": code, "message": message}));
        let completed = course.stage(now_ms) == Stage::Ended && error.is_none();
        let mut object = json!({
            "id": id, "object": "video", "model": self.model, "status": self.status(now_ms), "progress": progress,
            "created_at": course.created_ms / 1_000,
            "completed_at": completed.then_some((course.created_ms + course.takes_ms) / 1_000),
            "expires_at": completed.then_some(course.expires_ms() / 1_000),
            "prompt": self.prompt, "size": self.size, "seconds": self.seconds, "remixed_from_video_id": null, "error": error,
        });
        if completed {
            let url = (course.ending != Ending::NoUrl).then(|| format!("http://{host}/v1/videos/{id}/content"));
            object["metadata"] = json!({"url": url});
        }
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COURSE: Course =
        Course { created_ms: 1_790_000_000_000, number: 7, takes_ms: 20_000, ending: Ending::Completed, poll_error: None };

    fn at(ending: Ending, after_ms: u64) -> Value {
        Job::new(Course { ending, ..COURSE }).object(COURSE.created_ms + after_ms, "up.example:8080")
    }

    fn told(ending: Ending, after_ms: u64) -> (String, u64) {
        let object = at(ending, after_ms);
        (object["status"].as_str().unwrap().to_owned(), object["progress"].as_u64().unwrap())
    }

    #[test]
    fn time_alone_moves_a_job() {
        assert_eq!(told(Ending::Completed, 0), ("queued".to_owned(), 0));
        assert_eq!(told(Ending::Completed, 5_000), ("in_progress".to_owned(), 25));
        assert_eq!(told(Ending::Completed, 19_999), ("in_progress".to_owned(), 99));
        assert_eq!(told(Ending::Completed, 20_000), ("completed".to_owned(), 100));
        assert_eq!(told(Ending::Never, 900_000_000), ("in_progress".to_owned(), 99));
        assert_eq!(told(Ending::UnknownStatus, 5_000), ("hatching".to_owned(), 25));
        assert!(told(Ending::Backwards, 15_000).1 < told(Ending::Backwards, 10_000).1);
    }

    #[test]
    fn a_failed_job_says_why() {
        let object = at(Ending::ModerationBlocked, 20_000);
        assert_eq!((&object["status"], &object["error"]["code"]), (&json!("failed"), &json!("moderation_blocked")));
        assert_eq!(at(Ending::ModerationBlocked, 19_000)["error"], Value::Null);
    }

    #[test]
    fn a_completed_job_says_where_its_result_is_and_until_when() {
        let object = at(Ending::Completed, 20_000);
        assert_eq!(object["metadata"]["url"], format!("http://up.example:8080/v1/videos/{}/content", COURSE.id()));
        assert_eq!((&object["completed_at"], &object["expires_at"]), (&json!(1_790_000_020), &json!(1_790_003_620)));
        assert_eq!(at(Ending::NoUrl, 20_000)["metadata"], json!({"url": null}));
        assert_eq!(at(Ending::Completed, 19_000)["metadata"], Value::Null);
    }

    #[test]
    fn a_job_that_flips_fails_first() {
        let mut job = Job::new(Course { ending: Ending::Flip, ..COURSE });
        let now_ms = COURSE.created_ms + 20_000;
        assert_eq!(job.status(now_ms), "failed");
        job.has_flipped = true;
        assert_eq!(job.status(now_ms), "completed");
        assert!(job.object(now_ms, "h")["metadata"]["url"].is_string());
    }
}
