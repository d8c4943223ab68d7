//! What users ask for, one function for each kind of call.

use std::time::Duration;

use cqlwire::{Error, ErrorKind, QueryResult, Row};
use tokio::time::sleep;

use super::asked::{self, LOAD, LOADED, ROWS};
use super::model::Fate;
use super::plan::{Call, How, What};
use super::user::{Request, Users, let_go};
use super::world::has_empty_pages;

/// A row of what is read by key: by names, since the order of columns changes.
#[derive(Clone, Copy, Debug, Row)]
struct ByKey {
    k: i64,
    v: Option<i64>,
    n: i64,
}

/// The settings that a call has, on whatever it is made with.
macro_rules! with_settings {
    ($call:expr, $execution:expr) => {{
        let execution = $execution.timeout(Duration::from_millis($call.timeout));
        let execution = execution.idempotent($call.idempotent);
        execution.attempt_timeout($call.attempt_timeout.map(Duration::from_millis))
    }};
}

impl Call {
    fn request(&self) -> Request<'_> {
        Request::new(self.id, Duration::from_millis(self.timeout)).let_go(self.letting_go)
    }

    fn value(&self, number: i64) -> i64 {
        self.id * 100 + number
    }

    /// Is it one that servers may get twice?
    fn once(&self) -> bool {
        self.idempotent != Some(true)
    }
}

impl Users {
    /// Makes this call.
    pub(crate) async fn call(self, call: Call) {
        self.model().note(|| format!("{} begins: {call:?}", call.id));
        match &call.what {
            What::Read { table, key } => self.read(&call, *table, *key).await,
            What::Write { table, key } => self.write(&call, *table, *key).await,
            What::Batch { logged, writes } => self.batch(&call, *logged, writes).await,
            What::Prepare { table, number } => self.prepare(&call, *table, *number).await,
            What::Rows { by_page: true, .. } => self.pages(&call).await,
            What::Rows { .. } => self.rows(&call).await,
            What::Load { .. } => self.load(&call).await,
        }
    }

    /// Executes a statement in one of the ways in which it can be said.
    async fn execute(
        &self,
        call: &Call,
        text: String,
        values: [i64; 2],
        writes: &[i64],
    ) -> Option<QueryResult> {
        let request = Request { writes, ..call.request() };
        match call.how {
            How::Text => {
                let text = asked::with_literals(&text, &values);
                let execution = with_settings!(call, self.session.query(&text, ()));
                self.ask(request, execution.into_future()).await
            }
            How::Values => {
                let execution = with_settings!(call, self.session.query(&text, values));
                self.ask(request, execution.into_future()).await
            }
            How::Prepared => {
                let statement = self.prepared(call.id, text).await?;
                let execution = with_settings!(call, self.session.execute(&statement, values));
                self.ask(request, execution.into_future()).await
            }
        }
    }

