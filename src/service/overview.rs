//! The first page. The sums of a window are kept for a moment, so that a console open on many screens reads them once; how
//! things are now is read each time.

use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::access::Action;
use crate::domain::batch::BatchStatus;
use crate::domain::batch_list::{BatchFilter, BatchSort, Day, Order, Place, Statuses};
use crate::domain::overview::{Now, RETIRING_DAYS, Report, Stuck, Window};
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::store::overview;

use super::{Service, ServiceError, ServiceResult};

/// Sums are at most so old.
const KEPT_MS: i64 = 4_000;
/// Workers, routes and models that are named at most.
const NAMED_MAX: i64 = 50;

/// Sums that were read a moment ago.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Vec<(Window, Time, Arc<Report>)>>);

impl Kept {
    fn find(&self, window: Window, now: Time) -> Option<Arc<Report>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |at: &Time| (0..KEPT_MS * 1_000).contains(&now.micros_since(*at)) && Day::of(*at) == Day::of(now);
        kept.iter().find(|(of, at, _)| *of == window && fresh(at)).map(|(.., report)| Arc::clone(report))
    }

    fn keep(&self, window: Window, now: Time, report: &Arc<Report>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, ..)| *of != window);
        kept.push((window, now, Arc::clone(report)));
    }
}

impl Service {
    /// Sums over the batches that were submitted in the window, at most a few seconds old.
    pub async fn report(&self, window: Window) -> ServiceResult<Arc<Report>> {
        self.may(Action::Read)?;
        let now = self.now();
        if let Some(report) = self.inner.reports.find(window, now) {
            return Ok(report);
        }
        let to = Day::of(now);
        let from = window.first(to);
        let (start, end) = (from.start(), to.plus(1).start());
        let mut tx = self.db().read().await?;
        let days = overview::days(&mut tx, start, end).await?;
        let failures = overview::failures(&mut tx, start, end).await?;
        let models = overview::models(&mut tx, start, end).await?;
        let report = Arc::new(Report { from, to, days, failures, models });
        self.inner.reports.keep(window, now, &report);
        Ok(report)
    }

    /// How things are now.
    pub async fn state_of_things(&self) -> ServiceResult<Now> {
        self.may(Action::Read)?;
        let now = self.now();
        let one = PageSize::new(1).map_err(ServiceError::internal)?;
        let open = Statuses::of(&[BatchStatus::Queued, BatchStatus::Processing, BatchStatus::Canceling]);
        let open = BatchFilter { statuses: open, ..BatchFilter::default() };
        let oldest = self.batch_list(&open, (BatchSort::Created, Order::Ascending), Place::Start, one).await?;
        let mut tx = self.db().read().await?;
        let backlog = overview::backlog(&mut tx).await?;
        let workers = overview::workers(&mut tx, now, NAMED_MAX).await?;
        let paused = overview::paused_routes(&mut tx, now, NAMED_MAX).await?;
        let day_s = 86_400;
        let until = now.plus_s(RETIRING_DAYS * day_s);
        let retiring = overview::retiring(&mut tx, now.plus_s(-7 * day_s), until, NAMED_MAX).await?;
        let stuck = Stuck::of(&backlog, workers.len(), paused.len(), now);
        Ok(Now { workers, backlog, oldest: oldest.rows.first().map(|batch| batch.id), paused, retiring, stuck })
    }
}
