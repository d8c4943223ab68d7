//! The name that somebody meant.

/// From how alike on a name is worth showing; 1 is the same.
const ALIKE: f64 = 0.5;

/// From how alike on nothing else has to speak for it.
const NEARLY: f64 = 0.75;

/// The name that is most like what was given, if one is like it at all; of several, the first.
pub(super) fn nearest<N: AsRef<str>>(given: &str, known: impl IntoIterator<Item = N>) -> Option<N> {
    let scored = known.into_iter().map(|name| (likeness(given, name.as_ref()), name));
    let alike = scored.filter(|(likeness, _)| *likeness >= ALIKE);
    let best = alike.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, name)| name)
}

/// Is it the same name but for a letter or two?
pub(super) fn is_nearly(given: &str, name: &str) -> bool {
    likeness(given, name) >= NEARLY
}

fn likeness(given: &str, name: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(&given.to_ascii_lowercase(), &name.to_ascii_lowercase())
}

/// How it is asked.
pub(super) fn did_you_mean(name: &str) -> String {
    format!("; did you mean `{name}`?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_names_that_are_as_like_it_is_the_first() {
        assert_eq!(nearest("Ab", ["xyz", "abc", "abd"]), Some("abc"));
        assert_eq!(nearest("ab", ["xyz", "abxy"]), Some("abxy"));
        assert_eq!(nearest("ab", ["xyz", "abxyz"]), None);
    }
}
