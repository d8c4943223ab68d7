//! Async result streams: pages, rows that borrow from them, and what a page may hold on to.
