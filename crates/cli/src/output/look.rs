//! Whether there is colour: on a terminal, unless `NO_COLOR` or a flag says otherwise.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

/// The flag about colour.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ColourArgs {
    /// Colour: on a terminal unless NO_COLOR is set, always, or never
    #[arg(long = "color", global = true, value_name = "WHEN", default_value = "auto")]
    when: When,
}

#[derive(Copy, Clone, Debug, Default, clap::ValueEnum)]
enum When {
    #[default]
    Auto,
    Always,
    Never,
}

impl ColourArgs {
    /// From now on, for all that is written.
    pub(crate) fn apply(&self) {
        match self.when {
            When::Auto => ColorChoice::Auto,
            When::Always => ColorChoice::Always,
            When::Never => ColorChoice::Never,
        }
        .write_global();
    }
}

/// What is written looks like this.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) colour: bool,
    /// Is it a terminal that shows it?
    pub(crate) to_terminal: bool,
}

impl Look {
    /// That of standard output.
    pub(crate) fn of_stdout() -> Self {
        let colour = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
        Self { colour, to_terminal: io::stdout().is_terminal() }
    }

    /// The text in this style, or as it is where there is no colour.
    pub(crate) fn paint(self, style: Style, text: &str) -> impl Display + '_ {
        let style = if self.colour { style } else { Style::new() };
        fmt::from_fn(move |f| write!(f, "{style}{text}{style:#}"))
    }
}

/// As cqlsh has them, so that eyes find what they are used to.
pub(crate) const PARTITION_KEY: Style = AnsiColor::Red.on_default();
pub(crate) const CLUSTERING: Style = AnsiColor::Cyan.on_default();
pub(crate) const STATIC: Style = AnsiColor::White.on_default();
pub(crate) const REGULAR: Style = AnsiColor::Magenta.on_default();
pub(crate) const NULL: Style = AnsiColor::Red.on_default();
pub(crate) const TEXT: Style = AnsiColor::Yellow.on_default();
pub(crate) const NUMBER: Style = AnsiColor::Green.on_default();
pub(crate) const BYTES: Style = AnsiColor::Magenta.on_default();
pub(crate) const COLLECTION: Style = AnsiColor::Blue.on_default();
