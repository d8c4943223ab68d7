//! Teaching a host a prepared statement that it does not know: one PREPARE for all who wait, so many
//! at a time.
//!
//! A host that was restarted, or forgets more than it can hold, says so to each request that is on
//! its way there. One PREPARE a statement is enough for all of them; and few at a time, since each
//! is work for the host, and there may be hundreds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cqlwire_cluster::Host;
use cqlwire_net::Deadline;
use foldhash::quality::RandomState;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::send::{HeadStart, NotSent, send_to};
use crate::error::{AttemptFailure, ErrorKind, TimeoutPhase};
use crate::joint::{Joint, UnderWay};
use crate::operation::{Failure, PrepareOperation, read};
use crate::prepared::PreparedStatement;
use crate::shared::Shared;
use crate::timed::timed;
