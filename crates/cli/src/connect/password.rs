//! Where a password comes from: the environment, a file, a prompt; never the command line.

use std::env;
use std::io::{self, IsTerminal};
use std::path::Path;

use cqlwire::Config;

use super::args::ConnectionArgs;
use crate::exit::Failure;
use crate::file;

/// The variable that holds it.
const VARIABLE: &str = "CQLWIRE_PASSWORD";

const PASSWORD: &str = "credentials.password";

/// Sees to it that whoever has a user has a password, too. What is there may be of somebody else.
pub(super) fn complete(
    args: &ConnectionArgs,
    is_of_other: bool,
    config: &mut Config,
) -> Result<(), Failure> {
    if let Some(path) = &args.password_file {
        config.set(PASSWORD, &first_line(path)?)?;
    } else if let Ok(password) = env::var(VARIABLE) {
        config.set(PASSWORD, &password)?;
    } else if let Some(user) = config.get("credentials.user")
        && (is_of_other || !config.is_set(PASSWORD))
    {
        config.set(PASSWORD, &ask(&user)?)?;
    }
    Ok(())
}

/// Asks whoever sits at the terminal; nothing is shown of what is typed.
pub(crate) fn ask(user: &str) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        let why = format!("the password of `{user}` is lacking: {VARIABLE} or --password-file");
        return Err(Failure::usage(why));
    }
    Ok(rpassword::prompt_password(format!("Password of {user}: "))?)
}

/// Without the end of the line: editors write one.
fn first_line(path: &Path) -> Result<String, Failure> {
    let wrong = |why: &dyn std::fmt::Display| {
        Failure::usage(format_args!("--password-file {}: {why}", path.display()))
    };
    let text = file::text(path).map_err(|error| wrong(&error))?;
    let line = text.lines().next().filter(|line| !line.is_empty());
    line.map(ToOwned::to_owned).ok_or_else(|| wrong(&"its first line is empty"))
}
