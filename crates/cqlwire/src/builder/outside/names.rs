//! The name that somebody meant.

/// From how alike on a name is worth showing; 1 is the same.
const ALIKE: f64 = 0.5;

/// The name that is most like what was given, if one is like it at all; of several, the first.
pub(super) fn nearest<N: AsRef<str>>(given: &str, known: impl IntoIterator<Item = N>) -> Option<N> {
    let given = given.to_ascii_lowercase();
    let likeness = |name: &N| {
        strsim::normalized_damerau_levenshtein(&given, &name.as_ref().to_ascii_lowercase())
    };
    let scored = known.into_iter().map(|name| (likeness(&name), name));
    let alike = scored.filter(|(likeness, _)| *likeness >= ALIKE);
    let best = alike.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, name)| name)
}

/// How it is asked.
pub(super) fn did_you_mean(name: &str) -> String {
    format!("; did you mean `{name}`?")
}
