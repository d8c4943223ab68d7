//! One setting: its name, what it may be, and where it is.

use super::allowed::Allowed;
use super::value::Value;

/// A setting of `R`: of a session, or of a profile.
pub(super) struct Setting<R> {
    pub(super) name: &'static str,
    pub(super) allowed: Allowed,
    /// It is in no error, and nothing shows it.
    pub(super) secret: bool,
    pub(super) shown: fn(&R) -> Value,
    pub(super) put: fn(&mut R, Value) -> Result<(), String>,
}

impl<R> Setting<R> {
    /// What it is there.
    pub(super) fn of(&self, root: &R) -> Value {
        self.allowed.as_written((self.shown)(root))
    }

    /// A value of it as it can be read again.
    pub(super) fn written(&self, value: &Value) -> String {
        match value {
            Value::None => self.allowed.unset().to_owned(),
            value => value.to_string(),
        }
    }
}

/// Settings, by where they are: each is shown and put by the rule of its type ([`Held`]), or by two
/// functions of its own.
///
/// [`Held`]: super::held::Held
macro_rules! settings {
    (@one $root:ty, $name:literal, $allowed:expr, at $($place:ident).+) => {
        Setting {
            name: $name,
            allowed: $allowed,
            secret: false,
            shown: |root: &$root| Held::shown(&root.$($place).+),
            put: |root: &mut $root, value| {
                root.$($place).+ = Held::read(value)?;
                Ok(())
            },
        }
    };
    (@one $root:ty, $name:literal, $allowed:expr, by $shown:path, $put:path) => {
        Setting { name: $name, allowed: $allowed, secret: false, shown: $shown, put: $put }
    };
    ($root:ty: $($name:literal $allowed:expr => $how:ident $($place:ident).+ $(, $put:path)?;)*) => {
        &[$(settings!(@one $root, $name, $allowed, $how $($place).+ $(, $put)?)),*]
    };
}

pub(super) use settings;
