//! The requests of the service: from HTTP to the store, and back.
//!
//! A client that hangs up has its handler dropped wherever it waits. That is safe at each `await`: what
//! the driver has not sent yet is never sent, what it has sent is done or not, as if the answer had been
//! lost, and each request but the counting of views may be sent again.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use cqlwire::Position;
use cqlwire::export::SessionCollector;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde::{Deserialize, Serialize};
use tracing::{Instrument, info_span};
use uuid::Uuid;

use crate::failure::Failure;
use crate::store::{Order, Reserved, Store};

/// All routes, each within a span.
pub(crate) fn router(store: Store) -> Router {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(SessionCollector::new(store.session())));
    let metrics = get(metrics).with_state(Arc::new(registry));
    Router::new()
        .route("/customers/{customer}/orders/{id}", put(place))
        .route("/customers/{customer}/orders", get(list))
        .route("/stock/{sku}", put(take_in))
        .route("/stock/{sku}/reservations/{order}", put(reserve))
        .route("/stock/{sku}/views", post(view).get(views))
        .route("/ready", get(ready))
        .with_state(store)
        .route("/metrics", metrics)
        .layer(from_fn(within_a_span))
}

/// The requests of the driver are spans within this one.
async fn within_a_span(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let span = info_span!("request", method = %request.method(), route);
    next.run(request).instrument(span).await
}

#[derive(Deserialize)]
struct Lines {
    /// How many of each article.
    lines: BTreeMap<String, i32>,
}

/// The id is the client's, drawn before it first asks. So it can ask again without ordering twice.
async fn place(
    State(store): State<Store>,
    Path((customer, id)): Path<(String, Uuid)>,
    Json(Lines { lines }): Json<Lines>,
) -> Result<StatusCode, Failure> {
    if lines.is_empty() || lines.values().any(|quantity| *quantity < 1) {
        return Err(Failure::Invalid("an order has articles, and at least one of each".to_owned()));
    }
    store.place(&customer, &Order { id, lines }).await?;
    Ok(StatusCode::CREATED)
}

#[derive(Deserialize)]
struct After {
    after: Option<String>,
}

#[derive(Serialize)]
struct Listed {
    orders: Vec<Order>,
    /// For `after` of the next request; there is nothing more without it.
    next: Option<String>,
}

/// To a client, a position is opaque. It has the id of the last order that was given out, and nothing
/// that this customer may not know; of another customer's list it is refused.
async fn list(
    State(store): State<Store>,
    Path(customer): Path<String>,
    Query(After { after }): Query<After>,
) -> Result<Json<Listed>, Failure> {
    let after = after.map_or(Ok(Position::START), |after| after.parse());
    let after = after.map_err(|error| Failure::Invalid(format!("after: {error}")))?;
    let (orders, next) = store.orders(&customer, after).await?;
    Ok(Json(Listed { orders, next: next.map(|next| next.to_string()) }))
}

#[derive(Deserialize)]
struct Quantity {
    quantity: i32,
}

impl Quantity {
    fn checked(self) -> Result<i32, Failure> {
        let wrong = || Failure::Invalid("a quantity is 1 at least".to_owned());
        (self.quantity >= 1).then_some(self.quantity).ok_or_else(wrong)
    }
}

async fn take_in(
    State(store): State<Store>,
    Path(sku): Path<String>,
    Json(quantity): Json<Quantity>,
) -> Result<StatusCode, Failure> {
    match store.take_in(&sku, quantity.checked()?).await? {
        true => Ok(StatusCode::CREATED),
        false => Err(Failure::Conflict("it is in stock already, in another quantity")),
    }
}

async fn reserve(
    State(store): State<Store>,
    Path((sku, order)): Path<(String, Uuid)>,
    Json(quantity): Json<Quantity>,
) -> Result<StatusCode, Failure> {
    match store.reserve(&sku, order, quantity.checked()?).await? {
        Reserved::Yes => Ok(StatusCode::CREATED),
        Reserved::Unknown => Err(Failure::NotFound),
        Reserved::SoldOut => Err(Failure::Conflict("there are not as many")),
        Reserved::Contended => Err(Failure::Contended),
    }
}

/// Counted once, or now and then not at all or in vain: an update of a counter may not be sent twice.
async fn view(State(store): State<Store>, Path(sku): Path<String>) -> Result<StatusCode, Failure> {
    match store.count_view(&sku).await {
        // Nobody is to wait or try again for the sake of one view.
        Err(error) if error.may_have_been_applied() => Ok(StatusCode::ACCEPTED),
        counted => Ok(counted.map(|()| StatusCode::NO_CONTENT)?),
    }
}

async fn views(State(store): State<Store>, Path(sku): Path<String>) -> Result<String, Failure> {
    Ok(store.views(&sku).await?.to_string())
}

/// Asks nobody: the session knows which hosts it is connected to. An instance that has none gets no
/// requests, and is not started anew for that.
async fn ready(State(store): State<Store>) -> (StatusCode, String) {
    let health = store.session().health();
    let status = match health.is_ready() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, format!("{} of {} hosts\n", health.local_hosts_up, health.local_hosts))
}

async fn metrics(State(registry): State<Arc<Registry>>) -> Response {
    let mut page = String::new();
    match encode(&mut page, &registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(CONTENT_TYPE, kind)], page).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
