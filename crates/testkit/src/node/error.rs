//! The error codes that a node uses by itself (v5 §9).

pub(super) const PROTOCOL: i32 = 0x000A;
pub(super) const BAD_CREDENTIALS: i32 = 0x0100;
pub(super) const INVALID: i32 = 0x2200;
pub(super) const UNPREPARED: i32 = 0x2500;
