//! Where the cluster is, and who asks: flags, files, variables, and what is never shown.

use std::fs;
use std::process::Command;

use cqlwire_testkit::cassandra::Cluster;

use crate::{Cqlwire, ran};

#[tokio::test]
async fn settings_come_from_the_first_place_that_there_is() {
    let cqlwire = Cqlwire::shared().await;
    let points = cqlwire.url.split_once("://").unwrap().1.split('?').next().unwrap();
    let (host, port) = points.split(',').next().unwrap().rsplit_once(':').unwrap();
    let home = cqlwire.home.path();
    let wrong = "cql://127.0.0.1:1";

    // What cqlsh knows.
    fs::create_dir_all(home.join(".cassandra")).unwrap();
    let cqlshrc =
        format!("; cqlsh\n[connection]\nhostname = {host}\nport = {port}\n[ui]\ncolor = on\n");
    fs::write(home.join(".cassandra/cqlshrc"), cqlshrc).unwrap();
    let ping = |change: &dyn Fn(&mut Command)| {
        let mut command = cqlwire.command();
        command.env_remove("CQLWIRE_URL").args(["ping", "-n", "1"]);
        change(&mut command);
        ran(&mut command, "")
    };
    ping(&|_| {}).done();
    ping(&|command| _ = command.env("CQLWIRE_URL", wrong)).failed(3);
    ping(&|command| _ = command.env("CQLWIRE_URL", wrong).args(["-H", points])).done();

    // A file of one's own comes before it, and a named one before the URL.
    fs::create_dir_all(home.join(".config/cqlwire")).unwrap();
    fs::write(home.join(".config/cqlwire/default.toml"), "contact_points = \"127.0.0.1:1\"\n")
        .unwrap();
    ping(&|_| {}).failed(3);
    fs::write(home.join(".config/cqlwire/local.toml"), format!("contact_points = \"{points}\"\n"))
        .unwrap();
    ping(&|command| _ = command.env("CQLWIRE_URL", wrong).args(["--profile", "local"])).done();
    let unknown = ping(&|command| _ = command.args(["--set", "tiemout=1s"])).failed(2);
    assert!(unknown.starts_with("tiemout: unknown setting"), "{unknown}");
}

#[tokio::test]
async fn a_password_is_no_argument_and_never_shown() {
    let cluster = Cluster::builder().password().tls().start().await;
    let points: Vec<String> = cluster.contact_points().iter().map(ToString::to_string).collect();
    let cqlwire = Cqlwire::at(&points.join(","));
    let home = cqlwire.home.path();
    fs::write(home.join("ca.pem"), cluster.certificates().unwrap().ca.as_bytes()).unwrap();
    fs::write(home.join("password"), "cassandra\n").unwrap();
    let ca = home.join("ca.pem").display().to_string();
    let who = |password: Option<&str>, args: &[&str]| {
        let mut command = cqlwire.command();
        command.args(["ping", "--tls-ca", &ca, "-u", "cassandra"]).args(args);
        if let Some(password) = password {
            command.env("CQLWIRE_PASSWORD", password);
        }
        ran(&mut command, "")
    };
    let out = who(Some("cassandra"), &[]).done();
    let row = out.lines().nth(3).unwrap();
    assert!(row.contains("| TLSv1.") || row.contains("| yes"), "{out}");
    let file = home.join("password").display().to_string();
    who(None, &["--password-file", &file]).done();

    let lacking = who(None, &[]).failed(2);
    assert!(lacking.contains("CQLWIRE_PASSWORD or --password-file"), "{lacking}");
    let wrong = who(Some("open sesame"), &[]);
    assert_eq!(wrong.code, 1, "{}", wrong.told);
    assert!(wrong.told.contains("authentication failed") && !wrong.told.contains("sesame"));
    let set = who(None, &["--set", "credentials.password=open sesame"]);
    assert_eq!(set.code, 2, "{}", set.told);

    // What the driver has to say is said to whoever asks.
    let told = who(Some("cassandra"), &["-vv"]);
    assert!(told.code == 0 && told.told.contains(" INFO "), "{}", told.told);

    // As cqlsh has it.
    let mut command = cqlwire.command();
    let credentials = "[authentication]\nusername = cassandra\npassword = cassandra\n";
    let (host, port) = points[0].rsplit_once(':').unwrap();
    let place = format!("[connection]\nhostname = {host}\nport = {port}\nssl = true\n");
    fs::write(home.join("cqlshrc"), format!("{credentials}{place}[ssl]\ncertfile = ~/ca.pem\n"))
        .unwrap();
    let file = home.join("cqlshrc").display().to_string();
    ran(command.args(["ping", "--cqlshrc", &file]), "").done();
}
