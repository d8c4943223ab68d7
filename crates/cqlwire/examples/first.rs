//! The first program: what README.md prints, word for word. It makes its own tables.
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

use cqlwire::{BindValues, Row, Session, UserType};

#[derive(Debug, UserType)]
struct Address {
    street: String,
    number: Option<i32>,
}

#[derive(Debug, Row, BindValues)]
struct User {
    city: String,
    id: i64,
    name: String,
    #[cql(rename = "home_address")]
    home: Option<Address>,
}

const SCHEMA: [&str; 3] = [
    "CREATE KEYSPACE IF NOT EXISTS shop
     WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    "CREATE TYPE IF NOT EXISTS shop.address (street text, number int)",
    "CREATE TABLE IF NOT EXISTS shop.users (
         city text, id bigint, name text, home_address frozen<address>,
         PRIMARY KEY (city, id))",
];

#[tokio::main]
async fn main() -> cqlwire::Result<()> {
    let session = Session::builder().contact_points(["127.0.0.1"]).connect().await?;
    for statement in SCHEMA {
        session.query(statement, ()).await?;
    }

    // Bind values are a struct, by name, or a tuple, by position.
    let insert = session
        .prepare(
            "INSERT INTO shop.users (city, id, name, home_address)
             VALUES (:city, :id, :name, :home_address)",
        )
        .await?;
    let home = Some(Address { street: "Karl Johans gate".to_owned(), number: Some(1) });
    let ada = User { city: "Oslo".to_owned(), id: 7, name: "Ada".to_owned(), home };
    session.execute(&insert, ada).await?;
    session.execute(&insert, ("Oslo", 8_i64, "Grace", None::<Address>)).await?;

    // Rows as they come, page by page, as structs.
    let by_city = session.prepare("SELECT * FROM shop.users WHERE city = ?").await?;
    let mut users = session.execute(&by_city, ("Oslo",)).page_size(1_000).rows::<User>();
    while let Some(user) = users.try_next().await? {
        println!("{user:?}");
    }

    // A small result, awaited as a whole.
    let count = session.query("SELECT count(*) FROM shop.users WHERE city = ?", ("Oslo",)).await?;
    let (count,) = count.one_row::<(i64,)>()?;
    println!("{count} in Oslo");
    Ok(())
}
