//! Counters that belong together: one struct, of which a reader can name each figure, add two up,
//! and take the difference of two looks.

/// Declares a struct of counters: figures of `u64` that only ever grow.
#[macro_export]
#[doc(hidden)]
macro_rules! counters {
    (
        $(#[$of_struct:meta])*
        pub struct $name:ident {
            $($(#[doc = $of_field:literal])* $field:ident,)*
        }
    ) => {
        $(#[$of_struct])*
        #[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[doc = $of_field])* pub $field: u64,)*
        }

        impl $name {
            /// Each figure with its name, in a fixed order.
            pub fn each(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
                [$((stringify!($field), self.$field),)*].into_iter()
            }

            /// Each figure with its name, and what it counts as that is documented, in the same order.
            #[doc(hidden)]
            pub fn described(
                &self,
            ) -> impl Iterator<Item = (&'static str, &'static str, u64)> + use<> {
                [$((stringify!($field), concat!($($of_field,)*), self.$field),)*].into_iter()
            }

            /// What has come since an earlier look.
            #[must_use]
            pub const fn since(&self, earlier: &Self) -> Self {
                Self { $($field: self.$field.saturating_sub(earlier.$field),)* }
            }
        }

        impl ::std::ops::Add for $name {
            type Output = Self;

            /// Both together.
            fn add(self, other: Self) -> Self {
                Self { $($field: self.$field.wrapping_add(other.$field),)* }
            }
        }

        impl ::std::fmt::Display for $name {
            /// One line, a `name count` each.
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                for (number, (name, count)) in self.each().enumerate() {
                    let comma = if number == 0 { "" } else { ", " };
                    write!(f, "{comma}{} {count}", name.replace('_', " "))?;
                }
                Ok(())
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #![allow(unreachable_pub, reason = "what is declared is public where it is of use")]

    counters! {
        /// Two.
        pub struct Two {
            /// One.
            first,
            /// The other.
            the_second,
        }
    }

    #[test]
    fn figures_are_named_added_and_compared() {
        let (one, two) = (Two { first: 1, the_second: 2 }, Two { first: 10, the_second: 1 });
        assert_eq!(one.to_string(), "first 1, the second 2");
        assert_eq!((one + two).each().collect::<Vec<_>>(), [("first", 11), ("the_second", 3)]);
        let described = (one.described()).map(|(name, what, count)| (name, what.trim(), count));
        assert!(described.eq([("first", "One.", 1), ("the_second", "The other.", 2)]));
        assert_eq!(two.since(&one), Two { first: 9, the_second: 0 });
    }
}
