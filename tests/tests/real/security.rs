//! Passwords and TLS.

use cqlwire::{Session, Tls};
use cqlwire_testkit::cassandra::Cluster;

use crate::{builder, close};

const CREDENTIALS: (&str, &str) = ("cassandra", "cassandra");

async fn refused(builder: cqlwire::SessionBuilder) -> String {
    builder.connect().await.unwrap_err().to_string()
}

#[tokio::test]
async fn password_and_tls_together_and_what_is_wrong_with_either() {
    let cluster = Cluster::builder().password().tls().start().await;
    let ca = cluster.certificates().unwrap().ca.as_bytes();
    let tls = || Tls::trusting(ca).unwrap();
    let (user, password) = CREDENTIALS;
    let builder = || builder(&cluster);

    let session = builder().tls(tls()).credentials(user, password).connect().await.unwrap();
    let found = session.query("SELECT release_version FROM system.local", ()).await.unwrap();
    assert!(found.one_row::<(&str,)>().unwrap().0.starts_with(['4', '5']));
    drop(found);
    close(session).await;

    let text = refused(builder().tls(tls()).credentials(user, "wrong")).await;
    assert!(text.contains("authentication failed"), "{text}");
    let text = refused(builder().tls(tls())).await;
    assert!(text.contains("the server asks for credentials"), "{text}");
    let text = refused(builder().credentials(user, password)).await;
    assert!(text.contains("STARTUP failed"), "TLS on one side only: {text}");
    let stranger = cqlwire_testkit::cassandra::Certificates::make().unwrap();
    let text = refused(builder().tls(Tls::trusting(stranger.ca.as_bytes()).unwrap())).await;
    assert!(text.contains("TLS handshake failed"), "{text}");
    let wrong_name = tls().server_name("db.example").unwrap();
    let text = refused(builder().tls(wrong_name)).await;
    assert!(text.contains("TLS handshake failed"), "{text}");
}

#[tokio::test]
async fn tls_to_a_port_without_it() {
    let cluster = cqlwire_testkit::cassandra::shared().await;
    let certificates = cqlwire_testkit::cassandra::Certificates::make().unwrap();
    let tls = Tls::trusting(certificates.ca.as_bytes()).unwrap();
    let text = refused(builder(cluster).tls(tls)).await;
    assert!(text.contains("TLS handshake failed"), "{text}");
}

const fn is_shared<T: Send + Sync + 'static>() {}
const _: () = is_shared::<Session>();
