//! From flags, files and the environment to a session.
//!
//! `args.rs` has the flags, `source.rs` where settings come from, `cqlshrc.rs` reads those of cqlsh,
//! `password.rs` where a password may come from; `hosts.rs` connects to every host.

mod args;
mod cqlshrc;
mod hosts;
mod password;
mod source;

use cqlwire::{Session, SessionBuilder, Tls, TlsFiles};

pub(crate) use self::args::{
    CONSISTENCIES, ConnectionArgs, HELP, SERIAL_CONSISTENCIES, consistency, serial_consistency,
    time,
};
pub(crate) use self::hosts::{connected, every_host};
pub(crate) use self::password::ask;
pub(crate) use self::source::{Settings, state_home};
use crate::exit::{Exit, Failure};

impl ConnectionArgs {
    /// Connects as the flags, the files and the environment say.
    pub(crate) async fn connect(&self) -> Result<Session, Failure> {
        connect(Settings::of(self)?.builder()?).await
    }
}

/// Connects. That nobody answered within the time is as good as that nobody could be reached.
pub(crate) async fn connect(builder: SessionBuilder) -> Result<Session, Failure> {
    builder.connect().await.map_err(|error| match error.is_timeout() {
        true => Failure::new(Exit::NoHost, error),
        false => Failure::from(error),
    })
}

/// What flags say of TLS, if they say anything.
fn tls(args: &ConnectionArgs) -> Result<Option<Tls>, Failure> {
    let tls = match (&args.tls_ca, &args.tls_cert, &args.tls_key) {
        (Some(authorities), certificate, key) => {
            let files = TlsFiles::trusting(authorities);
            let files = match certificate.as_ref().zip(key.as_ref()) {
                Some((certificate, key)) => files.client_auth(certificate, key),
                None => files,
            };
            Tls::from_files(files)
        }
        (None, Some(_), _) | (None, _, Some(_)) => {
            return Err(Failure::usage("--tls-cert and --tls-key go with --tls-ca"));
        }
        (None, None, None) if args.tls || args.tls_name.is_some() => Tls::trusting_system(),
        (None, None, None) => return Ok(None),
    };
    let tls = tls.and_then(|tls| match &args.tls_name {
        Some(name) => tls.server_name(name),
        None => Ok(tls),
    });
    tls.map(Some).map_err(|error| Failure::usage(format_args!("TLS: {error}")))
}
