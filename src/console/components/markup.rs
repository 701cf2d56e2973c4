//! Views that are written where they are made. The server makes every page, and nothing of a page is taken over by a browser, so
//! what a view could still do (wait, build itself, be changed) is only weight: to the compiler, which would make all of it for
//! each view, and to whoever waits for the page.

use leptos::prelude::*;
use leptos::tachys::html::InertElement;

/// A view that is written.
pub type Markup = InertElement;

/// Writes a view. So it is whole: nothing in it may still be waited for, it would be left out.
pub trait Written: RenderHtml + Sized {
    fn written(self) -> Markup {
        Markup::new(self.to_html())
    }
}

impl<T: RenderHtml> Written for T {}
