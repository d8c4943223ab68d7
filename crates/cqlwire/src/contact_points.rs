//! What contact points may be written as.

/// One text or several, each naming one server or several, with commas between them.
pub trait IntoContactPoints {
    /// The texts.
    fn into_contact_points(self) -> Vec<String>;
}

impl IntoContactPoints for &str {
    fn into_contact_points(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl IntoContactPoints for String {
    fn into_contact_points(self) -> Vec<String> {
        vec![self]
    }
}

impl IntoContactPoints for &String {
    fn into_contact_points(self) -> Vec<String> {
        vec![self.clone()]
    }
}

impl<S: Into<String>> IntoContactPoints for Vec<S> {
    fn into_contact_points(self) -> Vec<String> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<S: Into<String>, const N: usize> IntoContactPoints for [S; N] {
    fn into_contact_points(self) -> Vec<String> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<S: AsRef<str>> IntoContactPoints for &[S] {
    fn into_contact_points(self) -> Vec<String> {
        self.iter().map(|server| server.as_ref().to_owned()).collect()
    }
}

impl<S: AsRef<str>, const N: usize> IntoContactPoints for &[S; N] {
    fn into_contact_points(self) -> Vec<String> {
        self.as_slice().into_contact_points()
    }
}

impl<S: AsRef<str>> IntoContactPoints for &Vec<S> {
    fn into_contact_points(self) -> Vec<String> {
        self.as_slice().into_contact_points()
    }
}
