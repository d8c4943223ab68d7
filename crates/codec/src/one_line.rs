//! Texts of others, for terminals and logs.

use std::fmt;

/// A text of a server or a user in one line: control characters are written as Rust writes them.
pub fn in_one_line(text: &str) -> impl fmt::Display + '_ {
    OneLine(text)
}

struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c.is_control() {
            true => write!(f, "{}", c.escape_default()),
            false => write!(f, "{c}"),
        })
    }
}

/// What may be shown of a text in which a URL may stand where something else is expected: nothing that
/// may be a password. So nothing before its `@`; and of a URL no parameters, and nothing from the first
/// colon behind its scheme or its `@` on, since the host may be what was forgotten.
pub fn without_secrets(text: &str) -> &str {
    let Some(scheme) = text.find("://") else { return &text[text.rfind('@').unwrap_or(0)..] };
    let in_schemes = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let unnamed = if text[..scheme].chars().all(in_schemes) { 0 } else { scheme };
    let rest = scheme + "://".len();
    let end = text[rest..].find(['?', '#']).map_or(text.len(), |end| rest + end);
    let begin = text[..end].rfind('@').unwrap_or(unnamed);
    let host = rest.max(begin);
    let end = text[host..end].find(':').map_or(end, |colon| host + colon);
    &text[begin..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_and_readable() {
        assert_eq!(in_one_line("a\nb\u{1b}é\\").to_string(), "a\\nb\\u{1b}é\\");
    }

    #[test]
    fn nothing_is_shown_that_may_be_a_password() {
        for (text, shown) in [
            ("db:9042", "db:9042"),
            ("ada:geheim@db:9042", "@db:9042"),
            ("http://db", "http://db"),
            ("file:///etc/ca.pem", "file:///etc/ca.pem"),
            ("cql://ada:geheim@db:9042/shop", "@db"),
            ("cql://ada:geheim/shop", "cql://ada"),
            ("cql://ada:ge?heim@db", "cql://ada"),
            ("cql://ada@db.example:geheim", "@db.example"),
            ("cql://db/shop?credentials.password=ge@heim", "cql://db/shop"),
            ("ada:geheim://db", "://db"),
            ("ada:geheim?@x://?@", "@x://"),
            ("", ""),
        ] {
            assert_eq!(without_secrets(text), shown, "{text}");
        }
    }
}
