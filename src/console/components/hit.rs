//! Something that a search found, in one line: what it is, its name, and what tells it apart.

use leptos::prelude::*;

use crate::console::i18n::{Lang, shortened};
use crate::domain::search::{Hit, HitKind};

pub fn hit_line(lang: Lang, hit: &Hit) -> AnyView {
    let words = lang.words();
    let note = match hit.kind {
        HitKind::Batch => hit.note.parse().map_or_else(|_| hit.note.clone(), |status| (words.batch_status_word)(status).to_owned()),
        HitKind::Task => hit.note.parse().map_or_else(|_| hit.note.clone(), |status| (words.task_status_word)(status).to_owned()),
        HitKind::Transaction => hit.note.parse().map_or_else(|_| hit.note.clone(), |kind| (words.transaction_word)(kind).to_owned()),
        HitKind::Grant => hit.note.parse().map_or_else(|_| hit.note.clone(), |kind| (words.grant_word)(kind).to_owned()),
        _ => hit.note.clone(),
    };
    let (name, detail) = match hit.kind {
        HitKind::Customer => (view! { <bdi>{hit.customer_name.clone()}</bdi> }.into_any(), note),
        HitKind::Key => (view! { <code>{format!("{note}…")}</code> }.into_any(), hit.customer_name.clone()),
        _ => {
            let number = hit.task.map(|number| format!(" / {number}"));
            let name = view! {
                <code class="id" title=hit.id.clone()>{shortened(&hit.id)}</code>
                {number}
            };
            (name.into_any(), format!("{} · {note}", hit.customer_name))
        }
    };
    view! {
        <span class="hit-kind">{(lang.shell_words().hit_word)(hit.kind)}</span>
        <span class="hit-name">{name}</span>
        <bdi class="hit-detail">{detail}</bdi>
    }
    .into_any()
}
