//! Names of fields and variants, as CQL spells them.

use syn::{Error, LitStr, Result};

/// What a struct says about the names of all of its fields.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum RenameAll {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
}

/// The words for it, as serde has them.
const WORDS: [(&str, RenameAll); 6] = [
    ("lowercase", RenameAll::Lower),
    ("UPPERCASE", RenameAll::Upper),
    ("PascalCase", RenameAll::Pascal),
    ("camelCase", RenameAll::Camel),
    ("snake_case", RenameAll::Snake),
    ("SCREAMING_SNAKE_CASE", RenameAll::ScreamingSnake),
];

impl RenameAll {
    /// Reads the word.
    pub(crate) fn parse(word: &LitStr) -> Result<Self> {
        let given = word.value();
        let found = WORDS.iter().find(|(known, _)| *known == given);
        found.map(|(_, rule)| *rule).ok_or_else(|| {
            let known: Vec<String> = WORDS.iter().map(|(known, _)| format!("{known:?}")).collect();
            Error::new(word.span(), format!("there is no such case; known: {}", known.join(", ")))
        })
    }

    /// The name of a variant, which is in Pascal case.
    pub(crate) fn apply_to_variant(self, variant: &str) -> String {
        let mut snake = String::new();
        for (at, c) in variant.char_indices() {
            if at > 0 && c.is_uppercase() {
                snake.push('_');
            }
            snake.extend(c.to_lowercase());
        }
        self.apply(&snake)
    }

    /// The name of a field, which is in snake case.
    pub(crate) fn apply(self, field: &str) -> String {
        let words = || field.split('_').filter(|word| !word.is_empty());
        match self {
            Self::Snake => field.to_owned(),
            Self::ScreamingSnake => field.to_uppercase(),
            Self::Lower => words().map(str::to_lowercase).collect(),
            Self::Upper => words().map(str::to_uppercase).collect(),
            Self::Pascal => words().map(capitalized).collect(),
            Self::Camel => {
                let mut words = words();
                let first = words.next().map(str::to_lowercase).unwrap_or_default();
                words.map(capitalized).fold(first, |name, word| name + &word)
            }
        }
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::RenameAll;

    #[test]
    fn each_case_of_a_name() {
        let names = [
            (RenameAll::Lower, "firstname2"),
            (RenameAll::Upper, "FIRSTNAME2"),
            (RenameAll::Pascal, "FirstName2"),
            (RenameAll::Camel, "firstName2"),
            (RenameAll::Snake, "first_name2"),
            (RenameAll::ScreamingSnake, "FIRST_NAME2"),
        ];
        for (rule, name) in names {
            assert_eq!(rule.apply("first_name2"), name);
        }
    }
}
