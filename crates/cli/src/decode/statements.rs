//! What the messages seen so far say of prepared statements: by it, values and rows whose types later
//! messages leave out are read.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use cqlwire::codec::{ColumnSpec, Prepared, RowsMetadata};

/// How many statements are known at a time. The one that was prepared first is forgotten first.
const MOST_STATEMENTS: usize = 10_000;

/// A prepared statement.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// Its text, if its PREPARE was seen.
    pub(super) text: Option<Arc<str>>,
    /// Its bind markers.
    pub(super) bind: Arc<[ColumnSpec]>,
    /// The columns of its rows, as far as they are known beforehand.
    pub(super) columns: Option<Arc<[ColumnSpec]>>,
}

/// All that are known, by the ids that servers gave them.
#[derive(Debug, Default)]
pub(super) struct Statements {
    known: HashMap<Bytes, Statement>,
    /// The oldest first.
    order: VecDeque<Bytes>,
}

impl Statements {
    pub(super) fn find(&self, id: &Bytes) -> Option<&Statement> {
        self.known.get(id)
    }

    pub(super) fn add(&mut self, prepared: &Prepared, text: Option<Arc<str>>) {
        let id = &prepared.id;
        let statement = Statement {
            text: text.or_else(|| self.find(id).and_then(|known| known.text.clone())),
            bind: Arc::clone(&prepared.bind.columns),
            columns: prepared.result.columns.clone(),
        };
        if self.known.insert(id.clone(), statement).is_none() {
            self.order.push_back(id.clone());
        }
        while self.order.len() > MOST_STATEMENTS {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    /// The columns of rows that a statement gave: those that came with them, or those that are known. A
    /// server that says the columns have changed is believed from then on.
    pub(super) fn columns(
        &mut self,
        metadata: &RowsMetadata,
        id: Option<&Bytes>,
    ) -> Option<Arc<[ColumnSpec]>> {
        let statement = id.and_then(|id| self.known.get_mut(id));
        if let Some(columns) = &metadata.columns {
            if let Some(statement) = statement.filter(|_| metadata.new_metadata_id.is_some()) {
                statement.columns = Some(Arc::clone(columns));
            }
            return Some(Arc::clone(columns));
        }
        let known = statement.and_then(|statement| statement.columns.clone());
        known.filter(|columns| columns.len() == metadata.column_count)
    }
}

#[cfg(test)]
mod tests {
    use cqlwire::codec::BindMetadata;

    use super::*;

    fn prepared(id: usize) -> Prepared {
        let columns: Arc<[ColumnSpec]> = Arc::from([]);
        let result = RowsMetadata {
            columns: Some(Arc::clone(&columns)),
            column_count: 0,
            paging_state: None,
            new_metadata_id: None,
        };
        Prepared {
            id: id.to_be_bytes().to_vec().into(),
            result_metadata_id: None,
            bind: BindMetadata { columns, partition_key: Vec::new() },
            result,
        }
    }

    #[test]
    fn the_oldest_is_forgotten_and_a_text_is_kept() {
        let mut statements = Statements::default();
        for id in 0..=MOST_STATEMENTS {
            statements.add(&prepared(id), Some("SELECT".into()));
            statements.add(&prepared(id), None);
        }
        assert!(statements.find(&prepared(0).id).is_none());
        let last = statements.find(&prepared(MOST_STATEMENTS).id).unwrap();
        assert_eq!(last.text.as_deref(), Some("SELECT"));
        assert_eq!(statements.known.len(), MOST_STATEMENTS);
    }
}
