//! Batches, filled with anything: what a server reads is what was added, in its order, by each version;
//! and what does not fit changes nothing.

use std::sync::Arc;

use cqlwire::bytes::Bytes;
use cqlwire::codec::{ColumnType, MaybeUnset, Opcode};
use cqlwire::{Batch, Consistency, PreparedStatement, ProtocolVersion, SerialConsistency, Session};
use cqlwire_testkit::node::{Prime, ScriptedNode, columns};

use crate::input::{Input, VERSIONS};
use crate::server::{builder, check_violations, close, run as run_scene};

const NUMBERS: &str = "INSERT INTO app.numbers (id, n) VALUES (?, ?)";
const TEXTS: &str = "INSERT INTO app.texts (id, text, body) VALUES (?, ?, ?)";
const PLAIN: &str = "DELETE FROM app.numbers WHERE id = 1";

/// More say nothing new, and take longer.
const MOST_STATEMENTS: usize = 300;

/// What one statement has sent: its text and its values.
#[derive(Debug, Default, PartialEq)]
struct Sent {
    statements: Vec<String>,
    values: Vec<Option<Bytes>>,
    /// Of these, by their number, those that are unset.
    unset: Vec<usize>,
}

/// Version; consistencies; then the statements: which one, and its values.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let version = input.version();
    run_scene(|| scene(version, input));
}

async fn scene(version: ProtocolVersion, input: Input<'_>) {
    let node = Arc::new(ScriptedNode::builder().versions(VERSIONS).in_memory());
    prime(&node);
    let builder = builder(&node).protocol_versions(ProtocolVersion::V3, version);
    let session = builder.connect().await.expect("a server that does well");
    fill_and_send(&session, &node, version, input).await;
    close(session, &node).await;
    check_violations(&node, false);
}

fn prime(node: &ScriptedNode) {
    let numbers = columns([("id", ColumnType::BigInt), ("n", ColumnType::Int)]);
    let texts =
        [("id", ColumnType::BigInt), ("text", ColumnType::Text), ("body", ColumnType::Blob)];
    node.prime(Prime::statement(NUMBERS).void().binds(numbers, &[0]));
    node.prime(Prime::statement(TEXTS).void().binds(columns(texts), &[0]));
}

async fn fill_and_send(
    session: &Session,
    node: &ScriptedNode,
    version: ProtocolVersion,
    mut input: Input<'_>,
) {
    let prepared = [NUMBERS, TEXTS].map(|text| session.prepare(text));
    let [numbers, texts] = prepared;
    let (numbers, texts) = (numbers.await.expect("prepared"), texts.await.expect("prepared"));
    let (fields, kind) = (input.byte(), input.byte());
    let mut filling = Filling { sent: Sent::default(), batch: of_kind(session.batch(), kind) };
    while !input.rest().is_empty() && filling.sent.statements.len() < MOST_STATEMENTS {
        filling.add(&mut input, version, &numbers, &texts);
    }
    let Filling { sent, batch } = filling;
    assert_eq!(batch.len(), sent.statements.len());
    let mut execution = batch.execute().timestamp_micros(i64::from(fields) - 100);
    if fields & 1 != 0 {
        execution = execution.consistency(Consistency::Quorum);
    }
    if fields & 2 != 0 {
        execution = execution.serial_consistency(SerialConsistency::Serial);
    }
    let outcome = execution.await;
    assert!(outcome.is_ok(), "{outcome:?}");
    let received = node.received();
    let received = received.iter().rfind(|received| received.opcode == Opcode::Batch);
    let Some(received) = received else {
        assert!(sent.statements.is_empty(), "nothing was sent of {sent:?}");
        return;
    };
    let (statements, values) = (received.statements.clone(), received.values.clone());
    assert_eq!(Sent { statements, values, unset: received.unset.clone() }, sent);
    assert_eq!(received.fields.timestamp_micros, Some(i64::from(fields) - 100));
    assert_eq!(received.fields.consistency == Some(Consistency::Quorum), fields & 1 != 0);
    let serial = received.fields.serial_consistency == Some(SerialConsistency::Serial);
    assert_eq!(serial, fields & 2 != 0);
}

fn of_kind(batch: Batch, kind: u8) -> Batch {
    match kind % 3 {
        0 => batch,
        1 => batch.unlogged(),
        _ => batch.counter(),
    }
}

struct Filling {
    batch: Batch,
    sent: Sent,
}

impl Filling {
    fn add(
        &mut self,
        input: &mut Input<'_>,
        version: ProtocolVersion,
        numbers: &PreparedStatement,
        texts: &PreparedStatement,
    ) {
        match input.byte() % 8 {
            0 => {
                self.batch.add(PLAIN, ()).expect("a text");
                self.note(PLAIN, []);
            }
            1 => self.refused(numbers, (1_i64,)),
            2 => self.refused(texts, (1_i64, "two", "three", "more")),
            3 => {
                self.batch.clear();
                self.sent = Sent::default();
            }
            4 | 5 => {
                let (id, n) = (i64::from(input.byte()), i32::from(input.byte()));
                let is_unset = n % 5 == 0 && version > ProtocolVersion::V3;
                let value = if is_unset { MaybeUnset::Unset } else { MaybeUnset::Set(n) };
                self.batch.add(numbers, (id, value)).expect("numbers");
                if is_unset {
                    self.sent.unset.push(self.sent.values.len() + 1);
                }
                let number = if is_unset { None } else { bytes(n.to_be_bytes()) };
                self.note(NUMBERS, [bytes(id.to_be_bytes()), number]);
            }
            _ => {
                let (id, length) = (i64::from(input.byte()), usize::from(input.byte()));
                let body = input.rest();
                let body = &body[..length.min(body.len())];
                *input = Input(&input.rest()[body.len()..]);
                let text = String::from_utf8_lossy(body);
                let body = (length % 7 != 0).then_some(body);
                self.batch.add(texts, (id, &*text, body)).expect("texts");
                let cells = [bytes(id.to_be_bytes()), bytes(text.as_bytes()), body.and_then(bytes)];
                self.note(TEXTS, cells);
            }
        }
    }

    /// As many values as there are no markers for: nothing changes.
    fn refused<V: cqlwire::EncodeValues>(&mut self, prepared: &PreparedStatement, values: V) {
        let before = (self.batch.len(), self.batch.bytes());
        assert!(self.batch.add(prepared, values).is_err());
        assert_eq!((self.batch.len(), self.batch.bytes()), before);
    }

    fn note<const N: usize>(&mut self, text: &str, values: [Option<Bytes>; N]) {
        self.sent.statements.push(text.to_owned());
        self.sent.values.extend(values);
    }
}

fn bytes(bytes: impl AsRef<[u8]>) -> Option<Bytes> {
    Some(Bytes::copy_from_slice(bytes.as_ref()))
}
