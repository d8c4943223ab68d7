//! The order of decimals (`DecimalType`): that of `BigDecimal.compareTo`, by value.
//!
//! Scales may be four thousand million digits apart, so nothing is written out before the sizes
//! have been compared: only of two numbers of about the same size the digits count.

use std::cmp::Ordering;

use super::misfits;
use super::number::{is_negative, minimal};

pub(super) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = match (Decimal::new(a), Decimal::new(b)) {
        (Some(a), Some(b)) => (a, b),
        (first, second) => return misfits(first.is_some(), second.is_some(), a, b),
    };
    match (a.sign(), b.sign()) {
        (Ordering::Less, Ordering::Less) => a.compare_sizes(&b).reverse(),
        (Ordering::Greater, Ordering::Greater) => a.compare_sizes(&b),
        (a, b) => a.cmp(&b),
    }
}

struct Decimal<'a> {
    scale: i64,
    /// Two's complement, minimal.
    unscaled: &'a [u8],
}

impl<'a> Decimal<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let (scale, unscaled) = bytes.split_first_chunk()?;
        Some(Self { scale: i32::from_be_bytes(*scale).into(), unscaled: minimal(unscaled) })
    }

    /// Less than zero, zero or greater.
    fn sign(&self) -> Ordering {
        match self.unscaled {
            [0] => Ordering::Equal,
            unscaled if is_negative(unscaled) => Ordering::Less,
            _ => Ordering::Greater,
        }
    }

    /// Compares without the signs. Neither is zero.
    fn compare_sizes(&self, other: &Self) -> Ordering {
        // a / 10^i <=> b / 10^j is a * 10^(j - i) <=> b.
        let power = other.scale - self.scale;
        if let (Some(a), Some(b)) = (small(self.unscaled), small(other.unscaled)) {
            return if power < 0 {
                compare_small(b, -power, a).reverse()
            } else {
                compare_small(a, power, b)
            };
        }
        let (a, b) = (magnitude(self.unscaled), magnitude(other.unscaled));
        if power < 0 {
            compare_powered(&b, -power, &a).reverse()
        } else {
            compare_powered(&a, power, &b)
        }
    }
}

/// The magnitude, if it is that of an `i128`: of almost all decimals there are.
fn small(unscaled: &[u8]) -> Option<u128> {
    let mut wide = if is_negative(unscaled) { [0xFF; 16] } else { [0; 16] };
    let start = wide.len().checked_sub(unscaled.len())?;
    wide.get_mut(start..)?.copy_from_slice(unscaled);
    Some(i128::from_be_bytes(wide).unsigned_abs())
}

/// Compares `a * 10^power` to `b`; neither is zero.
fn compare_small(a: u128, power: i64, b: u128) -> Ordering {
    let factor = u32::try_from(power).ok().and_then(|power| 10_u128.checked_pow(power));
    // What no longer fits is more than `b`, which does.
    factor.and_then(|factor| a.checked_mul(factor)).map_or(Ordering::Greater, |a| a.cmp(&b))
}

/// A magnitude in digits of 32 bits, the lowest first, without zeros at the end.
type Digits = Vec<u32>;

fn magnitude(unscaled: &[u8]) -> Digits {
    let negative = is_negative(unscaled);
    let digit = |bytes: &[u8]| {
        let sign = if negative { !0 } else { 0 };
        let digit = bytes.iter().fold(sign, |digit: u32, byte| digit << 8 | u32::from(*byte));
        if negative { !digit } else { digit }
    };
    let mut digits: Digits = unscaled.rchunks(size_of::<u32>()).map(digit).collect();
    if negative {
        // The complement is one too small; one more goes no further than the highest digit.
        digits.iter_mut().all(|digit| {
            *digit = digit.wrapping_add(1);
            *digit == 0
        });
    }
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits
}

/// Compares `a * 10^power` to `b`; neither is zero.
fn compare_powered(a: &[u32], power: i64, b: &[u32]) -> Ordering {
    /// The binary logarithm of 10 is between these, over this.
    const LOG: (i128, i128, i128) = (3_321_928_094, 3_321_928_095, 1_000_000_000);
    let (least, most) = (i128::from(power) * LOG.0 / LOG.2, i128::from(power) * LOG.1 / LOG.2 + 1);
    let (bits_a, bits_b) = (bits(a), bits(b));
    if bits_a + least > bits_b {
        return Ordering::Greater;
    }
    if bits_a + most < bits_b {
        return Ordering::Less;
    }
    // `b` has as many digits as the product will, give or take one.
    let mut product = a.to_vec();
    let nines = u32::try_from(power % 9).unwrap_or_default();
    (0..power / 9).for_each(|_| multiply(&mut product, 1_000_000_000));
    multiply(&mut product, 10_u32.pow(nines));
    product.len().cmp(&b.len()).then_with(|| product.iter().rev().cmp(b.iter().rev()))
}

fn bits(digits: &[u32]) -> i128 {
    let zeros = digits.last().map_or(0, |highest| highest.leading_zeros());
    i128::try_from(digits.len()).unwrap_or(i128::MAX).saturating_mul(32) - i128::from(zeros)
}

fn multiply(digits: &mut Digits, factor: u32) {
    let mut carry = 0;
    for digit in digits.iter_mut() {
        let product = u64::from(*digit) * u64::from(factor) + carry;
        *digit = low(product);
        carry = product >> 32;
    }
    if carry > 0 {
        digits.push(low(carry));
    }
}

fn low(wide: u64) -> u32 {
    u32::try_from(wide & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}
