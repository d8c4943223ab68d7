//! Who may be answered at all: what the settings say of it.

use super::certificate::last_part;

/// What becomes of a password that a server asks for over a connection without TLS.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum WithoutTls {
    /// It is sent.
    Allow,
    /// It is sent, and a WARN says so, once a session.
    #[default]
    Warn,
    /// It is not sent, and the attempt to connect fails.
    Refuse,
}

/// Is the class on the list? A name without a dot is the last part of a class's name.
pub(crate) fn is_listed(class: &str, list: &[String]) -> bool {
    let last = last_part(class);
    list.iter().any(|own| if own.contains('.') { own == class } else { own == last })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_listed_in_full_or_by_its_last_part() {
        let class = "org.apache.cassandra.auth.PasswordAuthenticator";
        let is = |name: &str| is_listed(class, &["other".to_owned(), name.to_owned()]);
        assert!(is(class) && is("PasswordAuthenticator"));
        assert!(!is("com.example.PasswordAuthenticator") && !is("Authenticator") && !is(""));
        let evil = |class: &str| {
            let own = "org.apache.cassandra.auth.PasswordAuthenticator";
            is_listed(class, &[own.to_owned()])
        };
        assert!(!evil("evil.org.apache.cassandra.auth.PasswordAuthenticator"));
        assert!(!evil("org.apache.cassandra.auth.PasswordAuthenticator.evil"));
        assert!(is_listed("Bare", &["Bare".to_owned()]) && !is_listed(class, &[]));
    }
}
