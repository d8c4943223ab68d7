//! The codes of errors (v5 §8).

use std::fmt;

use crate::ProtocolVersion;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// Which error a server reports.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
            /// A code that is not known here: of a later server, or another maker's.
            Other(i32),
        }

        impl ErrorCode {
            /// All that are known here, in the order of their codes.
            pub const KNOWN: &'static [Self] = &[$(Self::$name,)*];

            /// The error of this code.
            pub const fn from_code(code: i32) -> Self {
                match code {
                    $($code => Self::$name,)*
                    other => Self::Other(other),
                }
            }

            /// Its code.
            pub const fn code(self) -> i32 {
                match self {
                    $(Self::$name => $code,)*
                    Self::Other(code) => code,
                }
            }
        }

        impl fmt::Display for ErrorCode {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name => f.write_str($text),)*
                    Self::Other(code) => write!(f, "error 0x{code:04X}"),
                }
            }
        }
    };
}

codes! {
    /// 0x0000: something went wrong in the server.
    ServerError = 0x0000, "server error";
    /// 0x000A: the server could not make sense of a message.
    ProtocolError = 0x000A, "protocol error";
    /// 0x0100: authentication failed.
    BadCredentials = 0x0100, "bad credentials";
    /// 0x1000: too few replicas are up.
    Unavailable = 0x1000, "unavailable";
    /// 0x1001: the coordinator has too much to do. A write may have been begun: see
    /// [`applied`](Self::applied).
    Overloaded = 0x1001, "overloaded";
    /// 0x1002: the coordinator is still joining the ring, and reads nothing.
    IsBootstrapping = 0x1002, "is bootstrapping";
    /// 0x1003: a TRUNCATE failed.
    TruncateError = 0x1003, "truncate error";
    /// 0x1100: too few replicas confirmed a write in time.
    WriteTimeout = 0x1100, "write timeout";
    /// 0x1200: too few replicas answered a read in time.
    ReadTimeout = 0x1200, "read timeout";
    /// 0x1300: replicas failed in a read (v4 and newer).
    ReadFailure = 0x1300, "read failure";
    /// 0x1400: a user's function failed (v4 and newer).
    FunctionFailure = 0x1400, "function failure";
    /// 0x1500: replicas failed in a write (v4 and newer).
    WriteFailure = 0x1500, "write failure";
    /// 0x1600: a write to change data capture failed (Cassandra 4.0 and newer).
    CdcWriteFailure = 0x1600, "CDC write failure";
    /// 0x1700: whether a conditional write is done is not known (v5).
    CasWriteUnknown = 0x1700, "CAS write unknown";
    /// 0x2000: the statement is no CQL.
    SyntaxError = 0x2000, "syntax error";
    /// 0x2100: the user may not do this.
    Unauthorized = 0x2100, "unauthorized";
    /// 0x2200: the statement is CQL but cannot be executed.
    Invalid = 0x2200, "invalid";
    /// 0x2300: the configuration does not allow it.
    ConfigError = 0x2300, "config error";
    /// 0x2400: what was to be created is there.
    AlreadyExists = 0x2400, "already exists";
    /// 0x2500: the prepared statement is not known.
    Unprepared = 0x2500, "unprepared";
}

impl ErrorCode {
    /// The first version that has this error. On an older one a server sends another in its place:
    /// a timeout for the failure of a read or a write, "invalid" for that of a function, and a
    /// timeout of a write of type CAS for a conditional write whose end is not known.
    pub const fn since(self) -> ProtocolVersion {
        match self {
            Self::ReadFailure
            | Self::WriteFailure
            | Self::FunctionFailure
            | Self::CdcWriteFailure => ProtocolVersion::V4,
            Self::CasWriteUnknown => ProtocolVersion::V5,
            _ => ProtocolVersion::V3,
        }
    }
}
