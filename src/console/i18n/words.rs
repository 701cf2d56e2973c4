//! The table of words that each language fills in.

use crate::domain::attempt::{AttemptState, Billed};
use crate::domain::batch::BatchStatus;
use crate::domain::failure::{FailureType, Party};
use crate::domain::grant::GrantKind;
use crate::domain::ledger::{AccountKind, LineKind, TransactionKind};
use crate::domain::task::TaskStatus;

macro_rules! words {
    ($($name:ident)+) => {
        /// What the console says in one language.
        #[derive(Debug)]
        pub struct Words {
            $(pub $name: &'static str,)+
            /// How many rows arrived.
            pub new_rows: fn(usize) -> String,
            pub batch_status_word: fn(BatchStatus) -> &'static str,
            pub task_status_word: fn(TaskStatus) -> &'static str,
            pub party_word: fn(Party) -> &'static str,
            pub failure_word: fn(FailureType) -> &'static str,
            pub transaction_word: fn(TransactionKind) -> &'static str,
            pub line_word: fn(LineKind) -> &'static str,
            pub account_word: fn(AccountKind) -> &'static str,
            pub grant_word: fn(GrantKind) -> &'static str,
            pub attempt_word: fn(AttemptState) -> &'static str,
            pub billed_word: fn(Billed) -> &'static str,
        }

        impl Words {
            /// Every plain word, for the test that none is missing.
            pub const fn all(&self) -> [&'static str; [$(stringify!($name)),+].len()] {
                [$(self.$name),+]
            }
        }
    };
}

words! {
    // Shell.
    skip_to_content main_navigation batches language simulated copy copied
    // Panels.
    try_again error_title error_not_found error_signed_out error_forbidden error_password error_unavailable error_unreadable error_internal request_id
    page_not_found page_not_found_text batch_not_found batch_not_found_text to_batches
    // Columns and figures.
    state batch customer model progress tasks succeeded ok failed canceled open held charged refunded profit profit_usd margin created duration credits
    number prompt attempts waited ran failure cost revenue reason actor
    // List of batches.
    newest_first older newest no_batches no_batches_text no_more_batches no_more_batches_text
    // Batch: overview.
    what_it_made captures cost_succeeded cost_failed tasks_and_time finished waited_and_ran so_far_note key idempotency_key
    whose_fault party refunded_short sunk credits_strip agree disagree disagree_text
    // Batch: tabs and tasks.
    sections billing webhooks previous next page_of go_to_page go rows_per_page rows_of open_task close_task
    // One task.
    task parameters custom_id reference_url aspect_ratio seconds_of_video metadata output expires no_output no_parameters attempts_title no_attempts
    attempt_number provider provider_job sent http_status provider_code provider_message provider_request rule late_result
    ledger_lines no_lines transaction no_such_task
    // Billing.
    summary transactions account balance_after reverses lines_count more_transactions drawn_grants drawn_grants_text kind drawn still_held
    no_transactions in_order grant revenue_usd created_utc charged_word refunded_word held_word
    // Webhooks.
    events no_events webhook_url payload event written
}
