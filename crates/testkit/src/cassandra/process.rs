//! The process of a server: signals to it, and whether it still is what it was.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::Error;

/// How often to look after a child.
const STEP: Duration = Duration::from_millis(20);
/// How long the system may take to end a process that was killed.
const KILLED: Duration = Duration::from_secs(10);
/// The states of a process that was stopped, and of one that has ended.
const STOPPED: char = 'T';
const ENDED: char = 'Z';
/// How often to look after another process, which may take starting `ps`.
const PS_STEP: Duration = Duration::from_millis(100);

/// A running server, known well enough to be found by another process later: of jars the JVM, in
/// a container the `docker run` that stands for it and passes on what it gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Server {
    pub(super) pid: i32,
    /// A word of its command line that no other process has. After a restart of the machine its
    /// number may be another's.
    pub(super) mark: String,
    pub(super) container: Option<String>,
}

impl Server {
    /// Whether it runs. It need not be a child of this process.
    pub(super) fn is_alive(&self) -> bool {
        self.state().is_some_and(|state| state != ENDED)
    }

    /// Its state, as the letter by which systems call it; `None` if it is gone.
    fn state(&self) -> Option<char> {
        let (state, command) = look(self.pid)?;
        // Of a process that has ended and waits for its parent, nothing but the state is left.
        (state == ENDED || command.contains(&self.mark)).then_some(state)
    }

    /// Asks it to shut down: SIGTERM.
    pub(super) fn terminate(&self) -> Result<(), Error> {
        self.signal(Signal::SIGTERM)
    }

    /// Ends it at once: SIGKILL.
    pub(super) fn kill(&self) -> Result<(), Error> {
        if self.container.is_some() {
            // One that is paused may not be removable, and one that is not cannot be resumed.
            self.docker(&["unpause"]).unwrap_or_default();
        }
        self.remove_container();
        self.signal(Signal::SIGKILL)
    }

    /// Removes its container, if it has one, killing what runs in it. Containers are not left to
    /// remove themselves: they take their time, and the next one needs the name.
    pub(super) fn remove_container(&self) {
        if self.container.is_some() {
            // One that is not there is as good.
            self.docker(&["rm", "--force", "--volumes"]).unwrap_or_default();
        }
    }

    /// Takes its processor away: SIGSTOP. Its sockets stay open and nobody answers on them.
    pub(super) fn pause(&self) -> Result<(), Error> {
        if self.container.is_some() {
            return self.docker(&["pause"]);
        }
        self.signal(Signal::SIGSTOP)?;
        // Until the thread that gets the signal is scheduled, the others go on answering.
        while self.state().is_some_and(|state| ![STOPPED, ENDED].contains(&state)) {
            std::thread::sleep(STEP);
        }
        Ok(())
    }

    /// Lets it go on: SIGCONT.
    pub(super) fn resume(&self) -> Result<(), Error> {
        if self.container.is_some() {
            self.docker(&["unpause"])
        } else {
            self.signal(Signal::SIGCONT)
        }
    }

    /// Asks it to shut down and kills it if it has not after `patience`. For a process that is
    /// not a child of this one.
    pub(super) fn shut_down(&self, patience: Duration) -> Result<(), Error> {
        if !self.is_alive() {
            return Ok(());
        }
        self.resume()
            .or_else(|error| if self.container.is_some() { Ok(()) } else { Err(error) })?;
        self.terminate()?;
        if self.ends_within(patience) {
            self.remove_container();
            return Ok(());
        }
        self.kill()?;
        let pid = self.pid;
        if self.ends_within(KILLED) { Ok(()) } else { Err(Error::Unkillable { pid }) }
    }

    fn ends_within(&self, patience: Duration) -> bool {
        let begun = Instant::now();
        // Its command line goes before it does.
        while look(self.pid).is_some_and(|(state, _)| state != ENDED) {
            if begun.elapsed() > patience {
                return false;
            }
            std::thread::sleep(PS_STEP);
        }
        true
    }

    fn signal(&self, signal: Signal) -> Result<(), Error> {
        match signal::kill(Pid::from_raw(self.pid), signal) {
            // It has ended by itself.
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(errno) => Err(Error::Signal { pid: self.pid, source: errno.into() }),
        }
    }

    fn docker(&self, action: &[&str]) -> Result<(), Error> {
        let name = self.container.as_deref().unwrap_or_default();
        let program = format!("docker {}", action.join(" "));
        let mut command = Command::new("docker");
        let output = command.args(action).arg(name).stdin(Stdio::null()).output();
        let output = output.map_err(|source| Error::Spawn { program: program.clone(), source })?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(Error::Failed { program, status: output.status, output: said })
    }
}

