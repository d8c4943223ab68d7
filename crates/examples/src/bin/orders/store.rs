//! What the service asks of the database: each statement once, prepared when the service begins.

use std::collections::BTreeMap;

use cqlwire::{Consistency, Position, PreparedStatement, Result, Row, Session};
use serde::Serialize;
use uuid::Uuid;

/// How many orders a page has.
const PAGE: u32 = 20;

/// How often a reservation is tried while others change the same article.
const TRIES: u32 = 8;

/// The statements, and the session that they are executed by. Clones share both.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    session: Session,
    place: PreparedStatement,
    place_by_customer: PreparedStatement,
    by_customer: PreparedStatement,
    take_in: PreparedStatement,
    free: PreparedStatement,
    reservation: PreparedStatement,
    take: PreparedStatement,
    reserve: PreparedStatement,
    count_view: PreparedStatement,
    views: PreparedStatement,
}

/// What was ordered, how many of each article.
#[derive(Debug, Row, Serialize)]
pub(crate) struct Order {
    pub(crate) id: Uuid,
    pub(crate) lines: BTreeMap<String, i32>,
}

/// What became of a reservation.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reserved {
    Yes,
    /// There is no such article.
    Unknown,
    SoldOut,
    /// Others were quicker each time.
    Contended,
}

impl Store {
    /// Prepares all statements. Their names are those of their figures in the metrics.
    pub(crate) async fn prepare(session: Session) -> Result<Self> {
        let prepare = async |name: &str, text: &str| -> Result<PreparedStatement> {
            Ok(session.prepare(text).await?.name(name))
        };
        let place = "INSERT INTO orders (id, customer, lines) VALUES (?, ?, ?)";
        let place_by_customer =
            "INSERT INTO orders_by_customer (customer, id, lines) VALUES (?, ?, ?)";
        let by_customer = "SELECT id, lines FROM orders_by_customer WHERE customer = ?";
        let take_in = "UPDATE stock SET free = ? WHERE sku = ? IF free = null";
        let free = "SELECT DISTINCT free FROM stock WHERE sku = ?";
        let reservation = "SELECT quantity FROM stock WHERE sku = ? AND order_id = ?";
        let take = "UPDATE stock SET free = ? WHERE sku = ? IF free = ?";
        let reserve = "INSERT INTO stock (sku, order_id, quantity) VALUES (?, ?, ?) IF NOT EXISTS";
        let count_view = "UPDATE views SET views = views + 1 WHERE sku = ?";
        let views = "SELECT views FROM views WHERE sku = ?";
        Ok(Self {
            place: prepare("place", place).await?,
            place_by_customer: prepare("place_by_customer", place_by_customer).await?,
            by_customer: prepare("by_customer", by_customer).await?,
            take_in: prepare("take_in", take_in).await?,
            free: prepare("free", free).await?,
            reservation: prepare("reservation", reservation).await?,
            take: prepare("take", take).await?,
            reserve: prepare("reserve", reserve).await?,
            count_view: prepare("count_view", count_view).await?,
            views: prepare("views", views).await?,
            session,
        })
    }

    pub(crate) const fn session(&self) -> &Session {
        &self.session
    }

    /// Writes an order to both tables. A logged batch is applied as a whole in the end, whichever host
    /// dies meanwhile, and doing it twice leaves the same two rows: so the driver may send it again.
    pub(crate) async fn place(&self, customer: &str, order: &Order) -> Result<()> {
        let Order { id, lines } = order;
        let mut batch = self.session.batch();
        batch.add(&self.place, (id, customer, lines))?;
        batch.add(&self.place_by_customer, (customer, id, lines))?;
        batch.execute().idempotent(true).await.map(drop)
    }

    /// A page of a customer's orders from there on, and where the next one begins, if there is one.
    pub(crate) async fn orders(
        &self,
        customer: &str,
        from: Position,
    ) -> Result<(Vec<Order>, Option<Position>)> {
        let orders = self.session.execute(&self.by_customer, (customer,)).page_size(PAGE);
        // A page of the client is a page of the server, and none is asked for ahead: who knows whether
        // this client comes again.
        let orders = orders.stream().prefetch(0).from_position(from).row_limit(PAGE.into());
        let mut orders = orders.rows::<Order>();
        let mut page = Vec::new();
        while let Some(order) = orders.try_next().await? {
            page.push(order);
        }
        Ok((page, orders.position()))
    }

    /// Takes so many of an article in, unless it is there already: true if it is there in this quantity.
    pub(crate) async fn take_in(&self, sku: &str, quantity: i32) -> Result<bool> {
        let result = self.session.execute(&self.take_in, (quantity, sku)).await?;
        if result.was_applied()? {
            return Ok(true);
        }
        // It may be there by the request before, whose answer went lost.
        let present = result.present_row::<(Option<i32>,)>()?;
        Ok(present == Some((Some(quantity),)))
    }

    /// Reserves so many of an article for an order, once, however often it is asked.
    ///
    /// The order's own row tells its reservation from those of others, and is written with what is left,
    /// by one condition. So whoever got no answer asks again: then the row is there, or nothing is.
    pub(crate) async fn reserve(&self, sku: &str, order: Uuid, quantity: i32) -> Result<Reserved> {
        for _ in 0..TRIES {
            // A serial read first finishes what is under way: also the request before, of which its
            // client has heard nothing.
            let own = self.session.execute(&self.reservation, (sku, order));
            let own = own.consistency(Consistency::LocalSerial).await?;
            if own.row_count() > 0 {
                return Ok(Reserved::Yes);
            }
            // This may be old, which costs another round and nothing else: the condition finds out.
            let found = self.session.execute(&self.free, (sku,)).await?;
            let free = match found.maybe_one_row::<(Option<i32>,)>()? {
                None | Some((None,)) => return Ok(Reserved::Unknown),
                Some((Some(free),)) if free < quantity => return Ok(Reserved::SoldOut),
                Some((Some(free),)) => free,
            };
            let mut batch = self.session.batch();
            batch.add(&self.take, (free - quantity, sku, free))?;
            batch.add(&self.reserve, (sku, order, quantity))?;
            // Not idempotent: the driver sends it again only where nothing of it was begun.
            if batch.execute().await?.was_applied()? {
                return Ok(Reserved::Yes);
            }
        }
        Ok(Reserved::Contended)
    }

    /// Counts a view. It may be counted though this is an error.
    pub(crate) async fn count_view(&self, sku: &str) -> Result<()> {
        self.session.execute(&self.count_view, (sku,)).await.map(drop)
    }

    pub(crate) async fn views(&self, sku: &str) -> Result<i64> {
        let found = self.session.execute(&self.views, (sku,)).await?;
        Ok(found.maybe_one_row::<(i64,)>()?.map_or(0, |(views,)| views))
    }
}
