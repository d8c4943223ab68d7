//! Policies by name: those that are built in. One of somebody's own is code, and is only shown.

use std::sync::Arc;

use cqlwire_cluster::{LoadBalancing, RoundRobin, TokenAware};

use super::held::{Held, of_another_kind};
use super::value::Value;
use crate::builder::config::name_of;
use crate::retry::{DefaultRetryPolicy, DowngradingRetryPolicy, NeverRetry, RetryPolicy};
use crate::speculation::{ConstantDelay, NeverSpeculate, PercentileDelay, SpeculativePolicy};

impl Held for Arc<dyn RetryPolicy> {
    fn shown(&self) -> Value {
        Value::Text(match &*name_of(self) {
            "DefaultRetryPolicy" => "default".to_owned(),
            "DowngradingRetryPolicy" => "downgrading".to_owned(),
            "NeverRetry" => "never".to_owned(),
            other => return Value::Code(other.to_owned()),
        })
    }

    fn read(value: Value) -> Result<Self, String> {
        Ok(match &*value.to_string() {
            "default" => Arc::new(DefaultRetryPolicy),
            "downgrading" => Arc::new(DowngradingRetryPolicy),
            "never" => Arc::new(NeverRetry),
            _ => return Err(of_another_kind(&value)),
        })
    }
}

impl Held for Arc<dyn LoadBalancing> {
    fn shown(&self) -> Value {
        Value::Text(match &*name_of(self) {
            "TokenAware" => "token_aware".to_owned(),
            "RoundRobin" => "round_robin".to_owned(),
            other => return Value::Code(other.to_owned()),
        })
    }

    fn read(value: Value) -> Result<Self, String> {
        Ok(match &*value.to_string() {
            "token_aware" => Arc::new(TokenAware::default()),
            "round_robin" => Arc::new(RoundRobin::default()),
            _ => return Err(of_another_kind(&value)),
        })
    }
}

impl Held for Arc<dyn SpeculativePolicy> {
    fn shown(&self) -> Value {
        match &*name_of(self) {
            "NeverSpeculate" => Value::Text("never".to_owned()),
            other => Value::Code(other.to_owned()),
        }
    }

    /// `never`, `constant <time> [<most>]` or `percentile [<part>] [<most>]`.
    fn read(value: Value) -> Result<Self, String> {
        let text = value.to_string();
        let mut words = text.split_whitespace();
        let policy: Self = match words.next() {
            Some("never") => Arc::new(NeverSpeculate),
            Some("constant") => {
                let delay = words.next().ok_or("`constant` is followed by a time, such as 50ms")?;
                let delay = humantime::parse_duration(delay)
                    .map_err(|_| format!("`{delay}` is no time such as 50ms"))?;
                Arc::new(ConstantDelay { delay, most: most(words.next())? })
            }
            Some("percentile") => {
                let part = words.next().unwrap_or("0.99");
                let read = part.parse().map_err(|_| format!("`{part}` is no part such as 0.99"))?;
                let policy = PercentileDelay::new(read);
                let policy = policy.map_err(|_| format!("`{part}` is not above 0 and below 1"))?;
                Arc::new(policy.most(most(words.next())?))
            }
            _ => return Err(format!("`{text}` is no policy")),
        };
        match words.next() {
            Some(word) => Err(format!("`{word}` is too much")),
            None => Ok(policy),
        }
    }
}

/// How many executions beside the first.
fn most(word: Option<&str>) -> Result<u32, String> {
    let word = word.unwrap_or("1");
    let most = word.parse().ok().filter(|most| *most > 0);
    most.ok_or_else(|| format!("`{word}` is no number of executions, at least 1"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn policies_of_speculation_are_a_line_of_words() {
        let read = |text: &str| <Arc<dyn SpeculativePolicy>>::read(Value::Text(text.to_owned()));
        let shown = |text: &str| format!("{:?}", read(text).unwrap());
        let delay = Duration::from_millis(50);
        assert_eq!(shown("constant 50ms"), format!("{:?}", ConstantDelay { delay, most: 1 }));
        assert_eq!(shown("constant 50ms 3"), format!("{:?}", ConstantDelay { delay, most: 3 }));
        assert!(
            shown("percentile 0.995 2").contains("part: 0.995"),
            "{}",
            shown("percentile 0.995")
        );
        assert_eq!(shown("never"), "NeverSpeculate");
        for (text, why) in [
            ("constant", "`constant` is followed by a time, such as 50ms"),
            ("constant soon", "`soon` is no time such as 50ms"),
            ("constant 50ms 0", "`0` is no number of executions, at least 1"),
            ("constant 50ms 1 2", "`2` is too much"),
            ("percentile 99", "`99` is not above 0 and below 1"),
            ("sometimes", "`sometimes` is no policy"),
        ] {
            assert_eq!(read(text).unwrap_err(), why);
        }
    }
}
