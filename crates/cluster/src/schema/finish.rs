//! From what came to what is kept: the same as before, where it is the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Keyspace;
use super::contents::{Contents, Functions};
use super::draft::KeyspaceDraft;
use super::reader::Reader;

impl Reader<'_> {
    pub(super) async fn finish(&mut self, draft: KeyspaceDraft) -> Arc<Keyspace> {
        let known = self.known.keyspace(&draft.head.name);
        let head = draft.head.clone();
        let contents =
            if self.wants(&head.name) { Some(self.finish_contents(draft).await) } else { None };
        Keyspace::new(head, contents, known)
    }

    pub(super) async fn finish_contents(&mut self, draft: KeyspaceDraft) -> Contents {
        let KeyspaceDraft { head, types, tables: drafts, functions, mut left_out, .. } = draft;
        let known = self.known.keyspace(&head.name).and_then(|known| known.contents.as_ref());
        let mut tables = BTreeMap::new();
        for (name, draft) in drafts {
            let Some(table) = draft.finish(&name) else {
                left_out += usize::from(self.draft.room.0 == 0);
                continue;
            };
            let size = table.memory_bytes;
            let before = known.and_then(|known| known.tables.get(&name));
            let table = match before {
                Some(before) if **before == table => before.clone(),
                _ => Arc::new(table),
            };
            tables.insert(table.name.clone(), table);
            self.slices.spend(size).await;
        }
        let functions = sorted(functions);
        let functions = match known {
            Some(known) if *known.functions == functions => known.functions.clone(),
            _ => Arc::new(functions),
        };
        Contents { types, tables, functions, left_out }
    }
}

fn sorted(mut functions: Functions) -> Functions {
    functions.functions.sort_by(|one, other| one.name.cmp(&other.name));
    functions.aggregates.sort_by(|one, other| one.name.cmp(&other.name));
    functions
}
