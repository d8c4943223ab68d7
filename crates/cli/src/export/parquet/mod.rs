//! Pages to a Parquet file, written front to back in row groups of bounded size. `schema.rs` says which
//! type each type of CQL is, `array.rs` makes columns of values.

mod array;
mod schema;
#[cfg(test)]
mod tests;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use cqlwire::stream::Page;
use cqlwire::value::{CqlValue, Row};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::shape::TypedColumn;
use crate::exit::Failure;

/// See the [module](self).
pub(super) struct ParquetWriter {
    columns: Vec<TypedColumn>,
    schema: SchemaRef,
    writer: ArrowWriter<Vec<u8>>,
}

impl ParquetWriter {
    /// A file of these columns, a row group of which takes so many bytes at most before it is written.
    pub(super) fn new(columns: Vec<TypedColumn>, row_group_bytes: usize) -> Result<Self, Failure> {
        let schema = schema::of(&columns)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_bytes(Some(row_group_bytes))
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties));
        Ok(Self { columns, schema, writer: writer.map_err(Failure::refused)? })
    }

    /// Takes all rows of a page, and gives what is to be written by now.
    pub(super) fn page(&mut self, page: &Page) -> Result<Vec<u8>, Failure> {
        let mut values: Vec<Vec<CqlValue>> = self.columns.iter().map(|_| Vec::new()).collect();
        for row in page.rows::<Row<'_>>().map_err(Failure::refused)? {
            let row = row.map_err(Failure::refused)?;
            let mut cells = row.cells();
            for column in &mut values {
                column.push(cells.value().map_err(Failure::refused)?);
            }
        }
        self.rows(&values)?;
        Ok(std::mem::take(self.writer.inner_mut()))
    }

    /// Takes the values of all columns, column by column.
    fn rows(&mut self, values: &[Vec<CqlValue>]) -> Result<(), Failure> {
        let columns = self.columns.iter().zip(values);
        let arrays = columns.map(|(column, values)| {
            let values: Vec<&CqlValue> = values.iter().collect();
            array::of(&column.ty, &values)
                .map_err(|why| Failure::refused(format_args!("column `{}`: {why}", column.name)))
        });
        let arrays = arrays.collect::<Result<_, _>>()?;
        let batch = RecordBatch::try_new(self.schema.clone(), arrays).map_err(Failure::refused)?;
        self.writer.write(&batch).map_err(Failure::refused)
    }

    /// The rest of the file, which says where everything in it is.
    pub(super) fn end(self) -> Result<Vec<u8>, Failure> {
        self.writer.into_inner().map_err(Failure::refused)
    }
}
