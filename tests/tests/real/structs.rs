//! Structs as bind values, as user types and as rows, by the names that the server gives.

use cqlwire::{BindValues, Row, UserType, Value};

use crate::{close, create, shared};

#[derive(Clone, Debug, PartialEq, UserType)]
struct Address {
    // In another order than the type has, and with another name.
    #[cql(rename = "number")]
    house: Option<i32>,
    street: String,
}

#[derive(Clone, Debug, PartialEq, Value)]
struct Id(i64);

#[derive(Clone, Debug, PartialEq, Row, BindValues)]
struct Person {
    name: String,
    others: Vec<Address>,
    home: Option<Address>,
    id: Id,
}

/// A part of a row, borrowed; what else it has is of no concern.
#[derive(Debug, PartialEq, Row)]
struct Name<'page> {
    name: &'page str,
    #[cql(default)]
    nickname: String,
}

fn people() -> [Person; 2] {
    let home = Address { house: Some(7), street: "Karl Johans gate".to_owned() };
    let nowhere = Address { house: None, street: String::new() };
    [
        Person {
            name: "Ada".to_owned(),
            others: vec![home.clone(), nowhere],
            home: Some(home),
            id: Id(1),
        },
        Person { name: "Grace".to_owned(), others: Vec::new(), home: None, id: Id(2) },
    ]
}

#[tokio::test]
async fn structs_come_back_as_they_were_written() {
    let session = shared().await;
    create(&session, "structs", "unused (k int PRIMARY KEY)").await;
    for statement in [
        "CREATE TYPE structs.address (street text, number int)",
        "CREATE TABLE structs.people (id bigint PRIMARY KEY, home frozen<address>, name text, \
         others frozen<list<frozen<address>>>)",
    ] {
        session.query(statement, ()).await.unwrap();
    }
    let (columns, markers) = (Person::COLUMNS, Person::COLUMNS.markers());
    let insert = format!("INSERT INTO structs.people ({columns}) VALUES ({markers})");
    let insert = session.prepare(&insert).await.unwrap();
    for person in people() {
        session.execute(&insert, person).await.unwrap();
    }
    let select = format!("SELECT {columns} FROM structs.people WHERE id = ?");
    let select = session.prepare(&select).await.unwrap();
    for person in people() {
        let found = session.execute(&select, (person.id.0,)).await.unwrap();
        // An empty frozen collection is stored as one: it is not null.
        assert_eq!(found.one_row::<Person>().unwrap(), person);
        let name = Name { name: &person.name, nickname: String::new() };
        assert_eq!(found.one_row::<Name<'_>>().unwrap(), name);
    }
    let streamed = session.query("SELECT * FROM structs.people", ()).rows::<Person>();
    assert_eq!(streamed.try_collect(10).await.unwrap().len(), 2);

    // A field that was added by others is null for whoever wrote before, and skipped by who reads.
    session.query("ALTER TYPE structs.address ADD country text", ()).await.unwrap();
    let found = session.query("SELECT * FROM structs.people WHERE id = 1", ()).await.unwrap();
    assert_eq!(found.one_row::<Person>().unwrap(), people()[0]);
    drop(found);
    close(session).await;
}
