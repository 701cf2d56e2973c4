//! One page per address: it reads the address, loads, and puts components together.

mod account;
mod approvals;
mod audit;
mod batch;
mod batches;
mod customer;
mod customers;
mod delivery;
mod failed;
mod login;
mod not_found;
mod operators;
mod overview;
mod place;
mod preferences;
mod said;
mod search;
mod webhooks;

pub use account::AccountPage;
pub use approvals::ApprovalsPage;
pub use audit::AuditPage;
pub use batch::BatchPage;
pub use batches::BatchesPage;
pub use customer::CustomerPage;
pub use customers::CustomersPage;
pub use delivery::DeliveryPage;
pub use login::{ConfirmPage, LoginPage, SetPasswordPage};
pub use not_found::NotFound;
pub use operators::OperatorsPage;
pub use overview::OverviewPage;
pub use preferences::PreferencesPage;
pub use search::SearchPage;
pub use webhooks::WebhooksPage;
