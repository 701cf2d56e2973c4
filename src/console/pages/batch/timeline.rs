//! What happened to the batch, in one order: API call, hold, work, refunds, events, late results, operators.

use leptos::prelude::*;

use crate::console::api::batch::{TimelinePage, read_timeline};
use crate::console::components::figure::linked;
use crate::console::components::markup::{Markup, Written};
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::components::table::{Cell, Row, row, table, text};
use crate::console::i18n::Lang;
use crate::console::pages::audit::history_of;
use crate::console::pages::place::known_or_failed;
use crate::console::query::{BatchQuery, BillingQuery, Tab, TasksQuery, TimelineQuery};
use crate::domain::id::BatchId;
use crate::domain::ledger::TransactionKind;
use crate::domain::timeline::{Happening, Side, What};

pub async fn timeline(lang: Lang, id: BatchId, query: TimelineQuery) -> Markup {
    let rows = known_or_failed(lang, read_timeline(id, query), move |page| happenings(lang, id, query, &page)).await;
    view! { <section class="card rows">{rows}</section> }.written()
}

fn happenings(lang: Lang, id: BatchId, query: TimelineQuery, page: &TimelinePage) -> Markup {
    let own = lang.batch();
    let list = if page.rows.is_empty() {
        let all = lang.link(&TimelineQuery::default().to_href(id));
        panel::no_match(own.timeline, own.nothing_by, all, own.all)
    } else {
        let columns = [text(own.time), text(own.who), text(own.what)];
        table(own.timeline, &columns, grouped(lang, id, &page.rows))
    };
    let to = |query: TimelineQuery| lang.link(&query.to_href(id));
    let before = page.rows.first().filter(|_| page.has_before);
    let before = before.map(|row| to(TimelineQuery { before: Some(row.mark), after: None, ..query }));
    let after = page.rows.last().filter(|_| page.has_after);
    let after = after.map(|row| to(TimelineQuery { after: Some(row.mark), before: None, ..query }));
    view! {
        <div class="rows-head">
            <h3>
                {own.timeline} " " <small>{own.timeline_text}</small>
            </h3>
            {sides(lang, id, query)}
            <span class="exports">{history_of(lang, id.to_string())}</span>
        </div>
        {list}
        <div class="pager">
            <nav aria-label=own.timeline>{step(own.earlier, "prev", before)} {step(own.later, "next", after)}</nav>
        </div>
    }
    .written()
}

fn sides(lang: Lang, id: BatchId, query: TimelineQuery) -> Markup {
    let own = lang.batch();
    let chip = |name: &'static str, side: Option<Side>| {
        let href = lang.link(&TimelineQuery { side, ..TimelineQuery::default() }.to_href(id));
        view! {
            <a href=href data-noscroll="" aria-current=(side == query.side).then_some("true")>
                {name}
            </a>
        }
        .written()
    };
    let mut chips = vec![chip(own.all, None)];
    chips.extend(Side::ALL.iter().map(|side| chip((own.side)(*side), Some(*side))));
    view! { <nav class="batch-chips" aria-label=own.who>{chips}</nav> }.written()
}

/// One row for each, but one for what was charged and refunded of tasks that were settled together.
fn grouped(lang: Lang, id: BatchId, rows: &[Happening]) -> Vec<Row> {
    let mut shown = Vec::with_capacity(rows.len());
    let mut rest = rows;
    while let Some((first, after)) = rest.split_first() {
        let partner = after.first().filter(|second| settled_together(first, second));
        rest = if partner.is_some() { &after[1..] } else { after };
        let mut what = vec![described(lang, id, first)];
        if let Some(second) = partner {
            what.push(", ".written());
            what.push(described(lang, id, second));
        }
        shown.push(happening(lang, first, what));
    }
    shown
}

