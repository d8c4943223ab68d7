//! cqlwire, as its users hold it.

use std::sync::Arc;
use std::time::Duration;

use ::cqlwire::{
    ConstantDelay, Error, ErrorKind, ExecutionProfile, FixedAddresses, PreparedStatement, Session,
};

use super::{Driver, Failure, Outcome, checked};
use crate::Result;
use crate::faults::process::{APPEND, READ, TUNED_DELAY, TUNED_MOST, Task, WRITE};
use crate::faults::statements::{Statements, texts};
use crate::work::{NAME, PAYLOAD};

/// A session of cqlwire.
#[derive(Debug)]
pub(in crate::faults) struct Cqlwire {
    session: Session,
    read: Statements<PreparedStatement>,
    write: Statements<PreparedStatement>,
    append: PreparedStatement,
}

impl Driver for Cqlwire {
    async fn connect(task: &Task) -> Result<Self> {
        let profile = ExecutionProfile::default().timeout(Duration::from_millis(task.timeout));
        let points = task.contact_points.iter().map(ToString::to_string);
        let mut builder = Session::builder()
            .contact_points(points.collect::<Vec<_>>())
            .local_data_center(&task.data_center)
            .connections_per_host(task.connections)
            .ready_when(task.contact_points.len())
            .profile(profile);
        if !task.translated.is_empty() {
            let translator: FixedAddresses = task.translated.iter().copied().collect();
            builder = builder.address_translator(translator);
        }
        if task.tuned {
            let policy = ConstantDelay { delay: TUNED_DELAY, most: TUNED_MOST };
            builder = builder.speculation(|settings| settings.policy = Some(Arc::new(policy)));
        }
        let session = builder.connect().await?;
        let read = prepare(&session, READ, task.statements).await?;
        let write = prepare(&session, WRITE, task.statements).await?;
        let append = session.prepare(APPEND).await?;
        Ok(Self { session, read, write, append })
    }

    async fn read(&self, id: i64) -> Outcome {
        let result = self.session.execute(self.read.of(id), (id,)).await.map_err(failure)?;
        let row = result.first_row::<(i64, &str, &[u8])>().map_err(failure)?;
        checked(id, row.map(|(id, name, _)| (id, name)), result.page().coordinator())
    }

    async fn write(&self, id: i64) -> Outcome {
        let request = self.session.execute(self.write.of(id), (id, NAME, PAYLOAD.as_slice()));
        let result = request.idempotent(true).await.map_err(failure)?;
        Ok(result.page().coordinator())
    }

    async fn append(&self, id: i64) -> Outcome {
        let mark: &[i64] = &[id];
        let result = self.session.execute(&self.append, (mark, id)).await.map_err(failure)?;
        Ok(result.page().coordinator())
    }

    fn taught(&self) -> Option<u64> {
        Some(self.session.metrics().prepared.taught)
    }
}

/// Statements of so many texts.
async fn prepare(
    session: &Session,
    text: &str,
    count: usize,
) -> Result<Statements<PreparedStatement>> {
    let mut prepared = Vec::new();
    for text in texts(text, count) {
        prepared.push(session.prepare(&text).await?);
    }
    Ok(Statements::new(prepared).ok_or("a text at least")?)
}

#[expect(clippy::needless_pass_by_value, reason = "it is for `map_err`")]
fn failure(error: Error) -> Failure {
    let kind = match error.kind() {
        ErrorKind::NoHostAvailable { .. } => "no host available".to_owned(),
        ErrorKind::Server { error, .. } => format!("server: {}", error.code),
        ErrorKind::Timeout { phase, .. } => format!("timeout, {phase}"),
        ErrorKind::ConnectionLost { .. } => "connection lost".to_owned(),
        ErrorKind::Overloaded { .. } => "overloaded".to_owned(),
        _ => "other".to_owned(),
    };
    let attempts: Vec<String> = error.attempts().iter().map(ToString::to_string).collect();
    Failure::new(kind, format!("{error} [{}]", attempts.join("; ")))
}
