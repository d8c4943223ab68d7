//! What is sent: which statement a request of some number is, and with which values. Everything that
//! can be wrong with that is found out before anything is sent.

use cqlwire::codec::ColumnSpec;
use cqlwire::value::CqlValue;
use cqlwire::{PreparedStatement, Session};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::args::Args;
use super::generator::Generator;
use super::spec::Spec;
use crate::exit::Failure;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) statements: Vec<Statement>,
    seed: u64,
    turns: Turns,
}

/// A statement, and what its values are drawn from.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) prepared: PreparedStatement,
    generators: Vec<Generator>,
}

impl Plan {
    /// Prepares all statements, and finds the values of all their bind markers.
    pub(super) async fn of(session: &Session, args: &Args) -> Result<Self, Failure> {
        let turns = Turns::of(&args.weights, args.statements.len())?;
        let specs = specs(&args.values)?;
        let mut statements = Vec::new();
        for text in &args.statements {
            let prepared = session.prepare(text).await?;
            let generators = generators(&prepared.bind_markers(), &specs)
                .map_err(|why| Failure::usage(format_args!("{text}: {why}")))?;
            statements.push(Statement { prepared, generators });
        }
        let is_used = |name: &str| {
            let markers = |statement: &Statement| statement.prepared.bind_markers();
            statements.iter().any(|of| markers(of).iter().any(|marker| marker.name == name))
        };
        match specs.iter().find(|(name, _)| !is_used(name)) {
            Some((name, _)) => {
                Err(Failure::usage(format_args!("--value {name}: there is no such bind marker")))
            }
            None => Ok(Self { statements, seed: args.seed, turns }),
        }
    }

    /// The values of the request of this number are written over those of another, and the position of
    /// its statement is returned.
    pub(super) fn request(&self, number: u64, values: &mut Vec<Vec<CqlValue>>) -> usize {
        let (position, nth) = self.turns.of_request(number);
        let Some(statement) = self.statements.get(position) else {
            return position;
        };
        values.resize_with(self.statements.len(), Vec::new);
        if let Some(values) = values.get_mut(position) {
            values.resize(statement.generators.len(), CqlValue::Null);
            let mut chance = chance(self.seed, number);
            for (generator, value) in statement.generators.iter().zip(values) {
                generator.fill(nth, &mut chance, value);
            }
        }
        position
    }
}

/// Chance that is the request's own: whoever sends it, and whenever.
fn chance(seed: u64, number: u64) -> SmallRng {
    // An odd number, so that no two requests of a run begin alike.
    const APART: u64 = 0x9e37_79b9_7f4a_7c15;
    SmallRng::seed_from_u64(seed.wrapping_add(number.wrapping_mul(APART)))
}

fn specs(values: &[(String, String)]) -> Result<Vec<(String, Spec)>, Failure> {
    let mut specs: Vec<(String, Spec)> = Vec::new();
    for (name, text) in values {
        let wrong = |why: &str| Failure::usage(format_args!("--value {name}: {why}"));
        if specs.iter().any(|(other, _)| other == name) {
            return Err(wrong("given twice"));
        }
        specs.push((name.clone(), Spec::parse(text).map_err(|why| wrong(&why))?));
    }
    Ok(specs)
}

fn generators(markers: &[ColumnSpec], specs: &[(String, Spec)]) -> Result<Vec<Generator>, String> {
    let of = |marker: &ColumnSpec| {
        let ColumnSpec { name, column_type, .. } = marker;
        let spec = specs.iter().find(|(of, _)| of == name);
        let lacking =
            || format!("the values of `{name}` ({column_type}) are lacking: --value '{name}=...'");
        let (_, spec) = spec.ok_or_else(lacking)?;
        Generator::of(spec, marker).map_err(|why| format!("`{name}`: {why}"))
    };
    markers.iter().map(of).collect()
}

/// Whose turn it is: each statement so many times by its weight, and then all over again.
#[derive(Debug, PartialEq, Eq)]
struct Turns {
    /// Of each statement.
    weights: Vec<u64>,
    all: u64,
}

impl Turns {
    fn of(weights: &[u32], statements: usize) -> Result<Self, Failure> {
        let weights: Vec<u64> = match weights.is_empty() {
            true => vec![1; statements],
            false => weights.iter().map(|weight| u64::from(*weight)).collect(),
        };
        if weights.len() != statements {
            let given = weights.len();
            let why = format!("--weights: {given} were given for {statements} statements");
            return Err(Failure::usage(why));
        }
        Ok(Self { all: weights.iter().sum(), weights })
    }

    /// The position of the statement, and how many of its requests come before.
    fn of_request(&self, number: u64) -> (usize, u64) {
        let all = self.all.max(1);
        let (round, mut turn) = (number / all, number % all);
        for (position, weight) in self.weights.iter().enumerate() {
            if turn < *weight {
                return (position, round * weight + turn);
            }
            turn -= weight;
        }
        (0, number)
    }
}

#[cfg(test)]
mod tests {
    use cqlwire::codec::ColumnType;

    use super::*;

    #[test]
    fn statements_take_turns_by_their_weights_and_leave_out_no_number() {
        let turns = Turns::of(&[2, 1], 2).unwrap();
        let taken: Vec<_> = (0..6).map(|number| turns.of_request(number)).collect();
        assert_eq!(taken, [(0, 0), (0, 1), (1, 0), (0, 2), (0, 3), (1, 1)]);
        let alone = Turns::of(&[], 1).unwrap();
        assert_eq!(alone.of_request(7), (0, 7));
        assert!(Turns::of(&[1, 2], 1).is_err());
    }

    fn marker(name: &str, column_type: ColumnType) -> ColumnSpec {
        ColumnSpec { keyspace: "k".into(), table: "t".into(), name: name.to_owned(), column_type }
    }

    fn given(values: &[(&str, &str)]) -> Vec<(String, String)> {
        values.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn what_is_lacking_or_wrong_is_told_by_the_name_of_the_marker() {
        let markers = [marker("k", ColumnType::Int), marker("v", ColumnType::Text)];
        let specs = specs(&given(&[("k", "sequence(1..9)")])).unwrap();
        let lacking = generators(&markers, &specs).unwrap_err();
        assert_eq!(lacking, "the values of `v` (text) are lacking: --value 'v=...'");
        let wrong = generators(&[marker("k", ColumnType::Uuid)], &specs).unwrap_err();
        assert_eq!(wrong, "`k`: a number is no value of type uuid");
        let told = |values| super::specs(&given(values)).unwrap_err().to_string();
        assert_eq!(told(&[("k", "uuid"), ("k", "uuid")]), "--value k: given twice");
        assert!(told(&[("k", "x")]).starts_with("--value k: `x` is nothing"));
    }

    #[test]
    fn chance_is_the_same_for_the_same_request_and_no_other() {
        let first = |seed, number| rand::Rng::next_u64(&mut chance(seed, number));
        assert_eq!(first(1, 5), first(1, 5));
        let all: std::collections::BTreeSet<u64> =
            (0..3).flat_map(|seed| (0..100).map(move |number| first(seed, number))).collect();
        assert_eq!(all.len(), 300);
    }
}
