//! Errors, each with the details of its code.

use arbitrary::Result;
use cqlwire_codec::ProtocolVersion::V5;
use cqlwire_codec::{
    ErrorCode, Failures, Replicas, ServerError, ServerErrorDetail as D, WriteType,
};

use super::Made;

impl Made<'_> {
    pub(super) fn error(&mut self) -> Result<ServerError> {
        let message = self.text()?;
        let (code, detail) = match self.short()? % 10 {
            0 => {
                let (consistency, required, alive) =
                    (self.consistency()?, self.int()?, self.int()?);
                (ErrorCode::Unavailable, D::Unavailable { consistency, required, alive })
            }
            1 => {
                let (replicas, write_type) = (self.replicas()?, self.write_type()?);
                let contentions = self.since(V5, Self::short)?;
                let contentions = contentions.filter(|_| write_type == WriteType::Cas);
                (ErrorCode::WriteTimeout, D::WriteTimeout { replicas, write_type, contentions })
            }
            2 => {
                let (replicas, data_present) = (self.replicas()?, self.flag()?);
                (ErrorCode::ReadTimeout, D::ReadTimeout { replicas, data_present })
            }
            3 => {
                let (replicas, failures) = (self.replicas()?, self.failures()?);
                let data_present = self.flag()?;
                (ErrorCode::ReadFailure, D::ReadFailure { replicas, failures, data_present })
            }
            4 => {
                let (replicas, failures) = (self.replicas()?, self.failures()?);
                let write_type = self.write_type()?;
                (ErrorCode::WriteFailure, D::WriteFailure { replicas, failures, write_type })
            }
            5 => {
                let (keyspace, function) = (self.text()?, self.text()?);
                let arguments = self.texts()?;
                (ErrorCode::FunctionFailure, D::FunctionFailure { keyspace, function, arguments })
            }
            6 => {
                let replicas = self.replicas()?;
                (ErrorCode::CasWriteUnknown, D::CasWriteUnknown { replicas })
            }
            7 => {
                let keyspace = self.text()?;
                let table = self.maybe(Self::text)?.filter(|table| !table.is_empty());
                (ErrorCode::AlreadyExists, D::AlreadyExists { keyspace, table })
            }
            8 => (ErrorCode::Unprepared, D::Unprepared { id: self.id()? }),
            _ => (self.bare_code()?, D::None),
        };
        if !self.is(code.since()) {
            return Ok(ServerError::new(ErrorCode::Invalid, message));
        }
        Ok(ServerError { code, message, detail })
    }

    /// The code of an error that is nothing but its text.
    fn bare_code(&mut self) -> Result<ErrorCode> {
        let known =
            [0x0, 0xA, 0x100, 0x1001, 0x1002, 0x1003, 0x1600, 0x2000, 0x2100, 0x2200, 0x2300];
        let code = if self.flag()? { self.one_of(&known)? } else { -1 - self.int()?.abs() / 2 };
        Ok(ErrorCode::from_code(code))
    }

    fn replicas(&mut self) -> Result<Replicas> {
        let consistency = self.consistency()?;
        Ok(Replicas { consistency, received: self.int()?, required: self.int()? })
    }

    fn failures(&mut self) -> Result<Failures> {
        if !self.is(V5) {
            return Ok(Failures { count: self.int()?, reasons: Vec::new() });
        }
        let reasons = self.list(3, |made| Ok((made.from.arbitrary()?, made.short()?)))?;
        Ok(Failures { count: i32::try_from(reasons.len()).expect("few"), reasons })
    }

    fn write_type(&mut self) -> Result<WriteType> {
        let names =
            ["SIMPLE", "BATCH", "UNLOGGED_BATCH", "COUNTER", "BATCH_LOG", "CAS", "VIEW", "CDC"];
        let name = if self.from.ratio(1, 20)? { "NEWER" } else { self.one_of(&names)? };
        Ok(WriteType::from(name))
    }
}
