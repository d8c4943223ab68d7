//! What a server shows of its clients.

use std::collections::HashMap;

use cqlwire::Session;
use cqlwire::codec::Startup;
use cqlwire_testkit::cassandra;
use tokio::time::timeout;

use crate::{PATIENCE, builder, close, left_out, release};

type Client = (Option<String>, Option<String>, HashMap<String, String>);

/// Once a person has found the connections of a session at a server, its log can be found, and the
/// other way round.
#[tokio::test]
async fn servers_show_whose_a_connection_is_and_how_it_is_set() {
    let builder = builder(cassandra::shared().await).local_data_center("dc1");
    let builder = builder.application_name("shop").application_version("1.2.3");
    let session = builder.connect().await.unwrap();
    if release(&session).await.starts_with("4.0") {
        left_out("4.0 shows the name and the version of a driver, and no options");
        let clients = "SELECT driver_name, driver_version FROM system_views.clients";
        let clients = session.query(clients, ()).rows::<(Option<String>, Option<String>)>();
        let clients = clients.try_collect(1_000).await.unwrap();
        let own = clients.iter().filter(|(driver, _)| driver.as_deref() == Some("cqlwire"));
        assert!(own.count() >= 3, "{clients:?}");
        return close(session).await;
    }
    // Two for requests, of which one is enough for a session, and the one for control.
    let all = async {
        loop {
            let own = connections(&session).await;
            if own.len() >= 3 {
                return own;
            }
        }
    };
    let own = timeout(PATIENCE, all).await.unwrap();
    assert_eq!(own.len(), 3, "{own:?}");
    for (driver, version, options) in &own {
        assert_eq!(driver.as_deref(), Some("cqlwire"));
        assert_eq!(version.as_deref(), options.get(Startup::DRIVER_VERSION).map(String::as_str));
        assert_eq!(options.get(Startup::APPLICATION_NAME).map(String::as_str), Some("shop"));
        assert_eq!(options.get(Startup::APPLICATION_VERSION).map(String::as_str), Some("1.2.3"));
    }
    let told: Vec<_> =
        own.iter().filter_map(|(_, _, options)| options.get(Startup::DRIVER_CONFIG)).collect();
    let [config] = told[..] else { panic!("told over one connection: {own:?}") };
    let config: serde_json::Value = serde_json::from_str(config).unwrap();
    let near = config.pointer("/connection/node-preference/local-dc");
    assert_eq!(near, Some(&"dc1".into()), "{config}");
    assert_eq!(config.pointer("/query/defaults/consistency"), Some(&"ONE".into()), "{config}");
    close(session).await;
}

/// Those of a session, as its server shows them.
async fn connections(session: &Session) -> Vec<Client> {
    let clients = "SELECT driver_name, driver_version, client_options FROM system_views.clients";
    let clients = session.query(clients, ()).rows::<Client>().try_collect(1_000).await.unwrap();
    let id = session.id().to_string();
    let is_own = |(_, _, options): &Client| options.get(Startup::SESSION_ID) == Some(&id);
    clients.into_iter().filter(is_own).collect()
}

/// The server quotes what it does not understand.
#[tokio::test]
async fn a_password_in_a_statement_that_a_server_quotes_is_not_in_the_error() {
    let session = builder(cassandra::shared().await).connect().await.unwrap();
    for text in [
        "CREATE ROLE ada WITH PASSWORD = 'geheim' BLAH",
        "CREATE ROLE ada WITH LOGIN = true AND PASSWORD = 'geheim' AND OPTIONS = [1]",
        "CREATE USER ada WITH PASSWORD 'geheim' NOSUCH",
        "ALTER ROLE nobody WITH HASHED PASSWORD = 'geheim'",
    ] {
        let error = session.query(text, ()).await.unwrap_err();
        assert!(!format!("{error} {error:?} {error:#?}").contains("geheim"), "{error}");
        let error = session.prepare(text).await.map(drop).map_err(|error| format!("{error:#?}"));
        assert!(!error.err().is_some_and(|error| error.contains("geheim")));
    }
    close(session).await;
}