    async fn read(&self, call: &Call, table: usize, key: i64) {
        let text = asked::read(table);
        let Some(result) = self.execute(call, text, [key, call.id], &[]).await else { return };
        let lied = self.model().said(call.id).lied;
        let found = match result.rows::<ByKey>() {
            Ok(rows) => rows.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let wrong = match &found {
            Err(error) => Some(error.clone()),
            Ok(rows) => match rows[..] {
                [row] => {
                    (!self.is_right(row, key, call.id)).then(|| "not what it asked for".into())
                }
                _ => Some("not one row".to_owned()),
            },
        };
        if let Some(wrong) = wrong
            && !lied
        {
            self.model().wrong(format!("{} has read {found:?}: {wrong}", call.id));
        }
    }

    fn is_right(&self, row: ByKey, key: i64, nonce: i64) -> bool {
        row.k == key && row.n == nonce && self.model().was_given(nonce, key, row.v)
    }

    async fn write(&self, call: &Call, table: usize, key: i64) {
        let value = call.value(0);
        self.model().will_write(value, call.once(), true);
        self.execute(call, asked::write(table), [key, value], &[value]).await;
    }

    async fn batch(&self, call: &Call, logged: bool, writes: &[(usize, i64)]) {
        let mut batch = self.session.batch();
        if !logged {
            batch = batch.unlogged();
        }
        let mut values = Vec::new();
        for ((table, key), number) in writes.iter().zip(0..) {
            let (text, value) = (asked::write(*table), call.value(number));
            let added = match call.how {
                How::Text => batch.add(&asked::with_literals(&text, &[*key, value]), ()).map(drop),
                How::Values => batch.add(&text, [*key, value]).map(drop),
                How::Prepared => match self.prepared(call.id, text).await {
                    Some(statement) => batch.add(&statement, [*key, value]).map(drop),
                    None => return,
                },
            };
            if let Err(error) = added {
                return self.failed(call.id, &[], &error);
            }
            self.model().will_write(value, call.once(), logged);
            values.push(value);
        }
        let execution = with_settings!(call, batch.execute());
        self.ask(call.request().writes(&values), execution.into_future()).await;
    }

    async fn prepare(&self, call: &Call, table: usize, number: u8) {
        let text = asked::read(table).replace("n = ?", &format!("n = {number}"));
        let request = Request::new(call.id, super::user::DEFAULT_TIMEOUT).let_go(call.letting_go);
        self.ask(request, self.session.prepare(&text)).await;
    }

    async fn pages(&self, call: &Call) {
        let What::Rows { count, page_size, read, .. } = call.what else { return };
        let execution = with_settings!(call, self.session.query(ROWS, (call.id, count)));
        let mut pages = execution.page_size(page_size).stream().prefetch(0).pages();
        let mut found = Vec::new();
        while found.len() < read {
            // Each page is a request, also those that are empty and not given out; to know that there
            // are no more is none.
            let before = pages.progress().pages;
            let is_over = before > 0 && pages.position().is_none();
            let more = call.request().timeout * (most_pages(call) - 1);
            let request = Request { more, uncounted: is_over, is_ahead: true, ..call.request() };
            let page = self.ask(request, pages.try_next()).await;
            let came = pages.progress().pages - before;
            let counted = u64::from(page.is_some() && !is_over);
            self.model().state().seen.counts[0] += came - counted;
            let Some(page) = page else { return self.check_rows(call, &found, false) };
            let Some(page) = page else { return self.check_rows(call, &found, true) };
            match page.rows::<(i64, i64)>() {
                Ok(rows) => found.extend(rows.map_while(Result::ok)),
                Err(error) => return self.failed(call.id, &[], &Error::from(error)),
            }
        }
        self.check_rows(call, &found, false);
    }

    async fn rows(&self, call: &Call) {
        let What::Rows { count, page_size, read, prefetch, pause, .. } = call.what else { return };
        self.model().state().seen.not_all = true;
        let execution = with_settings!(call, self.session.query(ROWS, (call.id, count)));
        let stream = execution.page_size(page_size).stream().prefetch(prefetch);
        let mut rows = stream.rows::<(i64, i64)>();
        let mut found = Vec::new();
        while found.len() < read {
            if pause > 0 {
                // Several pages come ahead of a reader who looks now and then.
                rows.fetch_ahead();
                sleep(Duration::from_millis(pause)).await;
            }
            let more = call.request().timeout * (most_pages(call) - 1);
            let request = Request { is_ahead: true, uncounted: true, more, ..call.request() };
            match self.ask(request, rows.try_next()).await {
                Some(Some(row)) => found.push(row),
                Some(None) => return self.check_rows(call, &found, true),
                None => break,
            }
        }
        self.check_rows(call, &found, false);
    }

    /// The rows have to be those that there are, from the first on, and all of them if that was the end.
    fn check_rows(&self, call: &Call, found: &[(i64, i64)], is_end: bool) {
        let What::Rows { count, .. } = call.what else { return };
        let is_right = found.iter().copied().eq((0..).map(|i| (call.id, i)).take(found.len()));
        let all = i64::try_from(found.len()) == Ok(count);
        if !is_right || (is_end && !all && !self.model().said(call.id).lied) {
            let id = call.id;
            self.model().wrong(format!("{id} has read {found:?} of {count} rows, end: {is_end}"));
        }
    }

    async fn load(&self, call: &Call) {
        let What::Load { rows, partitions, concurrency, batch_rows } = call.what else { return };
        self.model().state().seen.not_all = true;
        let rows: Vec<_> = (0..rows).map(|row| (row % partitions, row, call.value(row))).collect();
        for (.., value) in &rows {
            self.model().will_write(*value, call.once(), false);
        }
        let load = with_settings!(call, self.session.insert_all(LOAD, rows.iter().copied()));
        let whole = Duration::from_millis(call.timeout * 2);
        let mut load = load.total_timeout(whole).concurrency(concurrency).batch_rows(batch_rows);
        let mut failed = Vec::new();
        let loading = async {
            while let Some(row) = load.next_failure().await? {
                failed.push(row);
            }
            Ok(())
        };
        // What keeps it from beginning has the time of one request.
        let (uncounted, is_ahead) = (true, true);
        let request = Request { uncounted, is_ahead, ..Request::new(call.id, whole) };
        let request = Request { more: Duration::from_millis(500), ..request };
        let done = self.ask(request, let_go_of(call, loading)).await;
        for row in &failed {
            self.failed(call.id, &[row.row.2], &row.error);
            // It may have been refused among others before, and was to go once more by itself.
            if matches!(row.error.kind(), ErrorKind::SessionClosed) {
                self.model().tell(row.row.2, Fate::NotDone);
            }
        }
        if matches!(done, Some(Some(()))) {
            let failed: Vec<i64> = failed.iter().map(|row| row.row.2).collect();
            let written = rows.iter().filter(|(.., value)| !failed.contains(value));
            written.for_each(|(.., value)| self.model().tell(*value, Fate::Done));
        }
    }
}

/// How many pages it takes at most until there is a row.
const fn most_pages(call: &Call) -> u32 {
    if has_empty_pages(call.id) { 4 } else { 1 }
}

/// The load, or `None` if it was let go of.
async fn let_go_of(
    call: &Call,
    loading: impl Future<Output = cqlwire::Result<()>>,
) -> cqlwire::Result<Option<()>> {
    let_go(call.letting_go, loading).await.transpose()
}

const _: () = assert!(LOADED == super::world::TABLES);
