//! What is on sale, and what it costs us.

use crate::domain::access::Action;
use crate::domain::id::ModelKey;
use crate::domain::money::Money;
use crate::domain::offer::Offer;
use crate::store::catalogue;

use super::{Service, ServiceResult};

impl Service {
    /// What can be ordered now. Everybody may see all of it.
    pub async fn offer(&self) -> ServiceResult<Offer> {
        let now = self.now();
        let mut tx = self.db().read().await?;
        let models = catalogue::models(&mut tx, now).await?;
        let packages = catalogue::packages(&mut tx, now).await?;
        Ok(Offer::new(models, packages, now))
    }

    /// What one video costs us by each route in use. For operators.
    pub async fn unit_costs(&self) -> ServiceResult<Vec<(ModelKey, Money)>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let routes = catalogue::routes(&mut tx, self.now()).await?;
        Ok(routes.into_iter().map(|(route, _)| (route.model, route.unit_cost)).collect())
    }
}
