//! Passwords and TLS.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use cqlwire::{Session, Tls, TlsFiles, WithoutTls};
use cqlwire_testkit::cassandra::{Certificates, Cluster};
use cqlwire_testkit::eventually;
use tokio::task::JoinHandle;

use crate::{PATIENCE, builder, close, left_out, release};

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
    let stranger = Certificates::make().unwrap();
    let text = refused(builder().tls(Tls::trusting(stranger.ca.as_bytes()).unwrap())).await;
    assert!(text.contains("TLS handshake failed"), "{text}");
    let wrong_name = tls().server_name("db.example").unwrap();
    let text = refused(builder().tls(wrong_name)).await;
    assert!(text.contains("TLS handshake failed"), "{text}");
}

#[tokio::test]
async fn a_password_and_a_class_are_kept_back_where_the_settings_say_so() {
    let cluster = Cluster::builder().password().start().await;
    let (user, password) = CREDENTIALS;
    let builder = || builder(&cluster).credentials(user, password);
    let text = refused(builder().plain_password_without_tls(WithoutTls::Refuse)).await;
    assert!(text.contains("`plain_password_without_tls` is Refuse"), "{text}");
    let text = refused(builder().authenticator_classes(["com.example.Other"])).await;
    let class = "authenticates with org.apache.cassandra.auth.PasswordAuthenticator, and \
                 `authenticator_classes` allows only com.example.Other";
    assert!(text.contains(class), "{text}");
    let allowed = builder().authenticator_classes(["PasswordAuthenticator"]);
    close(allowed.connect().await.unwrap()).await;
}

/// The files of a client, with the authorities of all of these, and the identity of the last.
struct Files(tempfile::TempDir);

impl Files {
    fn write(&self, certificates: &[&Certificates]) {
        let authorities: String = certificates.iter().map(|own| own.ca.as_str()).collect();
        let last = certificates.last().unwrap();
        for (name, text) in
            [("ca", &authorities), ("client", &last.client), ("key", &last.client_key)]
        {
            fs::write(self.path(name), text).unwrap();
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// One request after the other.
struct Load {
    done: Arc<AtomicU32>,
    stop: Arc<AtomicBool>,
    task: JoinHandle<Vec<String>>,
}

impl Load {
    fn of(session: &Session) -> Self {
        let (done, stop) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
        let (session, counts, stops) = (session.clone(), Arc::clone(&done), Arc::clone(&stop));
        let task = tokio::spawn(async move {
            let mut failed = Vec::new();
            while !stops.load(Relaxed) {
                let asked = session.query("SELECT release_version FROM system.local", ());
                match asked.idempotent(true).timeout(PATIENCE).await {
                    Ok(_) => drop(counts.fetch_add(1, Relaxed)),
                    Err(error) => failed.push(error.to_string()),
                }
            }
            failed
        });
        Self { done, stop, task }
    }

    fn done(&self) -> u32 {
        self.done.load(Relaxed)
    }

    async fn failed(self) -> Vec<String> {
        self.stop.store(true, Relaxed);
        self.task.await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_replaced_while_requests_go_on() {
    let cluster = Cluster::builder().client_certificates().start().await;
    let files = Files(tempfile::tempdir().unwrap());
    let old = cluster.certificates().unwrap().clone();
    files.write(&[&old]);
    let named = TlsFiles::trusting(files.path("ca"));
    let tls = Tls::from_files(named.client_auth(files.path("client"), files.path("key"))).unwrap();
    // However long the server takes to start, it is the deadline of a request that ends it.
    let builder_of_all = builder(&cluster).retries(|retries| retries.max_plans = 200);
    let session = builder_of_all.tls(tls).connect().await.unwrap();

    let load = Load::of(&session);
    eventually(PATIENCE, "requests go on", || load.done() >= 100).await;
    let new = cluster.renew_certificates();
    files.write(&[&old, &new]);
    cluster.node(1).restart().await;
    let is_up = || session.health().local_hosts_up == 1;
    eventually(PATIENCE, "the session is connected anew", is_up).await;
    files.write(&[&new]);
    let before = load.done();
    eventually(PATIENCE, "requests go on as before", || load.done() >= before + 100).await;
    // What waited for the only node got its answer of it.
    assert_eq!(load.failed().await, Vec::<String>::new());
    close(session).await;

    let stale =
        Tls::with_client_auth(old.ca.as_bytes(), old.client.as_bytes(), old.client_key.as_bytes());
    let text = refused(builder(&cluster).tls(stale.unwrap())).await;
    assert!(text.contains("is the authority that signed it among those"), "{text}");
    let nobody = Tls::trusting(new.ca.as_bytes()).unwrap();
    let text = refused(builder(&cluster).tls(nobody)).await;
    assert!(text.contains("certificate"), "{text}");
}

/// The authenticator of 5.0 that takes the identity in the client's certificate for a role.
#[tokio::test]
async fn a_client_is_known_by_its_certificate() {
    let cluster = Cluster::builder().name("test-identity").password().client_certificates();
    let cluster = cluster.start().await;
    let own = cluster.certificates().unwrap();
    let (ca, chain, key) = (own.ca.as_bytes(), own.client.as_bytes(), own.client_key.as_bytes());
    let builder = || builder(&cluster).tls(Tls::with_client_auth(ca, chain, key).unwrap());
    let (user, password) = CREDENTIALS;
    let session = builder().credentials(user, password).connect().await.unwrap();
    if release(&session).await.starts_with('4') {
        left_out("before 5.0 no authenticator knows certificates");
        return close(session).await;
    }
    session.query("CREATE ROLE shop WITH LOGIN = true", ()).await.unwrap();
    let add = format!("ADD IDENTITY '{}' TO ROLE 'shop'", Certificates::IDENTITY);
    session.query(&add, ()).await.unwrap();
    close(session).await;

    let class = "org.apache.cassandra.auth.MutualTlsAuthenticator";
    let validator = "org.apache.cassandra.auth.SpiffeCertificateValidator";
    let authenticator =
        format!("{{class_name: {class}, parameters: {{validator_class_name: {validator}}}}}");
    cluster.node(1).replace_setting("authenticator", &authenticator);
    cluster.node(1).replace_setting("authorizer", "AllowAllAuthorizer");
    cluster.node(1).restart().await;
    let session = builder().connect().await.unwrap();
    let found = session.query("SELECT username FROM system_views.clients", ()).await.unwrap();
    let users: Vec<String> = found.rows::<(String,)>().unwrap().map(|row| row.unwrap().0).collect();
    drop(found);
    assert!(!users.is_empty() && users.iter().all(|user| user == "shop"), "{users:?}");
    // A password is not asked for, and not sent.
    let again = builder().credentials(user, "wrong").connect().await.unwrap();
    close(again).await;
    close(session).await;
}

#[tokio::test]
async fn tls_to_a_port_without_it() {
    let cluster = cqlwire_testkit::cassandra::shared().await;
    let certificates = Certificates::make().unwrap();
    let tls = Tls::trusting(certificates.ca.as_bytes()).unwrap();
    let text = refused(builder(cluster).tls(tls)).await;
    assert!(text.contains("TLS handshake failed"), "{text}");
}

const fn is_shared<T: Send + Sync + 'static>() {}
const _: () = is_shared::<Session>();
