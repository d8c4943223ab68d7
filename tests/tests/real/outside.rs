//! Settings from outside of the program, with a server that asks for all that they can say.

use cqlwire::{Config, Session};
use cqlwire_testkit::cassandra::Cluster;

use crate::close;

#[tokio::test]
async fn a_url_is_enough_for_a_password_and_tls() {
    let cluster = Cluster::builder().password().tls().start().await;
    let folder = tempfile::tempdir().unwrap();
    let authorities = folder.path().join("ca.pem");
    std::fs::write(&authorities, &cluster.certificates().unwrap().ca).unwrap();
    let (points, authorities) = (cluster.contact_points(), authorities.display().to_string());
    let points = points.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let url = |password: &str| {
        format!(
            "cql://cassandra:{password}@{points}/system?local_dc=dc1&tls={authorities}\
             &profile.consistency=ONE&profile.timeout=30s&application_name=by%20url\
             &socket.keepalive.time=30s&socket.receive_buffer_bytes=1%20MiB"
        )
    };

    let session = Session::builder().url(&url("cassandra")).connect().await.unwrap();
    let found = session.query("SELECT release_version FROM local", ()).await.unwrap();
    assert!(found.one_row::<(&str,)>().unwrap().0.starts_with(['4', '5', '6']));
    drop(found);
    close(session).await;

    let error = Session::builder().url(&url("geheim")).connect().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("authentication failed") && !text.contains("geheim"), "{text}");
    let mut other = Config::from_url(&url("cassandra")).unwrap();
    other.set("tls.server_name", "db.example").unwrap();
    let error = Session::builder().config(other).connect().await.unwrap_err();
    assert!(error.to_string().contains("TLS handshake failed"), "{error}");
}
