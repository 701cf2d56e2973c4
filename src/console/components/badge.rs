//! A state as colour, icon and word, so that none of the three has to be seen alone. Icons are drawn by the style sheet.

use leptos::prelude::*;

use super::markup::{Markup, Written};
use super::table::Cell;
use crate::console::i18n::Lang;
use crate::domain::attempt::AttemptState;
use crate::domain::batch::BatchStatus;
use crate::domain::task::TaskStatus;
use crate::domain::webhook::{DeliveryState, EndpointState, ReplayState};

/// Colour and icon of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Waiting,
    Running,
    Good,
    Mixed,
    Bad,
    Stopped,
}

impl Look {
    const fn class(self) -> &'static str {
        match self {
            Self::Waiting => "badge waiting",
            Self::Running => "badge running",
            Self::Good => "badge good",
            Self::Mixed => "badge mixed",
            Self::Bad => "badge bad",
            Self::Stopped => "badge stopped",
        }
    }
}

pub fn batch_badge(lang: Lang, status: BatchStatus) -> Markup {
    let look = match status {
        BatchStatus::Queued => Look::Waiting,
        BatchStatus::Processing => Look::Running,
        BatchStatus::Completed => Look::Good,
        BatchStatus::Partial => Look::Mixed,
        BatchStatus::Failed => Look::Bad,
        BatchStatus::Canceling | BatchStatus::Canceled => Look::Stopped,
    };
    badge(look, (lang.words().batch_status_word)(status))
}

pub fn task_badge(lang: Lang, status: TaskStatus) -> Markup {
    badge(task_look(status), (lang.words().task_status_word)(status))
}

/// The same in a table.
pub fn task_badge_cell(lang: Lang, status: TaskStatus) -> Cell {
    Cell::element("span", &[("class", task_look(status).class())], (lang.words().task_status_word)(status))
}

const fn task_look(status: TaskStatus) -> Look {
    match status {
        TaskStatus::Pending => Look::Waiting,
        TaskStatus::Submitting | TaskStatus::Processing => Look::Running,
        TaskStatus::Succeeded => Look::Good,
        TaskStatus::Failed => Look::Bad,
        TaskStatus::Canceled => Look::Stopped,
    }
}

pub fn attempt_badge(lang: Lang, state: AttemptState) -> Markup {
    let look = match state {
        AttemptState::Open => Look::Running,
        AttemptState::Succeeded => Look::Good,
        AttemptState::Failed => Look::Bad,
    };
    badge(look, (lang.words().attempt_word)(state))
}

pub fn delivery_badge(lang: Lang, state: DeliveryState) -> Markup {
    let look = match state {
        DeliveryState::Pending => Look::Waiting,
        DeliveryState::Succeeded => Look::Good,
        DeliveryState::Exhausted => Look::Bad,
        DeliveryState::Canceled => Look::Stopped,
    };
    badge(look, lang.delivery_state(state))
}

pub fn endpoint_badge(lang: Lang, state: EndpointState) -> Markup {
    let look = match state {
        EndpointState::Enabled => Look::Good,
        EndpointState::Disabled => Look::Stopped,
    };
    badge(look, lang.endpoint_state(state))
}

pub fn replay_badge(lang: Lang, state: ReplayState) -> Markup {
    let look = match state {
        ReplayState::Running => Look::Running,
        ReplayState::Completed => Look::Good,
        ReplayState::Aborted => Look::Stopped,
    };
    badge(look, lang.replay_state(state))
}

fn badge(look: Look, word: &'static str) -> Markup {
    view! { <span class=look.class()>{word}</span> }.written()
}
