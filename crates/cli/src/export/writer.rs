//! Pages to the bytes of a file, in whatever it is written.

use cqlwire::stream::Page;

use super::args::Args;
use super::shape::Shape;
use super::write::RowWriter;
use crate::exit::Failure;
use crate::transfer::FileFormat;

/// See the [module](self).
pub(super) enum Writer {
    Lines(RowWriter, String),
    #[cfg(feature = "parquet")]
    Parquet(Box<super::parquet::ParquetWriter>, Vec<u8>),
}

impl Writer {
    pub(super) fn new(shape: &Shape, args: &Args) -> Result<Self, Failure> {
        match shape.format {
            FileFormat::Lines(format) => {
                Ok(Self::Lines(RowWriter::new(shape, format, &args.dialect), String::new()))
            }
            FileFormat::Parquet => Self::parquet(shape, args),
        }
    }

    #[cfg(feature = "parquet")]
    fn parquet(shape: &Shape, args: &Args) -> Result<Self, Failure> {
        let columns = shape.typed_columns();
        let writer = super::parquet::ParquetWriter::new(columns, args.row_group << 20)?;
        Ok(Self::Parquet(Box::new(writer), Vec::new()))
    }

    #[cfg(not(feature = "parquet"))]
    fn parquet(_: &Shape, _: &Args) -> Result<Self, Failure> {
        Err(Failure::usage(
            "this cqlwire was built without Parquet: cargo install cqlwire-cli --features parquet \
             makes one that has it",
        ))
    }

    /// What a file begins with.
    pub(super) fn begin(&self) -> &[u8] {
        match self {
            Self::Lines(writer, _) => writer.header().as_bytes(),
            #[cfg(feature = "parquet")]
            Self::Parquet(..) => &[],
        }
    }

    /// Takes all rows of a page, and gives what is to be written by now.
    pub(super) fn page(&mut self, page: &Page) -> Result<&[u8], Failure> {
        match self {
            Self::Lines(writer, lines) => {
                lines.clear();
                writer.write_page(page, lines).map_err(Failure::refused)?;
                Ok(lines.as_bytes())
            }
            #[cfg(feature = "parquet")]
            Self::Parquet(writer, bytes) => {
                *bytes = writer.page(page)?;
                Ok(bytes)
            }
        }
    }

    /// What a file ends with.
    pub(super) fn end(self) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Lines(..) => Ok(Vec::new()),
            #[cfg(feature = "parquet")]
            Self::Parquet(writer, _) => writer.end(),
        }
    }
}
