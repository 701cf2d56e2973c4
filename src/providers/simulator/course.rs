//! The course of a job: made at one moment, ended at another, and between them a function of the time.
//!
//! All of it is in the job's id, so a simulator that was restarted still tells the end of a job that it no longer knows.

use crate::domain::word::words;

/// How long a finished video can be downloaded (PROVIDERS §1.1).
const RESULT_TTL_MS: u64 = 3_600_000;

/// Longer jobs are cut to this: what fits into an id, about 34 years.
pub const TAKES_MAX_MS: u64 = 0xff_ffff_ffff;

/// Hexadecimal digits in an id: moment, number, duration, ending, poll error.
const ID_WIDTHS: [usize; 5] = [12, 10, 10, 2, 3];

words! {
    /// What a job comes to.
    Ending {
        Completed = "completed",
        ModerationBlocked = "moderation_blocked",
        ModelError = "model_error",
        AssetError = "asset_error",
        Timeout = "timeout",
        Unknown = "unknown",
        Never = "never",
        /// The provider forgets the job.
        Lost = "lost",
        /// Completed, with no address of a result.
        NoUrl = "no_url",
        /// Completed, with an address that answers 404.
        NoContent = "no_content",
        /// Failed, then completed.
        Flip = "flip",
        /// Completed after progress that fell.
        Backwards = "backwards",
        /// Completed after a status that nobody knows.
        UnknownStatus = "unknown_status",
    }
}

impl Ending {
    /// The job's error code and message, when it fails.
    pub const fn error(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::ModerationBlocked => Some(("moderation_blocked", "The generated video was blocked by moderation.")),
            Self::ModelError | Self::Flip => Some(("video_generation_failed", "The model failed to make this video.")),
            Self::AssetError => Some(("image_load_error", "The reference picture could not be loaded.")),
            Self::Timeout => Some(("generation_timeout", "The video was not made in time.")),
            Self::Unknown => Some(("err_7f3a", "Something happened.")),
            _ => None,
        }
    }
}

/// A job's life from its making to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Course {
    /// Milliseconds since 1970.
    pub created_ms: u64,
    /// Counts the jobs of this run of the simulator.
    pub number: u64,
    pub takes_ms: u64,
    pub ending: Ending,
    /// HTTP status of every GET.
    pub poll_error: Option<u16>,
}

/// What a job is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Queued,
    InProgress { percent: u64 },
    Ended,
}

impl Course {
    /// `video_` and hexadecimal digits.
    pub fn id(self) -> String {
        let ending = Ending::ALL.iter().position(|ending| *ending == self.ending).unwrap_or_default();
        let Self { created_ms, number, poll_error, .. } = self;
        let (takes_ms, poll_error) = (self.takes_ms.min(TAKES_MAX_MS), poll_error.unwrap_or_default());
        format!("video_{created_ms:012x}{number:010x}{takes_ms:010x}{ending:02x}{poll_error:03x}")
    }

    pub fn of_id(id: &str) -> Option<Self> {
        let mut rest = id.strip_prefix("video_").filter(|digits| digits.len() == ID_WIDTHS.iter().sum::<usize>())?;
        let mut fields = [0; ID_WIDTHS.len()];
        for (field, width) in fields.iter_mut().zip(ID_WIDTHS) {
            let (digits, tail) = rest.split_at_checked(width)?;
            *field = u64::from_str_radix(digits, 16).ok()?;
            rest = tail;
        }
        let [created_ms, number, takes_ms, ending, poll_error] = fields;
        let ending = *Ending::ALL.get(usize::try_from(ending).ok()?)?;
        let poll_error = u16::try_from(poll_error).ok().filter(|status| *status != 0);
        Some(Self { created_ms, number, takes_ms, ending, poll_error })
    }

    /// When it ends, in milliseconds since 1970; `None` for never.
    pub fn ends_ms(self) -> Option<u64> {
        (self.ending != Ending::Never).then_some(self.created_ms.saturating_add(self.takes_ms))
    }

    /// Queued for the first tenth of its time, then in progress.
    pub fn stage(self, now_ms: u64) -> Stage {
        if self.ends_ms().is_some_and(|ends_ms| ends_ms <= now_ms) {
            return Stage::Ended;
        }
        let percent = (now_ms.saturating_sub(self.created_ms).saturating_mul(100) / self.takes_ms.max(1)).min(99);
        if percent < 10 { Stage::Queued } else { Stage::InProgress { percent } }
    }

    /// Whether the result can be downloaded now.
    pub fn has_content(self, now_ms: u64) -> bool {
        let lost = matches!(self.ending, Ending::NoContent | Ending::NoUrl | Ending::Lost);
        self.stage(now_ms) == Stage::Ended && !lost && now_ms < self.expires_ms()
    }

    /// Until when its result can be downloaded, in milliseconds since 1970.
    pub fn expires_ms(self) -> u64 {
        self.created_ms.saturating_add(self.takes_ms).saturating_add(RESULT_TTL_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COURSE: Course =
        Course { created_ms: 1_790_000_000_000, number: 7, takes_ms: 20_000, ending: Ending::Completed, poll_error: None };

    #[test]
    fn a_course_is_read_back_from_its_id() {
        for ending in Ending::ALL {
            for poll_error in [None, Some(503)] {
                let course = Course { ending: *ending, poll_error, ..COURSE };
                assert_eq!(Course::of_id(&course.id()), Some(course));
            }
        }
        for id in [
            "",
            "video_",
            "video_7",
            "task_1",
            "video_ééééééééééééééééééé",
            &format!("video_{}", "z".repeat(37)),
            &format!("video_{}", "f".repeat(37)),
        ] {
            assert_eq!(Course::of_id(id), None, "{id}");
        }
    }

    #[test]
    fn content_is_there_from_the_end_to_the_expiry() {
        let there = |ending, after_ms| Course { ending, ..COURSE }.has_content(COURSE.created_ms + after_ms);
        assert!(!there(Ending::Completed, 19_999));
        assert!(there(Ending::Completed, 20_000));
        assert!(there(Ending::Completed, 20_000 + RESULT_TTL_MS - 1));
        assert!(!there(Ending::Completed, 20_000 + RESULT_TTL_MS));
        assert!(!there(Ending::NoContent, 20_000));
    }
}
