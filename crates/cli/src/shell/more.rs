//! What is answered to `---MORE---`: one key, and no more than that is read, since the next statement may
//! have been typed already.

use std::io;

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    More,
    Enough,
    /// What goes on with something else: the beginning of the next line.
    Typed(char),
}

/// Reads keys, byte by byte, up to one that says something.
fn answer(mut next: impl FnMut() -> io::Result<Option<u8>>) -> io::Result<Answer> {
    const CTRL_C: u8 = 3;
    const CTRL_D: u8 = 4;
    const ESCAPE: u8 = 27;
    loop {
        let Some(byte) = next()? else { return Ok(Answer::Enough) };
        match byte {
            b' ' | b'\r' | b'\n' => return Ok(Answer::More),
            b'q' | b'Q' | CTRL_C | CTRL_D => return Ok(Answer::Enough),
            ESCAPE => pass_sequence(&mut next)?,
            byte if byte.is_ascii_control() => {}
            byte => {
                if let Some(typed) = character(byte, &mut next)? {
                    return Ok(Answer::Typed(typed));
                }
            }
        }
    }
}

/// Keys such as those with arrows are several bytes, the last of which is a letter or `~`.
fn pass_sequence(mut next: impl FnMut() -> io::Result<Option<u8>>) -> io::Result<()> {
    if matches!(next()?, Some(b'[' | b'O')) {
        while next()?.is_some_and(|byte| !(0x40..=0x7e).contains(&byte)) {}
    }
    Ok(())
}

/// The character that begins with this byte, in UTF-8.
fn character(
    first: u8,
    mut next: impl FnMut() -> io::Result<Option<u8>>,
) -> io::Result<Option<char>> {
    let mut bytes = vec![first];
    for _ in 1..first.leading_ones() {
        bytes.extend(next()?);
    }
    Ok(std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next()))
}

pub(super) use self::terminal::ask;

mod terminal {
    use std::io::{self, Write};

    use nix::sys::termios::{
        LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr,
    };
    use nix::unistd::read;

    use super::{Answer, answer};

    /// Asks whoever sits at the terminal.
    pub(in crate::shell) fn ask(question: &str) -> io::Result<Answer> {
        let mut out = io::stdout();
        write!(out, "{question}")?;
        out.flush()?;
        let answered = {
            let _keys = Keys::of_terminal()?;
            answer(|| {
                let mut byte = [0];
                let count = read(io::stdin(), &mut byte)?;
                Ok((count > 0).then_some(byte[0]))
            })?
        };
        writeln!(out)?;
        Ok(answered)
    }

    /// The terminal gives each key as it is pressed, until this is dropped.
    struct Keys {
        before: Termios,
    }

    impl Keys {
        fn of_terminal() -> io::Result<Self> {
            let before = tcgetattr(io::stdin())?;
            let mut keys = before.clone();
            keys.local_flags.remove(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG);
            keys.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
            keys.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
            // What has been typed is left there.
            tcsetattr(io::stdin(), SetArg::TCSADRAIN, &keys)?;
            Ok(Self { before })
        }
    }

    impl Drop for Keys {
        fn drop(&mut self) {
            // A terminal that is gone needs nothing any more.
            let _gone = tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was answered, and what is left for the next line.
    fn answered(typed: &[u8]) -> (Answer, Vec<u8>) {
        let mut bytes = typed.iter().copied();
        let answer = answer(|| Ok(bytes.next())).unwrap();
        (answer, bytes.collect())
    }

    #[test]
    fn one_key_says_whether_there_is_to_be_more() {
        for more in [" ", "\r", "\n", "\u{1b}[A\u{1b}OB\u{1b}[5~\t "] {
            assert_eq!(answered(more.as_bytes()), (Answer::More, Vec::new()), "{more:?}");
        }
        for enough in ["q", "Q", "\u{3}", "\u{4}", ""] {
            assert_eq!(answered(enough.as_bytes()), (Answer::Enough, Vec::new()), "{enough:?}");
        }
    }

    #[test]
    fn what_was_typed_ahead_is_left_for_the_next_line() {
        assert_eq!(answered(b"SELECT 1;\n"), (Answer::Typed('S'), b"ELECT 1;\n".to_vec()));
        assert_eq!(answered(b" SELECT 1;"), (Answer::More, b"SELECT 1;".to_vec()));
        assert_eq!(answered("é;".as_bytes()), (Answer::Typed('é'), b";".to_vec()));
    }
}
