//! What servers are told of the settings: `DRIVER_CONFIG` of STARTUP, on the control connection, as
//! JSON in the form that other drivers use, so that one question to `system_views.clients` is about
//! all of them. Names and numbers only: no user, no path, no address.

use std::fmt::Debug;
use std::time::Duration;

use super::SessionBuilder;

/// Longer ones are not told.
const LONGEST: usize = 32 << 10;

impl SessionBuilder {
    /// The settings as servers are told them; `None` if they are not to be.
    pub(super) fn driver_config(&self) -> Option<String> {
        let config = format!(
            r#"{{"version":1,"connection":{},"control-plane":{},"query":{}}}"#,
            self.connection_config(),
            self.control_plane_config(),
            self.query_config()
        );
        (self.tells_settings && config.len() <= LONGEST).then_some(config)
    }

    fn connection_config(&self) -> String {
        let pool = &self.cluster.pool;
        let mux = &pool.connection.multiplexer;
        let tls = if pool.connection.tls.is_some() { r#","tls":{}"# } else { "" };
        format!(
            concat!(
                r#"{{"connect":{{"timeout-ms":{}}},"#,
                r#""requests":{{"in-flight":{{"max":{}}},"orphaned":{{"max":{}}}}},"#,
                r#""pool":{{"shard-aware":{{"enabled":false}}}},"#,
                r#""socket":{{"tcp-no-delay":true,"keep-alive":{},"reuse-address":false}},"#,
                r#""reconnection":{{"policy":{{"type":"exponential","base-ms":{},"max-ms":{}}}}}{}{}}}"#,
            ),
            millis(pool.connect_timeout),
            mux.max_in_flight,
            mux.max_orphaned,
            pool.connection.socket.keepalive.enabled,
            millis(pool.backoff.first),
            millis(pool.backoff.longest),
            self.location(),
            tls,
        )
    }

    fn control_plane_config(&self) -> String {
        format!(
            concat!(
                r#"{{"queries":{{"system":{{"timeout":{{"client-side-ms":{}}}}}}},"#,
                r#""schema":{{"agreement":{{"timeout-ms":{}}}}}}}"#,
            ),
            millis(self.cluster.query_timeout),
            self.schema_agreement_timeout.as_millis(),
        )
    }

    fn query_config(&self) -> String {
        let settings = self.profile.settings();
        let backoff = &self.retries.backoff;
        format!(
            concat!(
                r#"{{"defaults":{{"consistency":"{}","serial-consistency":"{}","idempotence":{},"#,
                r#""client-timestamps":{},"page":{{"size":{}}},"request":{{"timeout-ms":{}}}}},"#,
                r#""retry":{{"policy":{},"#,
                r#""backoff":{{"type":"exponential","base-ms":{},"max-ms":{}}}}},"#,
                r#""load-balancing":{{"policy":{}{}}}{}}}"#,
            ),
            settings.consistency,
            settings.serial_consistency,
            settings.idempotent.unwrap_or(false),
            // Whether what says nothing of itself has them from the beginning.
            settings.client_timestamps.are_for(settings.idempotent, || false),
            settings.page_size,
            millis(settings.timeout),
            self.retry_policy_config(),
            millis(backoff.first),
            millis(backoff.longest),
            self.load_balancing_config(),
            self.location(),
            self.speculation_config(),
        )
    }

    /// Which hosts are near.
    fn location(&self) -> String {
        let Some(data_center) = &self.cluster.local_data_center else {
            return r#","node-preference":{"type":"dc-auto"}"#.to_owned();
        };
        let data_center = text(data_center);
        match &self.cluster.local_rack {
            None => {
                format!(r#","node-preference":{{"type":"dc","local-dc":{data_center}}}"#)
            }
            Some(rack) => format!(
                r#","node-preference":{{"type":"rack","local-dc":{data_center},"local-rack":{}}}"#,
                text(rack)
            ),
        }
    }

    fn retry_policy_config(&self) -> String {
        let max_retries = self.retries.max_attempts.saturating_sub(1);
        let name = name_of(&self.retry_policy);
        let policy = match &*name {
            "DefaultRetryPolicy" => r#""type":"standard-error-aware""#.to_owned(),
            "DowngradingRetryPolicy" => r#""type":"downgrading-consistency""#.to_owned(),
            "NeverRetry" => return r#"{"type":"never"}"#.to_owned(),
            name => format!(r#""type":"custom","name":{}"#, text(name)),
        };
        format!(r#"{{{policy},"max-retries":{max_retries}}}"#)
    }

    fn load_balancing_config(&self) -> String {
        match &self.cluster.load_balancing {
            Some(policy) => {
                format!(r#"{{"type":"custom","name":{}}}"#, text(&name_of(policy)))
            }
            None => {
                let leaves = self.cluster.remote.hosts_per_data_center > 0;
                format!(
                    r#"{{"type":"token-aware","load-distribution":"shuffle","fallback-to-non-preferred-nodes":{leaves}}}"#
                )
            }
        }
    }

    fn speculation_config(&self) -> String {
        let Some(policy) = &self.speculation.policy else { return String::new() };
        let name = text(&name_of(policy));
        format!(r#","speculative-execution":{{"policy":{{"type":"custom","name":{name}}}}}"#)
    }
}

/// What a policy is called: the first word that its `Debug` shows, which is the name of its type.
pub(super) fn name_of(policy: &impl Debug) -> String {
    let shown = format!("{policy:?}");
    let name: String = shown.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if name.is_empty() { "custom".to_owned() } else { name }
}

/// At least 1, as the form wants it.
fn millis(duration: Duration) -> u128 {
    duration.as_millis().max(1)
}

/// As a string of JSON.
fn text(text: &str) -> String {
    let mut escaped = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            control if control < ' ' => escaped.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => escaped.push(other),
        }
    }
    escaped.push('"');
    escaped
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::{
        ClientTimestamps, ConstantDelay, ExecutionProfile, NeverRetry, RoundRobin, Session,
    };

    fn told(builder: &SessionBuilder) -> Value {
        serde_json::from_str(&builder.driver_config().unwrap()).unwrap()
    }

    #[test]
    fn the_settings_are_told_as_json_in_the_form_of_other_drivers() {
        let config = told(&Session::builder());
        for (place, expected) in [
            ("/version", Value::from(1)),
            ("/connection/connect/timeout-ms", 5_000.into()),
            ("/connection/requests/in-flight/max", 4_096.into()),
            ("/connection/socket/keep-alive", true.into()),
            ("/connection/reconnection/policy/max-ms", 30_000.into()),
            ("/connection/node-preference/type", "dc-auto".into()),
            ("/control-plane/queries/system/timeout/client-side-ms", 5_000.into()),
            ("/control-plane/schema/agreement/timeout-ms", 10_000.into()),
            ("/query/defaults/consistency", "LOCAL_QUORUM".into()),
            ("/query/defaults/serial-consistency", "LOCAL_SERIAL".into()),
            ("/query/defaults/page/size", 5_000.into()),
            ("/query/defaults/request/timeout-ms", 10_000.into()),
            ("/query/retry/policy/type", "standard-error-aware".into()),
            ("/query/load-balancing/policy/type", "token-aware".into()),
        ] {
            assert_eq!(config.pointer(place), Some(&expected), "{place} in {config}");
        }
    }

    #[test]
    fn what_is_set_is_told_and_no_secret() {
        let delay = ConstantDelay { delay: Duration::from_millis(50), most: 1 };
        let builder = Session::builder()
            .credentials("geheim-user", "geheim")
            .local_data_center("o\"slo\n")
            .local_rack("r1")
            .retry_policy(NeverRetry)
            .load_balancing(RoundRobin::default())
            .speculation(|speculation| speculation.policy = Some(Arc::new(delay)));
        let config = told(&builder);
        for (place, expected) in [
            ("/connection/node-preference/local-dc", "o\"slo\n"),
            ("/query/load-balancing/node-preference/local-rack", "r1"),
            ("/query/retry/policy/type", "never"),
            ("/query/load-balancing/policy/name", "RoundRobin"),
            ("/query/speculative-execution/policy/name", "ConstantDelay"),
        ] {
            assert_eq!(config.pointer(place), Some(&expected.into()), "{place} in {config}");
        }
        assert!(!config.to_string().contains("geheim"));
        let profile = |profile| told(&Session::builder().profile(profile));
        let have_times = |config: &Value| config["query"]["defaults"]["client-timestamps"].clone();
        let plain = ExecutionProfile::default();
        let each = [
            (plain.clone(), false),
            (plain.clone().idempotent(true), true),
            (plain.clone().client_timestamps(ClientTimestamps::Always), true),
            (plain.idempotent(true).client_timestamps(ClientTimestamps::Never), false),
        ];
        for (given, expected) in each {
            assert_eq!(have_times(&profile(given)), Value::from(expected));
        }
        assert_eq!(builder.tell_settings(false).driver_config(), None);
    }
}
