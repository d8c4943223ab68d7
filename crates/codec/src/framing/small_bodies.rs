//! Where small bodies are copied to: side by side in blocks, so that most of them cost no allocation.

use bytes::{Bytes, BytesMut};

/// The memory of one block, in bytes. It is kept for as long as anybody has a body in it: one kept
/// small result keeps this much, and never the buffer that it was read into.
const BLOCK: usize = 2 << 10;

/// Bodies of more than so many bytes have memory of their own: what others beside them cost would be
/// more than what they save.
const LARGEST: usize = BLOCK / 8;

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct SmallBodies {
    /// What is left of the block.
    block: BytesMut,
}

impl SmallBodies {
    /// Memory of its own for what these bytes say.
    #[inline]
    pub(super) fn copy(&mut self, body: &[u8]) -> Bytes {
        if body.len() > LARGEST {
            return Bytes::copy_from_slice(body);
        }
        // Not `reserve`: it would take the block anew whose bodies are gone, and move it to do so.
        if self.block.capacity() < body.len() {
            self.block = BytesMut::with_capacity(BLOCK);
        }
        self.block.extend_from_slice(body);
        self.block.split().freeze()
    }

    /// Lets go of the block. Those who have a body in it keep it.
    pub(super) fn release(&mut self) {
        self.block = BytesMut::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_what_was_copied_whoever_lies_beside_them() {
        let mut bodies = SmallBodies::default();
        let lengths = (0..2_000_usize).map(|n| n * 37 % (LARGEST + 3));
        let copied: Vec<_> = lengths
            .map(|length| (length, bodies.copy(&vec![length.to_le_bytes()[0]; length])))
            .collect();
        for (length, body) in copied {
            assert_eq!(body, vec![length.to_le_bytes()[0]; length]);
        }
    }

    #[test]
    fn g2_6_a_kept_body_keeps_one_block_at_most() {
        let mut bodies = SmallBodies::default();
        let kept = bodies.copy(&[1; 60]);
        (0..1_000).for_each(|_| drop(bodies.copy(&[2; 60])));
        bodies.release();
        let memory = kept.try_into_mut().unwrap();
        assert!(memory.capacity() <= BLOCK, "{}", memory.capacity());
        let own = bodies.copy(&[3; LARGEST + 1]).try_into_mut().unwrap();
        assert_eq!(own.capacity(), LARGEST + 1);
    }
}
