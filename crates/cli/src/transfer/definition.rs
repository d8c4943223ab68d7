//! What a server says that a table is: which one of its name, and the types of its columns. Two readings tell
//! whether it was dropped, made anew or altered in between.

use std::collections::BTreeMap;

use cqlwire::{ErrorKind, Execution, Session};
use uuid::Uuid;

use crate::exit::Failure;

/// See the [module](self).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Definition {
    /// Which of all that ever had the name: none of a virtual table, nor of one that is gone.
    id: Option<Uuid>,
    /// The types as texts, by the names of the columns.
    types: BTreeMap<String, String>,
}

impl Definition {
    /// As this host has it, or any if none is named. Servers before 3.0 have no such texts: nothing.
    pub(super) async fn read(
        session: &Session,
        keyspace: &str,
        table: &str,
        host: Option<Uuid>,
    ) -> Result<Self, Failure> {
        let mut definition = Self::default();
        let select = "SELECT id FROM system_schema.tables \
                      WHERE keyspace_name = ? AND table_name = ?";
        let query = session.query(select, (keyspace, table));
        let query = host.into_iter().fold(query, Execution::host);
        let ids = match query.await {
            Ok(ids) => ids,
            Err(error) if matches!(error.kind(), ErrorKind::Server { .. }) => {
                return Ok(definition);
            }
            Err(error) => return Err(error.into()),
        };
        definition.id = ids.first_row::<(Uuid,)>()?.map(|(id,)| id);
        let select = "SELECT column_name, type FROM system_schema.columns \
                      WHERE keyspace_name = ? AND table_name = ?";
        let query = session.query(select, (keyspace, table));
        let query = host.into_iter().fold(query, Execution::host);
        for row in query.await?.rows::<(String, String)>()? {
            let (column, text) = row.map_err(Failure::refused)?;
            definition.types.insert(column, text);
        }
        Ok(definition)
    }

    /// Is its value of this column kept as one? It may not be, where nothing is said.
    pub(super) fn is_frozen(&self, column: &str) -> bool {
        self.types.get(column).is_some_and(|text| text.starts_with("frozen<"))
    }

    /// Is the table that it became the same, with all of these columns as they were?
    pub(super) fn still_holds(&self, now: &Self) -> bool {
        self.id == now.id
            && self.types.iter().all(|(column, text)| now.types.get(column) == Some(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_the_same_until_it_is_made_anew_or_a_column_changes() {
        let of = |id: u128, types: &[(&str, &str)]| Definition {
            id: Some(Uuid::from_u128(id)),
            types: types.iter().map(|(column, text)| ((*column).into(), (*text).into())).collect(),
        };
        let before = of(1, &[("k", "int"), ("l", "frozen<list<int>>")]);
        assert!(before.is_frozen("l") && !before.is_frozen("k") && !before.is_frozen("none"));
        assert!(before.still_holds(&before));
        assert!(
            before.still_holds(&of(1, &[("k", "int"), ("l", "frozen<list<int>>"), ("v", "int")]))
        );
        for now in [
            Definition::default(),
            of(2, &[("k", "int"), ("l", "frozen<list<int>>")]),
            of(1, &[("k", "int")]),
            of(1, &[("k", "text"), ("l", "frozen<list<int>>")]),
        ] {
            assert!(!before.still_holds(&now), "{now:?}");
        }
        assert!(Definition::default().still_holds(&Definition::default()), "nothing is said of it");
    }
}
