//! Views of the list of batches that the team shares.

use serde_json::json;

use crate::domain::access::Action;
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::saved_view::{SavedView, VIEWS_MAX, ViewRefused, check};
use crate::store::{StoreError, saved_views};

use super::audit::Note;
use super::{Service, ServiceResult};

impl Service {
    pub async fn saved_views(&self) -> ServiceResult<Vec<SavedView>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(saved_views::list(&mut tx).await?)
    }

    /// The inner error says what to change.
    pub async fn save_view(&self, name: &str, query: &str) -> ServiceResult<Result<(), ViewRefused>> {
        self.may(Action::SaveViews)?;
        let name = match check(name, query) {
            Ok(name) => name,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut tx = self.db().write().await?;
        match saved_views::insert(&mut tx, name, query, &self.by().to_string(), self.now(), VIEWS_MAX).await {
            Err(StoreError::Exists(_)) => Ok(Err(ViewRefused::Taken)),
            Err(error) => Err(error.into()),
            Ok(false) => Ok(Err(ViewRefused::Full)),
            Ok(true) => {
                self.note(&mut tx, Note::new(Deed::ViewSaved, ObjectKind::View, name).after(json!({"query": query}))).await?;
                tx.commit().await?;
                Ok(Ok(()))
            }
        }
    }

    /// Deleting what is not there is done already.
    pub async fn delete_view(&self, key: i64) -> ServiceResult<()> {
        self.may(Action::SaveViews)?;
        let mut tx = self.db().write().await?;
        saved_views::delete(&mut tx, key).await?;
        self.note(&mut tx, Note::new(Deed::ViewDeleted, ObjectKind::View, key)).await?;
        Ok(tx.commit().await?)
    }
}
