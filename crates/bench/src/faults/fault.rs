//! What happens to the servers.

use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

/// A fault, of one of three servers if nothing else is said.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Its process is killed, and started again.
    Kill,
    /// Its process is stopped where it is, its sockets open, and goes on later.
    Pause,
    /// All three are shut down in good order and started again, one after the other.
    RollingRestart,
    /// What it answers comes 200 ms later.
    SlowLink,
    /// What it answers does not come through; what it is asked does.
    OneWay,
    /// Its link carries 10 KiB a second each way.
    Drip,
    /// Two are killed, so that there is no quorum, and started again.
    TwoDown,
    /// A fourth joins them.
    Join,
    /// One of four leaves in good order.
    Leave,
    /// One of four is killed, and removed.
    Remove,
    /// It is shut down, and started again at another address.
    NewAddress,
    /// It is shut down, and started again without the prepared statements that it knew.
    Forget,
}

impl Fault {
    /// Its name in reports and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Pause => "pause",
            Self::RollingRestart => "rolling-restart",
            Self::SlowLink => "slow-link",
            Self::OneWay => "one-way",
            Self::Drip => "drip",
            Self::TwoDown => "two-down",
            Self::Join => "join",
            Self::Leave => "leave",
            Self::Remove => "remove",
            Self::NewAddress => "new-address",
            Self::Forget => "forget",
        }
    }

    /// What happens, as a headline.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Kill => "A node is killed, and started again",
            Self::Pause => "A node stops where it is: its connections stay open, and it is silent",
            Self::RollingRestart => "All nodes are restarted, one after the other",
            Self::SlowLink => "The answers of a node come 200 ms later",
            Self::OneWay => "The answers of a node do not come through",
            Self::Drip => "The link to a node carries 10 KiB a second each way",
            Self::TwoDown => "Two of three nodes are killed, and started again",
            Self::Join => "A fourth node joins three",
            Self::Leave => "One of four nodes leaves in good order",
            Self::Remove => "One of four nodes is killed, and removed by the others",
            Self::NewAddress => "A node is restarted, and comes back at another address",
            Self::Forget => "A node is restarted, and knows no prepared statement any more",
        }
    }

    /// What it stands for, and what is to be expected of it.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Kill => {
                "kill -9, as by the system when memory runs out. Connections end at once; the time of \
                 the fault ends when the node answers again. Two of three replicas are a quorum, so \
                 no request has to fail."
            }
            Self::Pause => {
                "SIGSTOP and SIGCONT, as a long pause of the garbage collector, a virtual machine \
                 that is moved, or a cable that is pulled. Nothing tells the driver but silence."
            }
            Self::RollingRestart => {
                "As for an update: each node tells the others, closes its connections and is started \
                 again. Nothing is lost that a driver could not have known of."
            }
            Self::SlowLink => {
                "Every connection works. A driver may go on asking the node, or notice that the \
                 others answer sooner."
            }
            Self::OneWay => {
                "As behind a firewall that has forgotten the connection in one direction: the node \
                 does what it is asked, and nobody hears of it. The answers come when the fault is \
                 over, as TCP has it."
            }
            Self::Drip => {
                "A saturated or broken link. Small answers get through late, and later the more are \
                 asked for."
            }
            Self::TwoDown => {
                "No quorum is left: requests have to fail or to wait until it is back. What counts \
                 is how soon everything works again."
            }
            Self::Join => {
                "As when a cluster grows: the fault lasts until the fourth has taken over its share of \
                 the data and answers. A driver is told by the others, and has to find it."
            }
            Self::Leave => {
                "nodetool decommission: the node hands its data to the others, tells them, closes its \
                 connections and ends. Nothing is to be asked of it any more, and nobody to dial it."
            }
            Self::Remove => {
                "As when a machine is lost for good: kill -9, and nodetool removenode once the others \
                 have noticed. From then on nobody is to dial it."
            }
            Self::NewAddress => {
                "As when a container is moved: the same node, of the same host id, is somewhere else. \
                 A driver has to ask it there, and to dial its old address no more."
            }
            Self::Forget => {
                "As when more statements are in use than a node keeps, all at once: it is shut down in \
                 good order, loses what it has kept of them, and is started again. Each has to be \
                 prepared there once, and nobody else to feel it."
            }
        }
    }

    /// Is it among the few of a quick run?
    pub const fn is_quick(self) -> bool {
        matches!(self, Self::Kill | Self::Pause | Self::RollingRestart | Self::SlowLink)
    }

    /// Is it a fault of a link, through which drivers have to be led by translated addresses?
    pub const fn is_of_a_link(self) -> bool {
        matches!(self, Self::SlowLink | Self::OneWay | Self::Drip)
    }

    /// Do others become members of the cluster, or fewer?
    pub const fn changes_members(self) -> bool {
        matches!(self, Self::Join | Self::Leave | Self::Remove | Self::NewAddress)
    }

    /// Does it leave a quorum at any time?
    pub const fn leaves_a_quorum(self) -> bool {
        !matches!(self, Self::TwoDown)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
