//! How the browser half asks for the part of a page that is not the frame: at the address of the page, with headers.

/// Asks for the page without the frame around it.
pub const PART: &str = "x-part";
/// The rows that are looked at, by their ids, in order: they stay where they are, and what else would stand there is counted.
pub const SEEN: &str = "x-seen";
