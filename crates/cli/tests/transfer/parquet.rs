//! Exports to Parquet, read back by the crate that other programs read it with.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampMillisecondType};
use arrow_array::{Array, ArrayRef, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Place, round_trip};

fn batches(place: &Place, name: &str) -> Vec<RecordBatch> {
    let file = std::fs::File::open(place.path(name)).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_table_of_every_type_is_read_back() {
    let place = round_trip::place("parquet_types").await;
    place.run("export", "source", &["all.parquet"]).ended(0, "5 rows");
    assert!(!place.path("all.parquet.part.tmp").exists());
    let batches = batches(&place, "all.parquet");
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 5);
    let prepared = place.session.prepare("SELECT * FROM parquet_types.source").await.unwrap();
    let mut names: Vec<_> = prepared.columns().unwrap().iter().map(|it| it.name.clone()).collect();
    let schema = batches[0].schema();
    let mut found: Vec<_> = schema.fields().iter().map(|field| field.name().clone()).collect();
    names.sort();
    found.sort();
    assert_eq!(found, names);
    let (batch, row) = batches
        .iter()
        .find_map(|batch| {
            let keys = batch.column_by_name("c").unwrap().as_string::<i32>();
            (0..batch.num_rows())
                .find(|row| keys.is_valid(*row) && keys.value(*row) == "a")
                .map(|row| (batch, row))
        })
        .unwrap();
    let column = |name: &str| -> &ArrayRef { batch.column_by_name(name).unwrap() };
    let text = |name: &str| column(name).as_string::<i32>().value(row);
    assert_eq!(text("t"), "it's \"quoted\", with ñ");
    assert_eq!(text("de"), "12.50");
    assert_eq!(text("i"), "2001:db8::1");
    assert_eq!(column("n").as_primitive::<Int32Type>().value(row), 7);
    let times = column("ts").as_primitive::<TimestampMillisecondType>();
    assert_eq!(times.value(row), 1_446_471_900_123);
    let list = column("l").as_list::<i32>().value(row);
    let list: Vec<_> = list.as_string::<i32>().iter().flatten().map(str::to_owned).collect();
    assert_eq!(list, ["b", "", "a", "it's"]);
    let part = column("p").as_struct();
    assert_eq!(part.column_by_name("name").unwrap().as_string::<i32>().value(row), "n");
    assert!(part.column_by_name("size").unwrap().is_null(row));
    let map = column("m").as_map().value(row);
    assert_eq!(
        map.column(0).as_string::<i32>().iter().flatten().collect::<Vec<_>>(),
        ["it's", "k"]
    );
    place.close().await;
}

#[tokio::test]
async fn a_parquet_file_is_whole_or_not_there() {
    let table = "CREATE TABLE KS.t (k int PRIMARY KEY, n int)";
    let place = Place::new("parquet_whole", &[table]).await;
    place.run("export", "t", &["none.parquet"]).ended(0, "0 rows");
    assert_eq!(batches(&place, "none.parquet").len(), 0);
    place
        .run("export", "t", &["a.parquet", "--progress", "p"])
        .ended(2, "--progress is of CSV and JSON");
    place.query("INSERT INTO parquet_whole.t (k, n) VALUES (1, blobAsInt(0x))").await;
    place
        .run("export", "t", &["a.parquet"])
        .ended(1, "column `n`: a value of 0 bytes, which is not null, has no place in Parquet");
    assert!(!place.path("a.parquet").exists() && !place.path("a.parquet.part.tmp").exists());
    place.run("load", "t", &["none.parquet"]).ended(2, "no Parquet");
    place.close().await;
}
