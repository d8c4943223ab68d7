//! Async result streams: pages, rows that borrow from them, and what a page may hold on to.
//!
//! A result comes in pages, and each is asked for when the one before it is known. Here is what
//! stands between whoever asks the server ([`PageSource`]) and whoever reads:
//!
//! ```text
//!   PageSource ---> pager ----> Pages ------> Page ----> rows that borrow from it
//!   (the wire)        |  \----> RowStream ---------------> rows that own what they hold
//!                     |
//!                 PageBudget (bytes, shared by all streams of a session)
//! ```
//!
//! * A [`Page`] is the only owner of its bytes, and counts in the [`PageBudget`] until it is
//!   dropped, wherever that happens.
//! * There is no task: a page that is asked for ahead of its reader is a future in the stream.
//!   Dropping the stream drops it, and with it everything that the stream held.
//! * [`Pages`] and [`RowStream`] need `&mut self`, so two tasks cannot drive one of them.
//!
//! The rooms: `budget` counts bytes; `page` is one page and `position` a place between rows;
//! `source` is what is asked for pages, `pager` asks it; `pages` and `rows` are the two readers,
//! `stream_row` and `owned_row` what the second gives out; `settings` and `progress` are what goes
//! in at the beginning and what can be read on the way.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod budget;
mod error;
mod owned_row;
mod page;
mod pager;
mod pages;
mod position;
mod progress;
mod rows;
mod settings;
mod source;
mod stream_row;

pub use budget::{PageBudget, PageBytes, PageUsage};
pub use error::{StreamError, UnknownColumns};
pub use owned_row::OwnedRow;
pub use page::Page;
pub use pages::Pages;
pub use position::{Fingerprint, Position, PositionError, PositionMismatch};
pub use progress::{Ending, Progress};
pub use rows::RowStream;
pub use settings::Settings;
pub use source::{ExecutionInfo, Fetched, PageSource};
pub use stream_row::StreamRow;

/// G1.5: two tasks cannot drive one stream. What one task may do compiles:
///
/// ```
/// # use cqlwire_stream::{Pages, PageSource};
/// async fn in_turn<S: PageSource>(mut pages: Pages<S>) {
///     let first = pages.try_next();
///     drop(first);
///     let second = pages.try_next();
///     drop(second);
/// }
/// ```
///
/// Two at once do not, and a stream cannot be cloned to get around it:
///
/// ```compile_fail,E0499
/// # use cqlwire_stream::{Pages, PageSource};
/// async fn at_once<S: PageSource>(mut pages: Pages<S>) {
///     let first = pages.try_next();
///     let second = pages.try_next();
///     drop((first, second));
/// }
/// ```
///
/// ```compile_fail,E0499
/// # use cqlwire_stream::{PageSource, RowStream, StreamError};
/// async fn at_once<S: PageSource>(mut rows: RowStream<(i64,), S>)
/// where
///     S::Error: From<StreamError>,
/// {
///     let first = rows.try_next();
///     let second = rows.try_next();
///     drop((first, second));
/// }
/// ```
///
/// ```compile_fail,E0599
/// # use cqlwire_stream::{Pages, PageSource};
/// fn twice<S: PageSource + Clone>(pages: Pages<S>) -> (Pages<S>, Pages<S>) {
///     (pages.clone(), pages)
/// }
/// ```
#[cfg(doctest)]
mod g1_5_two_tasks_cannot_drive_one_stream {}
