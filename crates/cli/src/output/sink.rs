//! Where results go: standard output, a pager in front of it, or the file that CAPTURE names.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::pager::Pager;
use crate::exit::{Exit, Failure};
use crate::output;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Sink {
    file: Option<(PathBuf, BufWriter<File>)>,
    /// What goes to standard output or to the pager, until it is shown.
    pending: Vec<u8>,
    paging: Paging,
    /// What is told once the screen is no longer that of a pager.
    notices: BTreeSet<String>,
}

#[derive(Debug, Default)]
enum Paging {
    #[default]
    None,
    /// This one, once there is something to be seen.
    By(String),
    Runs(Box<Pager>),
}

/// As much as is kept back for one write.
const PENDING: usize = 64 << 10;

/// As many notices are kept back.
const MOST_NOTICES: usize = 100;

impl Sink {
    /// From now on to this file, behind what it has.
    pub(crate) fn capture(&mut self, path: &Path) -> Result<(), Failure> {
        self.flush()?;
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file =
            file.map_err(|error| Failure::refused(format_args!("{}: {error}", path.display())))?;
        self.file = Some((path.to_owned(), BufWriter::new(file)));
        Ok(())
    }

    /// From now on to standard output.
    pub(crate) fn release(&mut self) -> Result<(), Failure> {
        self.flush()?;
        self.file = None;
        Ok(())
    }

    /// The file, if it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|(path, _)| path.as_path())
    }

    /// As far as its [end](Self::end), what is written goes through a pager, if one is named.
    pub(crate) fn page(&mut self, by: Option<String>) {
        self.paging = by.map_or(Paging::None, Paging::By);
    }

    /// Shows what was written, as fast as somebody looks at it.
    pub(crate) async fn show(&mut self) -> Result<(), Failure> {
        if let Paging::By(command) = &self.paging
            && !self.pending.is_empty()
        {
            self.paging = Paging::Runs(Box::new(Pager::start(command)?));
        }
        match &mut self.paging {
            Paging::Runs(pager) => Ok(pager.write(&std::mem::take(&mut self.pending)).await?),
            Paging::None | Paging::By(_) => Ok(self.flush()?),
        }
    }

    /// Does this, unless a pager is quit before: then nobody wants it any more.
    pub(crate) async fn unless_quit<T>(
        &mut self,
        doing: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let Paging::Runs(pager) = &mut self.paging else { return Ok(doing.await) };
        tokio::select! {
            biased;
            done = doing => Ok(done),
            quit = pager.quit() => Err(quit.map_or_else(Failure::from, |()| Failure::unread())),
        }
    }

    /// A message that is no failure: at once, or where a pager has the screen, behind it.
    pub(crate) fn notice(&mut self, message: String) {
        match self.paging {
            Paging::None | Paging::By(_) => output::notice(&message),
            _ if self.notices.len() < MOST_NOTICES => drop(self.notices.insert(message)),
            _ => drop(self.notices.insert("there were more warnings".to_owned())),
        }
    }

    /// Shows all that is left, and waits for whoever looks at a pager. What they have quit in the middle has
    /// ended well.
    pub(crate) async fn end<T: Default>(&mut self, done: Result<T, Failure>) -> Result<T, Failure> {
        let shown = self.show().await;
        let done = done.and_then(|done| shown.map(|()| done));
        let ended = match &mut self.paging {
            Paging::Runs(pager) => pager.finish().await,
            Paging::None | Paging::By(_) => {
                self.paging = Paging::None;
                return done;
            }
        };
        self.paging = Paging::None;
        std::mem::take(&mut self.notices).iter().for_each(|notice| output::notice(notice));
        match done {
            Err(failure) if failure.exit == Exit::Done => ended.map(|()| T::default()),
            done => done.and_then(|done| ended.map(|()| done)),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some((_, file)) = &mut self.file {
            return file.write(bytes);
        }
        self.pending.extend_from_slice(bytes);
        if matches!(self.paging, Paging::None) && self.pending.len() >= PENDING {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    /// Of what goes through a pager, nothing: it is [shown](Sink::show).
    fn flush(&mut self) -> io::Result<()> {
        if let Some((_, file)) = &mut self.file {
            return file.flush();
        }
        if !matches!(self.paging, Paging::None) {
            return Ok(());
        }
        let mut out = output::stdout();
        let written = out.write_all(&self.pending).and_then(|()| out.flush());
        // What could not be written is not tried again.
        self.pending.clear();
        written
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::future::pending;

    use super::*;

    fn paged(by: &str) -> Sink {
        let mut sink = Sink::default();
        sink.page(Some(by.to_owned()));
        sink
    }

    fn unread(shown: Result<(), Failure>) -> bool {
        shown.is_err_and(|failure| failure.exit == Exit::Done)
    }

    #[tokio::test]
    async fn all_goes_through_the_pager_and_its_end_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seen");
        let mut sink = paged(&format!("sed 's/^/> /' > '{}'", file.display()));
        for page in ["one\n", "two\n"] {
            sink.write_all(page.as_bytes()).unwrap();
            sink.flush().unwrap();
            sink.show().await.unwrap();
        }
        sink.write_all(b"the end\n").unwrap();
        assert_eq!(sink.end(Ok(7)).await, Ok(7));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "> one\n> two\n> the end\n");
    }

    /// Also while a server is silent, and not only once there is more to be written.
    #[tokio::test]
    async fn what_is_under_way_is_dropped_when_the_pager_is_quit() {
        let mut sink = paged("head -n 1 > /dev/null");
        sink.write_all(b"one\n").unwrap();
        sink.show().await.unwrap();
        let dropped = sink.unless_quit(pending::<()>()).await;
        assert!(unread(dropped.clone()));
        assert_eq!(sink.end(dropped).await, Ok(()), "it is no failure");
        assert_eq!(sink.unless_quit(std::future::ready(1)).await, Ok(1), "it has none any more");
    }

    /// It takes no more than somebody looks at, and whoever wants no more of it ends that.
    #[tokio::test]
    async fn who_reads_nothing_is_not_written_to_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let quit = folder.path().join("quit");
        std::process::Command::new("mkfifo").arg(&quit).status().unwrap();
        let mut sink = paged(&format!("read -r line < '{}'", quit.display()));
        let page = vec![b'x'; 1 << 20];
        sink.write_all(&page).unwrap();
        let mut shows = Box::pin(sink.show());
        assert!(futures_util::poll!(&mut shows).is_pending(), "a pipe takes less than that");
        let quits = tokio::task::spawn_blocking(move || std::fs::write(quit, "\n"));
        let shown = shows.await;
        quits.await.unwrap().unwrap();
        assert!(unread(shown.clone()), "{shown:?}");
        assert_eq!(sink.end(shown).await, Ok(()));
    }

    #[tokio::test]
    async fn a_pager_that_cannot_be_started_is_told() {
        let mut sink = paged("/nonexistent/pager -S 2> /dev/null");
        sink.write_all(b"one\n").unwrap();
        let shown = sink.show().await;
        let told = sink.end(shown).await.unwrap_err();
        assert_eq!(told.exit, Exit::Usage);
        assert!(
            told.to_string().contains("/nonexistent/pager") && told.to_string().contains("127")
        );
        // Nothing to be seen needs none.
        assert_eq!(paged("/nonexistent/pager").end(Ok(())).await, Ok(()));
    }
}
