//! Plans from seeds.

use cqlwire_testkit::cancel::Cut;
use cqlwire_testkit::cluster::EventDelivery;
use cqlwire_testkit::fault::{Fault as Break, Sense};
use fastrand::Rng;
use std::time::Duration;

use super::faults::{CODES, Fault, GARBAGE, LIES, Scope};
use super::plan::{Call, HostStep, How, LettingGo, Plan, Retries, Setup, Step, Timed, What};
use super::world::{KEYS, TABLES};

/// The first call's id; what reads is told from others by it.
const FIRST_ID: i64 = 1_000_000;

/// What may go wrong in a run.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Mood {
    /// Nothing.
    Calm,
    /// Hosts come and go, hang and forget.
    Restless,
    /// Hosts answer wrongly.
    Hostile,
    Everything,
}

impl Plan {
    /// The run of this seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mood = match rng.u8(..10) {
            0..2 => Mood::Calm,
            2..5 => Mood::Restless,
            5..7 => Mood::Hostile,
            _ => Mood::Everything,
        };
        let setup = Setup::draw(&mut rng, mood);
        let count = rng.usize(8..32);
        let closes = rng.u8(..8) == 0;
        let mut steps: Vec<Timed> = (0..count)
            .map(|number| {
                let id = FIRST_ID + i64::try_from(number).unwrap_or_default();
                Timed { after: pause(&mut rng), step: step(&mut rng, mood, id) }
            })
            .collect();
        if closes {
            let at = rng.usize(count / 2..count);
            let close = Step::Close(rng.u64(..200));
            steps.insert(at, Timed { after: pause(&mut rng), step: close });
        }
        Self { seed, setup, steps }
    }
}

/// Mostly nothing or little, so that much is under way at once.
fn pause(rng: &mut Rng) -> u64 {
    match rng.u8(..20) {
        0..8 => 0,
        8..16 => rng.u64(..6),
        16..19 => rng.u64(..60),
        _ => rng.u64(..700),
    }
}

impl Setup {
    fn draw(rng: &mut Rng, mood: Mood) -> Self {
        let calm = mood == Mood::Calm;
        Self {
            version: [5, 5, 5, 4, 4, 3][rng.usize(..6)],
            compressed: rng.u8(..4) == 0,
            hosts: rng.usize(1..4),
            connections_per_host: [1, 1, 2][rng.usize(..3)],
            stream_ids: [1, 2, 3, 8, 4_096, 4_096][rng.usize(..6)],
            max_requests: (rng.u8(..4) == 0).then(|| (rng.usize(1..6), rng.usize(1..50))),
            retries: match rng.u8(..8) {
                0 => Retries::Never,
                1 => Retries::Downgrading,
                2 => Retries::SameHost,
                3 => Retries::NextHost,
                _ => Retries::Default,
            },
            speculates_after: (rng.u8(..4) == 0).then(|| rng.u64(1..30)),
            statements: [1, 2, 4, 1_000][rng.usize(..4)],
            slowest: [0, 3, 12][rng.usize(..3)],
            calm,
            dropped: rng.u8(..6) == 0,
        }
    }
}

fn step(rng: &mut Rng, mood: Mood, id: i64) -> Step {
    if mood == Mood::Calm || rng.u8(..3) > 0 {
        return match rng.u8(..40) {
            0 => Step::Alter(rng.usize(..TABLES)),
            _ => Step::Call(call(rng, mood, id)),
        };
    }
    let host = rng.usize(..4);
    let restless = match mood {
        Mood::Restless => true,
        Mood::Everything => rng.bool(),
        _ => false,
    };
    match rng.u8(..12) {
        0 if restless => Step::Events(delivery(rng)),
        1 => Step::Rumours(rng.u8(1..40)),
        _ if restless => Step::Host(host, restless_step(rng)),
        _ => Step::Host(host, hostile_step(rng)),
    }
}

fn delivery(rng: &mut Rng) -> EventDelivery {
    match rng.u8(..6) {
        0 => EventDelivery::Now,
        1 => EventDelivery::Late(Duration::from_millis(rng.u64(1..3_000))),
        2 => EventDelivery::Twice,
        3 => EventDelivery::Reversed,
        _ => EventDelivery::Lost,
    }
}

