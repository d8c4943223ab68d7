//! Every version and compression that a server speaks.

use cqlwire::{Compression, ProtocolVersion};
use cqlwire_testkit::cassandra;

use crate::{builder, close};

#[tokio::test]
async fn every_version_with_and_without_compression() {
    let cluster = cassandra::shared().await;
    let versions = [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5];
    for version in versions {
        for compression in [None, Some(Compression::Lz4)] {
            let mut builder = builder(cluster).protocol_versions(version, version);
            if let Some(compression) = compression {
                builder = builder.compression(compression);
            }
            let session = builder.connect().await.unwrap();
            let connection = session.topology().hosts()[0].pool().pick().unwrap();
            assert_eq!((connection.version(), connection.compression()), (version, compression));
            drop(connection);

            let statement = "SELECT keyspace_name, column_name FROM system_schema.columns";
            let select = session.prepare(statement).await.unwrap();
            let mut rows = session.execute(&select, ()).page_size(100).rows::<(String, String)>();
            let mut columns = 0;
            while let Some((keyspace, column)) = rows.try_next().await.unwrap() {
                assert!(!keyspace.is_empty() && !column.is_empty());
                columns += 1;
            }
            assert!(columns > 300, "{version} {compression:?}: {columns} columns");
            drop(rows);
            close(session).await;
        }
    }
}

#[tokio::test]
async fn a_large_value_goes_over_several_segments_both_ways() {
    let cluster = cassandra::shared().await;
    for compression in [None, Some(Compression::Lz4)] {
        let mut builder = builder(cluster);
        if let Some(compression) = compression {
            builder = builder.compression(compression);
        }
        let session = builder.connect().await.unwrap();
        crate::create(&session, "large", "t (k int PRIMARY KEY, b blob)").await;
        let insert = session.prepare("INSERT INTO large.t (k, b) VALUES (1, ?)").await.unwrap();
        let select = session.prepare("SELECT b FROM large.t WHERE k = 1").await.unwrap();
        for length in [131_000, 131_072, 1_000_000] {
            let blob: Vec<u8> = (0..length).map(|i: u32| i.to_le_bytes()[0]).collect();
            session.execute(&insert, (blob.as_slice(),)).await.unwrap();
            let found = session.execute(&select, ()).await.unwrap();
            assert!(found.one_row::<(&[u8],)>().unwrap().0 == blob, "{length} bytes");
        }
        close(session).await;
    }
}
