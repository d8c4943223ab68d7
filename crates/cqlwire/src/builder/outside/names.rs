//! The name that somebody meant.

/// From how alike on a name is worth showing; 1 is the same.
const ALIKE: f64 = 0.4;

/// `; did you mean this?`, if any of these names is like what was given: their whole, or their last
/// part, for who forgot in which section a setting is.
pub(super) fn did_you_mean<'a>(
    given: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let last = |name: &'a str| name.rsplit('.').next().unwrap_or(name);
    let given = given.to_ascii_lowercase();
    let alike = |name: &'a str| {
        let likeness =
            |name: &str| strsim::normalized_damerau_levenshtein(&given, &name.to_ascii_lowercase());
        // Of two that are as like, the one without a section.
        likeness(name).max(likeness(last(name)) - 0.01)
    };
    let scored = known.into_iter().map(|name| (alike(name), name));
    let (score, name) = scored.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (score >= ALIKE).then(|| format!("; did you mean `{name}`?"))
}
