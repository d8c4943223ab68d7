//! Whether the settings are within their ranges, and go together: looked at before anything is
//! connected, whoever set them, and however.

use std::time::Duration;

use cqlwire_codec::ProtocolVersion;
use cqlwire_net::Endpoint;

use super::value::{Value, shown_time, with_commas};
use super::{ConfigError, profile, session};
use crate::builder::SessionBuilder;
use crate::profile::ExecutionProfile;

type Outcome = Result<(), ConfigError>;

impl SessionBuilder {
    /// The first setting that is out of its range, or contradicts another one.
    pub(in crate::builder) fn check(&self) -> Outcome {
        for setting in session::all() {
            let checked = setting.allowed.check(&setting.of(self));
            checked.map_err(|why| ConfigError::new(setting.name, why))?;
        }
        self.versions()?;
        self.waits()?;
        self.limits_go_together()?;
        self.hosts_go_together()?;
        of_profile(&self.profile, "profile")?;
        self.named_profiles
            .iter()
            .try_for_each(|(name, profile)| of_profile(profile, &format!("profiles.{name}")))
    }

    fn versions(&self) -> Outcome {
        let connection = &self.cluster.pool.connection;
        let (oldest, newest) = (connection.oldest_version, connection.newest_version);
        if oldest > newest {
            let allowed = format!("at most {newest}, as `protocol_versions.newest` is");
            return refused("protocol_versions.oldest", oldest, &allowed);
        }
        let compression = connection.compression.filter(|_| oldest == ProtocolVersion::V5);
        if let Some(other) = compression.filter(|other| other.name() != "lz4") {
            let allowed = "`lz4` or `none`, since v5 knows no other, and it is the oldest version";
            return refused("compression", format_args!("`{}`", other.name()), allowed);
        }
        let options = &connection.startup_options;
        if options.keys().any(|option| option.eq_ignore_ascii_case("COMPRESSION")) {
            let allowed = "other options; it is for `compression` to say";
            return refused("startup_options", "COMPRESSION", allowed);
        }
        Ok(())
    }

    /// Waits that are within others.
    fn waits(&self) -> Outcome {
        let mux = &self.cluster.pool.connection.multiplexer;
        let (reconnection, pause) = (&self.cluster.pool.backoff, &self.retries.backoff);
        let silence = mux.heartbeat_after.saturating_add(mux.heartbeat_timeout);
        let heartbeat = if mux.heartbeat_after.is_zero() { Duration::MAX } else { silence };
        for (setting, wait, most, other) in [
            (
                "reconnection.first",
                reconnection.first,
                reconnection.longest,
                "`reconnection.longest` is",
            ),
            ("retries.backoff.first", pause.first, pause.longest, "`retries.backoff.longest` is"),
            (
                "connection.multiplexer.quiet_after",
                mux.quiet_after,
                heartbeat,
                "`heartbeat_after` and `heartbeat_timeout` together are",
            ),
        ] {
            within(setting, wait, most, other)?;
        }
        Ok(())
    }

    /// A limit that another one keeps from ever being reached is not what was meant.
    fn limits_go_together(&self) -> Outcome {
        let mux = &self.cluster.pool.connection.multiplexer;
        if mux.max_batch_bytes > mux.max_outgoing_bytes {
            let given = Value::Bytes(u64::try_from(mux.max_batch_bytes).unwrap_or(u64::MAX));
            let most = Value::Bytes(u64::try_from(mux.max_outgoing_bytes).unwrap_or(u64::MAX));
            let allowed =
                format!("at most {most}, as `connection.multiplexer.max_outgoing_bytes` is");
            return refused("connection.multiplexer.max_batch_bytes", given, &allowed);
        }
        if let Some(limit) = self.limits.adaptive
            && limit.min > limit.max
        {
            let allowed = format!("at most {}, as `adaptive_limit.max` is", limit.max);
            return refused("adaptive_limit.min", limit.min, &allowed);
        }
        let connections = self.cluster.connections_per_local_host;
        let ids = connections.saturating_mul(mux.max_in_flight.into());
        let most = self.limits.max_requests_per_host.filter(|most| *most > ids);
        if let Some(most) = most.filter(|_| self.limits.adaptive.is_none()) {
            let allowed = format!(
                "at most {}, which `connections_per_host` ({connections}) times \
                 `connection.multiplexer.max_in_flight` ({}) is",
                with_commas(u64::try_from(ids).unwrap_or(u64::MAX)),
                mux.max_in_flight,
            );
            return refused("max_requests_per_host", most, &allowed);
        }
        Ok(())
    }

    fn hosts_go_together(&self) -> Outcome {
        let (cluster, remote) = (&self.cluster, &self.cluster.remote);
        if cluster.contact_points.is_empty() {
            return refused("contact_points", "none", "one at least");
        }
        let local = cluster.local_data_center.as_ref();
        if let Some(local) = local.filter(|local| remote.data_centers.contains(local)) {
            let allowed = "others than `local_data_center`";
            return refused("remote.data_centers", format_args!("`{local}`"), allowed);
        }
        if !remote.data_centers.is_empty() && remote.hosts_per_data_center == 0 {
            let given = Value::Texts(remote.data_centers.clone());
            let allowed = "no name, as long as `remote.hosts_per_data_center` is 0";
            return refused("remote.data_centers", format_args!("`{given}`"), allowed);
        }
        let Some(local) = cluster.pool.connection.socket.local_address else { return Ok(()) };
        let addresses = cluster.contact_points.iter().map(Endpoint::address);
        let of_other_family = |server: Option<std::net::SocketAddr>| {
            server.is_some_and(|server| server.is_ipv4() != local.is_ipv4())
        };
        if addresses.clone().all(of_other_family) {
            let family = if local.is_ipv4() { "IPv6" } else { "IPv4" };
            let allowed = format!("an address of {family}, as all contact points are");
            return refused("socket.local_address", local, &allowed);
        }
        Ok(())
    }
}

fn of_profile(profile: &ExecutionProfile, path: &str) -> Outcome {
    for setting in profile::all() {
        let checked = setting.allowed.check(&setting.of(profile));
        checked.map_err(|why| ConfigError::new(format!("{path}.{}", setting.name), why))?;
    }
    let settings = profile.settings();
    match settings.attempt_timeout {
        Some(attempt) => {
            let setting = format!("{path}.attempt_timeout");
            within(setting, attempt, settings.timeout, &format!("`{path}.timeout` is"))
        }
        None => Ok(()),
    }
}

/// A wait that is no longer than another one: than `other`, such as "`timeout` is".
fn within(
    setting: impl Into<std::borrow::Cow<'static, str>>,
    wait: Duration,
    most: Duration,
    other: &str,
) -> Outcome {
    if wait <= most {
        return Ok(());
    }
    let allowed = format!("at most {}, as {other}", shown_time(most));
    refused(setting, shown_time(wait), &allowed)
}

fn refused(
    setting: impl Into<std::borrow::Cow<'static, str>>,
    given: impl std::fmt::Display,
    allowed: &str,
) -> Outcome {
    Err(ConfigError::new(setting, format!("{given} was given; allowed: {allowed}")))
}
