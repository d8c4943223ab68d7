//! Sees to it that no server outlives whoever started it, however that one ends.
//!
//! A destructor runs when a test fails, but not when it is interrupted or killed. What is left of
//! a process that was killed is nothing but its closed descriptors, so that is what is watched:
//!
//! ```text
//!  starter ----- the lease, a pipe -----> supervisor (sh)
//!     |                                      | leads the process group
//!     +-- puts every server, and the         |
//!         download before it, into --------> | group
//!
//!  the pipe ends (drop, exit, panic, SIGKILL, ...)  -> the whole group gets SIGKILL
//!  "keep" comes over it (`cassandra up`)            -> the supervisor goes, the servers stay
//!  "end" comes over it (drop)                       -> nothing was left half done
//! ```
//!
//! The group is not that of the terminal, so that Ctrl-C reaches the starter alone. A process can
//! only be put into a group that still exists: a server started after the supervisor's end does
//! not start at all. The supervisor is a few lines of `sh`, since nothing else can be relied on: a
//! test binary cannot run itself as another program, and another binary may not be built.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::{Error, home, process};

/// How much is shown of what a program said that has failed.
const LINES: usize = 20;

/// Its arguments are a command to be run before the group is killed: servers in containers are in
/// no process group of this machine. Whoever was killed may have left a container half made, which
/// cannot be removed until it is whole, so the command is run again and again then.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
times=20
while read -r word; do
    case $word in
    keep) exit 0 ;;
    end) times=1 ;;
    esac
