//! Which provider a route's name means.

use std::collections::HashMap;
use std::sync::Arc;

use super::Provider;

/// Providers by the name that routes give them.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    by_name: HashMap<String, Arc<dyn Provider>>,
    /// Serves every name that is not in `by_name`.
    any: Option<Arc<dyn Provider>>,
}

impl Registry {
    pub fn new(by_name: HashMap<String, Arc<dyn Provider>>) -> Self {
        Self { by_name, any: None }
    }

    /// Every route goes to this one.
    pub fn all_to(provider: Arc<dyn Provider>) -> Self {
        Self { by_name: HashMap::new(), any: Some(provider) }
    }

    /// `None` where nothing is configured under this name: its routes send nothing.
    pub fn get(&self, name: &str) -> Option<Arc<dyn Provider>> {
        self.by_name.get(name).or(self.any.as_ref()).cloned()
    }
}
