//! What was applied, in a table of one partition. Whose turn it is stands there too, so that a line is
//! written only by whoever has it: a condition may be about one partition.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use cqlwire::{Consistency, PreparedStatement, Result, Row, Session};
use uuid::Uuid;

use crate::Outcome;
use crate::files::Migration;

/// The table. `holder` has its lease as its time to live.
pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (
    journal text, version int, name text, checksum text, applied_at timestamp, applied_by uuid,
    holder uuid static,
    PRIMARY KEY (journal, version))";

/// The journal, by its statements.
pub(crate) struct Journal<'a> {
    session: &'a Session,
    all: PreparedStatement,
    record: PreparedStatement,
}

#[derive(Row)]
struct Applied {
    version: Option<i32>,
    name: Option<String>,
    checksum: Option<String>,
}

impl<'a> Journal<'a> {
    pub(crate) async fn prepare(session: &'a Session) -> Outcome<Self> {
        let prepare = async |text| -> Result<_> { session.prepare(text).await };
        let all = "SELECT version, name, checksum FROM migrations WHERE journal = 'schema'";
        let all = prepare(all).await;
        let record = "UPDATE migrations SET name = ?, checksum = ?, applied_at = ?, applied_by = ? \
                      WHERE journal = 'schema' AND version = ? IF holder = ? AND checksum = null";
        Ok(Self {
            session,
            all: all.map_err(|error| format!("{error} (`migrate init` makes the journal)"))?,
            record: prepare(record).await?,
        })
    }

    /// What is still to be applied. That what was applied is as it was is seen to first.
    pub(crate) async fn pending<'m>(&self, files: &'m [Migration]) -> Outcome<Vec<&'m Migration>> {
        let mut applied = BTreeMap::new();
        // A serial read finishes the line that a run was writing when it died.
        let rows = self.session.execute(&self.all, ()).consistency(Consistency::Serial);
        for row in rows.await?.rows::<Applied>()? {
            // Where nothing was applied yet, there may be a row of the lease alone.
            if let Applied { version: Some(version), name: Some(name), checksum: Some(sum) } = row?
            {
                applied.insert(version, (name, sum));
            }
        }
        let mut pending = Vec::new();
        for file in files {
            match applied.remove(&file.version) {
                Some((_, checksum)) if checksum == file.checksum => {}
                Some((name, checksum)) => {
                    let now = &file.checksum;
                    let why = format!("{file} was changed since it was applied as {name}");
                    return Err(format!("{why}: its checksum was {checksum}, and is {now}").into());
                }
                None => pending.push(file),
            }
            // What is to come has to come behind all that was applied.
            if let (Some(first), false) = (pending.first(), applied.is_empty())
                && applied.keys().any(|version| *version > first.version)
            {
                return Err(format!("{first} is not applied, but others behind it are").into());
            }
        }
        match applied.pop_first() {
            Some((_, (name, _))) => Err(format!("{name} was applied, and is not there").into()),
            None => Ok(pending),
        }
    }

    /// Writes that it was applied, if this run still has the lease.
    pub(crate) async fn record(&self, migration: &Migration, holder: Uuid) -> Outcome {
        let Migration { version, name, checksum, .. } = migration;
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        let values = (name, checksum, now, holder, version, holder);
        match self.session.execute(&self.record, values).await {
            Ok(result) if result.was_applied()? => Ok(()),
            Ok(_) => {
                let why = "the lease ran out, and another run has it: it applies this again";
                Err(format!("{migration}: {why}").into())
            }
            // The statements were applied; only whether the journal has its line is not known.
            Err(error) => Err(format!("{migration}: {error}: run it again").into()),
        }
    }
}