fn restless_step(rng: &mut Rng) -> HostStep {
    match rng.u8(..24) {
        0..3 => HostStep::Kill,
        3 => HostStep::ShutDown,
        4..8 => HostStep::Start,
        8 => HostStep::Restart,
        9..11 => HostStep::Hang,
        11..13 => HostStep::GoOn,
        13 => HostStep::Isolate,
        14 => HostStep::Readdress,
        15 => HostStep::Join,
        16 => HostStep::Leave,
        17 => HostStep::Replace,
        18 => HostStep::Forget,
        19 => HostStep::Reset,
        20 => HostStep::Close,
        21 => HostStep::Drip(rng.usize(1..60), rng.u64(1..20)),
        22 => HostStep::Flow,
        _ => HostStep::Break(
            if rng.bool() { Sense::Reads } else { Sense::Writes },
            rng.u64(..4_000),
            [Break::Cut, Break::Reset, Break::Stall][rng.usize(..3)],
        ),
    }
}

fn hostile_step(rng: &mut Rng) -> HostStep {
    let scope = match rng.u8(..8) {
        0 => Scope::Any,
        1..3 => Scope::Prepares,
        _ => Scope::Data,
    };
    HostStep::Fault(scope, rng.u8(1..6), fault(rng))
}

fn fault(rng: &mut Rng) -> Fault {
    match rng.u8(..20) {
        0..4 => Fault::Error(CODES[rng.usize(..CODES.len())]),
        4..6 => Fault::Unprepared,
        6..8 => Fault::Silence,
        8..10 => Fault::Late(rng.u64(1..400)),
        10 => Fault::Close,
        11 => Fault::Reset,
        12 => Fault::HalfClose,
        13 => Fault::Cut(rng.usize(..40)),
        14 => Fault::Flip(rng.usize(..60)),
        15 => Fault::Twice,
        16 => Fault::Stray([30_000, -5, 17_000][rng.usize(..3)]),
        17 => Fault::Garbage(GARBAGE[rng.usize(..GARBAGE.len())]),
        _ => Fault::Lie(LIES[rng.usize(..LIES.len())]),
    }
}

fn call(rng: &mut Rng, mood: Mood, id: i64) -> Call {
    let patient = mood == Mood::Calm;
    Call {
        id,
        what: what(rng),
        how: [How::Text, How::Values, How::Prepared, How::Prepared][rng.usize(..4)],
        timeout: if patient {
            3_000
        } else {
            [0, 3, 20, 100, 500, 500][rng.usize(..6)] + rng.u64(..50)
        },
        attempt_timeout: (!patient && rng.u8(..4) == 0).then(|| rng.u64(1..150)),
        idempotent: [None, None, Some(false), Some(true)][rng.usize(..4)],
        letting_go: (rng.u8(..4) == 0).then(|| letting_go(rng)),
    }
}

fn letting_go(rng: &mut Rng) -> LettingGo {
    match rng.u8(..3) {
        0 => LettingGo::At(Cut::AfterPolls(rng.usize(..5))),
        1 => LettingGo::At(Cut::WhenWokenAfter(rng.usize(1..5))),
        _ => LettingGo::After(rng.u64(..40)),
    }
}

fn what(rng: &mut Rng) -> What {
    let table = rng.usize(..TABLES);
    let key = rng.i64(0..KEYS);
    match rng.u8(..16) {
        0..5 => What::Read { table, key },
        5..9 => What::Write { table, key },
        9..11 => What::Batch {
            logged: rng.bool(),
            writes: (0..rng.usize(1..5)).map(|_| (rng.usize(..TABLES), rng.i64(0..KEYS))).collect(),
        },
        11 => What::Prepare { table, number: rng.u8(..6) },
        12..15 => What::Rows {
            count: rng.i64(0..60),
            page_size: rng.u32(1..20),
            read: rng.usize(..80),
            prefetch: rng.u8(..4),
            pause: [0, 0, 1, 4][rng.usize(..4)],
            by_page: rng.bool(),
        },
        _ => What::Load {
            rows: rng.i64(1..40),
            partitions: rng.i64(1..6),
            concurrency: rng.usize(1..8),
            batch_rows: rng.usize(1..8),
        },
    }
}