done
while [ $# -gt 0 ] && [ $times -gt 0 ]; do
    "$@" >/dev/null 2>&1
    times=$((times - 1))
    [ $times -eq 0 ] || sleep 1
done
kill -s KILL 0
"#;

/// The supervisor of one cluster. Dropping it ends everything in its group and waits for that.
#[derive(Debug)]
pub(super) struct Supervisor {
    shell: Child,
    /// `None` once it is given back.
    lease: Option<ChildStdin>,
    group: i32,
}

impl Supervisor {
    /// Starts one. It holds the locks on these two files too, so that they last as long as the
    /// servers, and not only as long as the starter. `last` is run at the end.
    pub(super) fn start(locks: [File; 2], last: &[String]) -> Result<Self, Error> {
        // The two descriptors that a shell has besides its input serve to hand them over.
        let [first, second] = locks;
        let spawned = Command::new("sh")
            .args(["-c", SCRIPT, "cassandra-supervisor"])
            .args(last)
            .stdin(Stdio::piped())
            .stdout(first)
            .stderr(second)
            .process_group(0)
            .spawn();
        let mut shell =
            spawned.map_err(|source| Error::Spawn { program: "sh".to_owned(), source })?;
        let lease = shell.stdin.take();
        let group = i32::try_from(shell.id()).unwrap_or(i32::MAX);
        Ok(Self { shell, lease, group })
    }

    /// Starts a program in the group.
    pub(super) fn spawn(&self, command: &mut Command) -> Result<Child, Error> {
        let program = command.get_program().to_string_lossy().into_owned();
        let spawned = command.stdin(Stdio::null()).process_group(self.group).spawn();
        spawned.map_err(|source| Error::Spawn { program, source })
    }

    /// Runs a program in the group to its end, however long that takes.
    pub(super) fn run(&self, command: &mut Command) -> Result<(), Error> {
        let program = command.get_program().to_string_lossy().into_owned();
        self.output(&program, command, Duration::MAX).map(drop)
    }

    /// Runs a program in the group to its end, and gives what it wrote to its standard output. It is
    /// killed if it takes longer than that.
    pub(super) fn output(
        &self,
        program: &str,
        command: &mut Command,
        patience: Duration,
    ) -> Result<String, Error> {
        let mut child = self.spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (ended, [output, errors]) = thread::scope(|scope| {
            // What is not read would have it wait for ever.
            let reading = [scope.spawn(|| read(output)), scope.spawn(|| read(errors))];
            let ended = process::wait(&mut child, patience);
            if ended.is_none() {
                // One that has ended meanwhile is as good.
                child.kill().and_then(|()| child.wait()).map(drop).unwrap_or_default();
            }
            (ended, reading.map(|thread| thread.join().unwrap_or_default()))
        });
        let tail = || home::last_lines(&format!("{output}{errors}"), LINES);
        let program = program.to_owned();
        match ended {
            Some(status) if status.success() => Ok(output),
            Some(status) => Err(Error::Failed { program, status, output: tail() }),
            None => Err(Error::Stuck { program, waited: patience, output: tail() }),
        }
    }

    /// Lets the servers live on, without anybody who watches over them.
    pub(super) fn keep(mut self) {
        self.give_back(b"keep\n");
    }

    fn give_back(&mut self, word: &[u8]) {
        if let Some(mut lease) = self.lease.take() {
            // If it is gone already, so are the servers.
            lease.write_all(word).unwrap_or_default();
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.give_back(b"end\n");
        // It has nothing to report.
        self.shell.wait().map(drop).unwrap_or_default();
    }
}

/// All that comes out of a pipe; what could be read of it, if it breaks.
fn read(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    pipe.map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut bytes)).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::time::{Duration, Instant};

    use super::*;

    fn locks() -> [File; 2] {
        [tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap()]
    }

    fn sleeper(supervisor: &Supervisor) -> Child {
        supervisor.spawn(Command::new("sleep").arg("100")).unwrap()
    }

    #[test]
    fn what_is_in_the_group_ends_with_the_lease() {
        let supervisor = Supervisor::start(locks(), &[]).unwrap();
        let mut server = sleeper(&supervisor);
        assert!(server.try_wait().unwrap().is_none());
        let begun = Instant::now();
        drop(supervisor);
        assert_eq!(server.wait().unwrap().signal(), Some(9));
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn what_is_kept_lives_on() {
        let supervisor = Supervisor::start(locks(), &[]).unwrap();
        let mut server = sleeper(&supervisor);
        supervisor.keep();
        assert!(server.try_wait().unwrap().is_none());
        server.kill().unwrap();
        server.wait().unwrap();
    }

    #[test]
    fn the_last_command_is_run_before_the_end() {
        let directory = tempfile::tempdir().unwrap();
        let mark = directory.path().join("mark");
        let last = ["touch".to_owned(), mark.display().to_string()];
        let supervisor = Supervisor::start(locks(), &last).unwrap();
        assert!(!mark.exists());
        drop(supervisor);
        assert!(mark.exists());
    }

    #[test]
    fn the_last_command_is_repeated_when_the_lease_just_ends() {
        let directory = tempfile::tempdir().unwrap();
        let marks = directory.path().join("marks");
        let last = ["sh", "-c", "echo >> $0; [ $(wc -l < $0) -lt 2 ] || kill -s KILL 0"];
        let mut last: Vec<String> = last.map(str::to_owned).into();
        last.push(marks.display().to_string());
        let mut supervisor = Supervisor::start(locks(), &last).unwrap();
        supervisor.lease = None;
        drop(supervisor);
        assert_eq!(std::fs::read(marks).unwrap(), b"\n\n");
    }

    #[test]
    fn the_locks_last_as_long_as_the_supervisor() {
        let directory = tempfile::tempdir().unwrap();
        let open = || File::create(directory.path().join("lock")).unwrap();
        let lock = open();
        lock.lock().unwrap();
        let supervisor = Supervisor::start([lock, open()], &[]).unwrap();
        assert!(open().try_lock().is_err());
        drop(supervisor);
        open().try_lock().unwrap();
    }

    #[test]
    fn nothing_starts_once_the_supervisor_is_gone() {
        let mut supervisor = Supervisor::start(locks(), &[]).unwrap();
        supervisor.shell.kill().unwrap();
        supervisor.shell.wait().unwrap();
        let refused = supervisor.spawn(Command::new("sleep").arg("100")).unwrap_err();
        assert!(refused.to_string().starts_with("cannot start sleep"), "{refused}");
    }

    #[test]
    fn a_program_that_fails_is_quoted() {
        let supervisor = Supervisor::start(locks(), &[]).unwrap();
        supervisor.run(&mut Command::new("true")).unwrap();
        let failed =
            supervisor.run(Command::new("sh").args(["-c", "echo why; exit 3"])).unwrap_err();
        assert!(failed.to_string().ends_with("exit status: 3:\nwhy"), "{failed}");
    }

    #[test]
    fn what_a_program_says_is_given_however_much_it_is() {
        let supervisor = Supervisor::start(locks(), &[]).unwrap();
        let script = "echo aside >&2; yes line | head -n 100000";
        let mut command = Command::new("sh");
        let said = supervisor.output("lines", command.args(["-c", script]), Duration::MAX).unwrap();
        assert_eq!(said, "line\n".repeat(100_000));
    }

    #[test]
    fn a_program_that_does_not_end_is_killed() {
        let supervisor = Supervisor::start(locks(), &[]).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo begun; exec sleep 100"]);
        let begun = Instant::now();
        let stuck = supervisor.output("it", &mut command, Duration::from_millis(300)).unwrap_err();
        assert_eq!(stuck.to_string(), "it is not done after 0.3 s:\nbegun");
        assert!(begun.elapsed() < Duration::from_secs(50));
    }
}
