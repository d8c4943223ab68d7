//! Statements are prepared, and learnt by heart.

use cqlwire_codec::{Response, ResultResponse};

use super::line::Line;
use super::template::Template;
use crate::Result;
use crate::work::{INSERT, NAME, PAYLOAD, READ, SCAN};

/// What is prepared.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    Read,
    Insert,
    Scan,
}

impl Statement {
    const fn text(self) -> &'static str {
        match self {
            Self::Read => READ,
            Self::Insert => INSERT,
            Self::Scan => SCAN,
        }
    }

    /// Asks the server to prepare it, and learns to execute it.
    pub(super) fn prepare(self, line: &mut Line) -> Result<Template> {
        let prepare = cqlwire_codec::Prepare { statement: self.text(), keyspace: None };
        let response = line.ask(&prepare)?.response;
        let Response::Result(ResultResponse::Prepared(prepared)) = response else {
            return Err(format!("PREPARE was answered by {response:?}").into());
        };
        let metadata_id = prepared.result_metadata_id.unwrap_or_default().to_vec();
        let mut template = Template::new(prepared.id.to_vec(), metadata_id);
        match self {
            Self::Read => template.learn(&(0_i64,), 0)?,
            // Behind the key come two values with their lengths.
            Self::Insert => {
                let behind = 4 + NAME.len() + 4 + PAYLOAD.len();
                template.learn(&(0_i64, NAME, PAYLOAD.as_slice()), behind)?;
            }
            Self::Scan => {}
        }
        Ok(template)
    }
}
