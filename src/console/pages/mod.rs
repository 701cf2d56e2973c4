//! One page per address: it reads the address, loads, and puts components together.

mod batch;
mod batches;
mod customer;
mod customers;
mod delivery;
mod failed;
mod not_found;
mod overview;
mod place;
mod preferences;
mod search;
mod webhooks;

pub use batch::BatchPage;
pub use batches::BatchesPage;
pub use customer::CustomerPage;
pub use customers::CustomersPage;
pub use delivery::DeliveryPage;
pub use not_found::NotFound;
pub use overview::OverviewPage;
pub use preferences::PreferencesPage;
pub use search::SearchPage;
pub use webhooks::WebhooksPage;