/// State and command line of a process; `None` if there is none.
fn look(pid: i32) -> Option<(char, String)> {
    if Path::new("/proc/self/stat").exists() { of_proc(pid) } else { of_ps(pid) }
}

/// What [`look`] gives, from where Linux lists it.
fn of_proc(pid: i32) -> Option<(char, String)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    // The name before the state may itself have parentheses and spaces.
    let state = stat.rsplit_once(") ")?.1.chars().next()?;
    Some((state, String::from_utf8_lossy(&command).replace('\0', " ")))
}

/// The same from `ps`, which need not be there on Linux, but is everywhere else.
fn of_ps(pid: i32) -> Option<(char, String)> {
    let arguments = ["-ww", "-o", "stat=,command=", "-p", &pid.to_string()];
    let ps = Command::new("ps").args(arguments).stdin(Stdio::null()).output().ok()?;
    let line = String::from_utf8_lossy(&ps.stdout).trim().to_owned();
    Some((line.chars().next()?, line))
}

/// Waits for the end of a child; `None` if it takes longer than `patience`.
pub(super) fn wait(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            _ if begun.elapsed() > patience => return None,
            _ => std::thread::sleep(STEP),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A child of this process, and what another process would know of it.
    struct Sleeper {
        child: Child,
        server: Server,
    }

    impl Sleeper {
        fn start(seconds: &str) -> Self {
            let child = Command::new("sleep").arg(seconds).spawn().unwrap();
            Self::of(child, &format!("sleep {seconds}"))
        }

        fn of(child: Child, mark: &str) -> Self {
            let pid = child.id().try_into().unwrap();
            let sleeper =
                Self { child, server: Server { pid, mark: mark.to_owned(), container: None } };
            // Between fork and exec it has no command line, or that of this process.
            let begun = Instant::now();
            while !sleeper.server.is_alive() && begun.elapsed() < Duration::from_secs(5) {
                std::thread::sleep(STEP);
            }
            sleeper
        }

        fn has_ended(&mut self) -> bool {
            wait(&mut self.child, Duration::from_secs(5)).is_some()
        }
    }

    impl Drop for Sleeper {
        fn drop(&mut self) {
            self.child.kill().and_then(|()| self.child.wait()).unwrap();
        }
    }

    #[test]
    fn a_process_is_known_by_more_than_its_number() {
        let mut sleeper = Sleeper::start("1001");
        let server = sleeper.server.clone();
        assert!(server.is_alive());
        let another = Server { mark: "sleep 1002".to_owned(), ..server.clone() };
        assert!(!another.is_alive());
        another.shut_down(Duration::ZERO).unwrap();
        assert!(server.is_alive());
        server.kill().unwrap();
        assert!(sleeper.has_ended());
        assert!(!server.is_alive());
        server.kill().unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn both_ways_to_look_see_the_same() {
        let mut sleeper = Sleeper::start("1005");
        let Server { pid, mark, .. } = sleeper.server.clone();
        let (_, command) = of_proc(pid).unwrap();
        assert!(command.contains(&mark), "{command}");
        // There need not be a `ps`.
        if let Some((state, command)) = of_ps(pid) {
            assert!(state.is_alphabetic() && command.contains(&mark), "{command}");
        }
        sleeper.server.kill().unwrap();
        assert!(sleeper.has_ended());
        assert_eq!(of_proc(pid), None);
        assert_eq!(of_ps(pid), None);
    }

    #[test]
    fn whoever_is_paused_can_still_be_shut_down() {
        let mut sleeper = Sleeper::start("1003");
        sleeper.server.pause().unwrap();
        assert_eq!(sleeper.server.state(), Some(STOPPED));
        sleeper.server.shut_down(Duration::from_secs(5)).unwrap();
        assert!(sleeper.has_ended());
    }

    #[test]
    fn whoever_does_not_listen_is_killed() {
        let script = "trap '' TERM; echo; while :; do sleep 0.01; done; : 1004";
        let mut command = Command::new("sh");
        let mut child = command.args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        let mut deaf = [0];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut deaf).unwrap();
        let mut sleeper = Sleeper::of(child, ": 1004");
        sleeper.server.shut_down(Duration::from_millis(50)).unwrap();
        assert!(!sleeper.server.is_alive());
        assert!(sleeper.has_ended());
    }
}
