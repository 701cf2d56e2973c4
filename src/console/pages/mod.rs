//! One page per address: it reads the address, loads, and puts components together.

mod batch;
mod batches;
mod customer;
mod customers;
mod failed;
mod not_found;
mod overview;
mod place;
mod preferences;
mod search;

pub use batch::BatchPage;
pub use batches::BatchesPage;
pub use customer::CustomerPage;
pub use customers::CustomersPage;
pub use not_found::NotFound;
pub use overview::OverviewPage;
pub use preferences::PreferencesPage;
pub use search::SearchPage;
