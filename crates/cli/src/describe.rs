//! `describe`: the CQL that makes a keyspace, a table or a type again; without a name, what there is.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use cqlwire::cluster::Keyspace;
use cqlwire::{Describe, Schema, Session};

use crate::connect::ConnectionArgs;
use crate::exit::{Exit, Failure};
use crate::name::{Name, written};
use crate::output::{self, Look, Table};

/// What to describe.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Names are as in CQL: in lower case, unless they stand in double quotes.")]
pub(crate) struct Args {
    /// A keyspace, keyspace.table, or keyspace.type; without any, what keyspaces there are
    name: Option<String>,
}

/// How long the schema may take to be read.
const PATIENCE: Duration = Duration::from_secs(60);

/// Writes it.
pub(crate) async fn run(connection: &ConnectionArgs, args: &Args) -> Result<(), Failure> {
    let name = args.name.as_deref().map(Name::parse).transpose()?;
    let session = connection.connect().await?;
    let text = text(&session, name).await;
    session.close(Duration::from_secs(5)).await;
    let mut out = output::stdout();
    out.write_all(&text?)?;
    Ok(out.flush()?)
}

async fn text(session: &Session, name: Option<Name>) -> Result<Vec<u8>, Failure> {
    if !session.refresh(PATIENCE).await {
        return Err(Failure::new(Exit::TimedOut, "the schema could not be read in time"));
    }
    let schema = session.schema();
    let Some(mut name) = name else { return list(&schema) };
    if name.keyspace.is_none() && schema.keyspace(&name.own).is_none() {
        // Of the keyspace that was named by a flag, then.
        name.keyspace = session.keyspace().map(|keyspace| keyspace.to_string());
    }
    let cql = session.describe(found(&schema, &name)?).await?;
    Ok(format!("{}\n", cql.trim_end()).into_bytes())
}

/// What goes by the name.
fn found<'a>(schema: &Schema, name: &'a Name) -> Result<Describe<'a>, Failure> {
    let none = |why: String| Failure::refused(why);
    let own = &name.own;
    let Some(keyspace) = &name.keyspace else {
        return match schema.keyspace(own) {
            Some(_) => Ok(Describe::Keyspace(own)),
            None => Err(none(format!("there is no keyspace {}", written(own)))),
        };
    };
    let within = schema.keyspace(keyspace);
    let within =
        within.ok_or_else(|| none(format!("there is no keyspace {}", written(keyspace))))?;
    if within.table(own).is_some() {
        Ok(Describe::Table(keyspace, own))
    } else if within.user_type(own).is_some() {
        Ok(Describe::Type(keyspace, own))
    } else {
        let (keyspace, own) = (written(keyspace), written(own));
        Err(none(format!("{keyspace} has no table, view or type {own}")))
    }
}

/// The keyspaces, each with how much is in it.
fn list(schema: &Schema) -> Result<Vec<u8>, Failure> {
    let rows: Vec<_> = schema.keyspaces().map(|keyspace| Table::texts(row(keyspace))).collect();
    let table =
        Table::of(&["keyspace", "tables", "views", "types", "replication"], Look::of_stdout());
    let mut text = Vec::new();
    table.whole(&rows, &mut text)?;
    Ok(text)
}

fn row(keyspace: &Arc<Keyspace>) -> [String; 5] {
    let replication = keyspace.replication();
    let strategy = replication.get("class").map_or("virtual", String::as_str);
    let strategy = strategy.rsplit('.').next().unwrap_or(strategy);
    let others = replication.iter().filter(|(name, _)| *name != "class");
    let others: Vec<_> = others.map(|(name, value)| format!("{name} {value}")).collect();
    let replication = format!("{strategy} {}", others.join(", "));
    let count = |number: usize| number.to_string();
    [
        written(keyspace.name()).into_owned(),
        count(keyspace.tables().count()),
        count(keyspace.views().count()),
        count(keyspace.user_types().count()),
        replication.trim_end().to_owned(),
    ]
}
