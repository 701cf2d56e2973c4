//! The console in a browser: takes over the frame of the page that the server has written, and from then on turns pages without
//! loading the document anew. Pages are always written by the server, so nothing of what they show, no word of theirs and no
//! form of their data is in here.

pub mod browser;
pub mod components {
    //! What the frame shares with pages.

    pub mod clock;
    pub mod hit;
}
pub mod frame;
mod hydrate;
pub mod i18n;
mod keys;
mod morph;
mod opening;
pub mod part;
pub mod preferences;
mod presses;
pub mod query;
mod turning;

pub use hydrate::hydrate;
pub use opening::Opening;
