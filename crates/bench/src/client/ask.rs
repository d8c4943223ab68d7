//! What a task of a closed loop asks, each a type of its own: a future that could be any of them would
//! be as large as the largest, and memory would say nothing of a read.

use std::future::Future;

use super::Client;
use crate::Result;

/// One operation of a closed loop.
pub trait Ask: Copy + Send + Sync + 'static {
    /// Asks it of this key.
    fn ask<C: Client>(self, client: &C, key: i64) -> impl Future<Output = Result<()>> + Send;
}

/// [`Client::read`].
#[derive(Copy, Clone, Debug)]
pub struct Read;

/// [`Client::insert`].
#[derive(Copy, Clone, Debug)]
pub struct Insert;

/// [`Client::query`].
#[derive(Copy, Clone, Debug)]
pub struct Query;

/// [`Client::batch`].
#[derive(Copy, Clone, Debug)]
pub struct Batch;

impl Ask for Read {
    fn ask<C: Client>(self, client: &C, key: i64) -> impl Future<Output = Result<()>> + Send {
        client.read(key)
    }
}

impl Ask for Insert {
    fn ask<C: Client>(self, client: &C, key: i64) -> impl Future<Output = Result<()>> + Send {
        client.insert(key)
    }
}

impl Ask for Query {
    fn ask<C: Client>(self, client: &C, key: i64) -> impl Future<Output = Result<()>> + Send {
        client.query(key)
    }
}

impl Ask for Batch {
    fn ask<C: Client>(self, client: &C, key: i64) -> impl Future<Output = Result<()>> + Send {
        client.batch(key)
    }
}
