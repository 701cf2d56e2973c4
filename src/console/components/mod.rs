//! Pieces that pages are put together from. They present what they are given, and never fetch.

pub mod attempt;
pub mod badge;
pub mod chart;
pub mod clock;
pub mod copy;
pub mod figure;
pub mod hit;
pub mod json;
pub mod markup;
pub mod pager;
pub mod panel;
pub mod table;
pub mod tabs;
