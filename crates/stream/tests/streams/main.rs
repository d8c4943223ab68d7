//! What the streams guarantee, against scripted pages and under paused time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod cancellation;
mod endings;
mod memory;
mod pages;
mod positions;
mod prefetch;
mod rows;
mod script;

use cqlwire_stream::{PageBudget, Settings};

/// Room for everything.
fn plenty() -> PageBudget {
    PageBudget::new(1 << 30)
}

fn prefetching(prefetch: u8) -> Settings {
    Settings { prefetch, ..Settings::default() }
}

/// Nothing is held and nothing is on its way.
#[track_caller]
fn assert_at_rest(server: &script::Server, budget: &PageBudget) {
    let usage = budget.usage();
    assert_eq!((usage.pages, usage.bytes, usage.reserved_bytes), (0, 0, 0));
    assert_eq!((server.live_pages(), server.under_way()), (0, 0));
}