fn settled_together(first: &Happening, second: &Happening) -> bool {
    let kind = |row: &Happening| match &row.what {
        What::Booked { kind, .. } => Some(*kind),
        _ => None,
    };
    first.mark.at == second.mark.at
        && first.actor == second.actor
        && (kind(first), kind(second)) == (Some(TransactionKind::Capture), Some(TransactionKind::Release))
}

fn happening(lang: Lang, row_of: &Happening, what: Vec<Markup>) -> Row {
    let own = lang.batch();
    let actor = row_of.actor.clone().filter(|actor| actor != crate::domain::timeline::SETTLEMENT);
    let actor = actor.map(|actor| view! { <small><bdi>{actor}</bdi></small> });
    let class = match row_of.side {
        Side::Customer => "whose customer",
        Side::Platform => "whose platform",
        Side::Operator => "whose operator",
        Side::Provider => "whose provider",
        Side::Webhook => "whose webhook",
    };
    let who = view! {
        <span class=class>{(own.side)(row_of.side)}</span>
        " "
        {actor}
    };
    row("", [Cell::new(lang.moment(row_of.mark.at)).class("moment"), Cell::new(who), Cell::new(what).class("what")])
}

fn described(lang: Lang, id: BatchId, happening: &Happening) -> Markup {
    let (words, own) = (lang.words(), lang.batch());
    let quoted = |reason: &Option<String>| reason.clone().map(|reason| view! { " " <q>{reason}</q> });
    match &happening.what {
        What::Submitted { tasks } => (own.submitted)(&lang.number(*tasks)).written(),
        What::Started => own.first_task_started.written(),
        What::CancelRequested { reason } => view! {
            {own.cancel_asked}
            {quoted(reason)}
        }
        .written(),
        What::Finished { status } => view! {
            {own.ended_as}
            " "
            {(words.batch_status_word)(*status)}
        }
        .written(),
        What::Booked { id: transaction, kind, credits, tasks, reason } => {
            let href = lang.link(&BillingQuery::href_of(id, *transaction));
            let said = (own.booked)(*kind, &lang.number(*tasks), &lang.credits(*credits));
            view! {
                {linked(href, "", said)}
                {quoted(reason)}
            }
            .written()
        }
        What::Announced { event, .. } => {
            let href = lang.link(&BatchQuery::default().tab(Tab::Webhooks).to_href(id));
            view! {
                {own.event_written}
                " "
                <a href=href>
                    <code>{event.clone()}</code>
                </a>
            }
            .written()
        }
        What::LateResult { task, said } => {
            let href = lang.link(&TasksQuery::default().task(Some(*task)).to_href(id));
            view! {
                {linked(href, "", format!("{} {task}", words.task))}
                ": "
                {own.late}
                " "
                <code class="whole">{said.clone()}</code>
            }
            .written()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credits::Credits;
    use crate::domain::time::Time;
    use crate::domain::timeline::{Mark, rank};

    #[test]
    fn only_charges_and_refunds_of_one_settlement_stand_together() {
        let booked = |micros, id, kind| Happening {
            mark: Mark { at: Time::from_micros(micros), rank: rank::BOOKED, id },
            side: Side::Platform,
            actor: Some("settlement".to_owned()),
            what: What::Booked {
                id: "txn_00fkqz1b3r000000000000000g".parse().unwrap(),
                kind,
                credits: Credits::new(49),
                tasks: 1,
                reason: None,
            },
        };
        let (capture, release) = (booked(5, 1, TransactionKind::Capture), booked(5, 2, TransactionKind::Release));
        assert!(settled_together(&capture, &release));
        assert!(!settled_together(&release, &capture));
        assert!(!settled_together(&capture, &booked(6, 3, TransactionKind::Release)));
        assert!(!settled_together(&capture, &Happening { actor: Some("bb_live".to_owned()), ..release.clone() }));
        assert_eq!(grouped(Lang::EN, "bat_00fkqz1b3r000000000000000g".parse().unwrap(), &[capture, release]).len(), 1);
    }
}
