//! Arguments: a Rust tuple on this side, a JSON array on the wire, one element for each argument.
//!
//! The wire form is that of every other client of the protocol, so a job pushed from Ruby is worked in Rust and the
//! reverse.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// The arguments of a job: a tuple of up to eight elements, or `Vec<Value>` for a job that takes what comes.
///
/// `()` is no arguments, `(String,)` is one, `(String, i64, i64)` are three. Trailing elements that are missing on the
/// wire are read as null, which fits an `Option`; superfluous ones are a mismatch.
pub trait Arguments: Sized + Send + 'static {
    /// Writes the JSON array.
    fn to_json(&self) -> Result<Box<RawValue>, serde_json::Error>;

    /// Reads the JSON array.
    fn from_json(args: &RawValue) -> Result<Self, ArgumentMismatch>;
}

/// What can be given where a job wants arguments of type `A`.
///
/// A job with one argument takes it as it is, `perform_async("Stuart")`; one with several takes a tuple,
/// `perform_async(("+", 3, 5))`; one with none takes `()`. Each is converted with [`Into`].
pub trait IntoArgs<A> {
    /// The arguments themselves.
    fn into_args(self) -> A;
}

/// What can be given where a job of [`job`](crate::job) takes a `T`: whatever converts into it.
#[diagnostic::on_unimplemented(
    message = "the job takes `{T}` here, and `{Self}` does not convert into it",
    label = "expected `{T}`, found `{Self}`"
)]
pub trait IntoArg<T> {
    /// The argument itself.
    fn into_arg(self) -> T;
}

#[diagnostic::do_not_recommend]
impl<T, X: Into<T>> IntoArg<T> for X {
    fn into_arg(self) -> T {
        self.into()
    }
}

/// Arguments that are read from the whole JSON array, and not element by element: an enum of several shapes, or any
/// number of values of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole<T>(pub T);

/// The arguments of a fetched job are not what its type takes. The job is reported as failed with the error type
/// `ArgumentMismatch`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentMismatch {
    /// An argument has another type.
    #[error("argument {index}: expected {expected}, found {found}")]
    Type {
        /// Counted from 0.
        index: usize,
        /// The Rust type.
        expected: String,
        /// The kind of JSON value, never the value itself: it may be secret.
        found: &'static str,
        /// What exactly does not fit, and where in the argument.
        reason: String,
    },
    /// An argument is missing.
    #[error("argument {index}: expected {expected}, found nothing")]
    Missing { index: usize, expected: String },
    /// There are more arguments than the job takes.
    #[error("expected {expected} arguments, found {found}")]
    TooMany { expected: usize, found: usize },
    /// The arguments, read as a whole, are of no shape that the type knows.
    #[error("arguments are no {expected}")]
    Whole {
        /// The Rust type.
        expected: String,
        /// What exactly does not fit.
        reason: String,
    },
    /// The arguments are not an array.
    #[error("expected an array of arguments, found {found}")]
    NotAnArray { found: &'static str },
}

/// Reads a JSON array, element by element.
pub struct Reader<'a> {
    elements: Vec<&'a RawValue>,
    next: usize,
}

impl<'a> Reader<'a> {
    /// With `most`, more elements than that are a mismatch; without, they are ignored.
    pub fn new(args: &'a RawValue, most: Option<usize>) -> Result<Self, ArgumentMismatch> {
        let elements: Result<Vec<_>, _> = serde_json::from_str(args.get());
        let elements = elements.map_err(|_| ArgumentMismatch::NotAnArray { found: kind(args) })?;
        match most {
            Some(expected) if elements.len() > expected => {
                Err(ArgumentMismatch::TooMany { expected, found: elements.len() })
            }
            _ => Ok(Self { elements, next: 0 }),
        }
    }

    /// The next argument; one that is missing is read as null.
    pub fn take<T: DeserializeOwned>(&mut self) -> Result<T, ArgumentMismatch> {
        self.read(|index, expected| {
            serde_json::from_str("null").map_err(|_| ArgumentMismatch::Missing { index, expected })
        })
    }

    /// The next argument, or another value if it is missing.
    pub fn take_or<T: DeserializeOwned>(
        &mut self,
        default: impl FnOnce() -> T,
    ) -> Result<T, ArgumentMismatch> {
        self.read(|_, _| Ok(default()))
    }

    fn read<T: DeserializeOwned>(
        &mut self,
        missing: impl FnOnce(usize, String) -> Result<T, ArgumentMismatch>,
    ) -> Result<T, ArgumentMismatch> {
        let index = self.next;
        self.next += 1;
        let expected = short_name(std::any::type_name::<T>());
        match self.elements.get(index) {
            Some(raw) => serde_json::from_str(raw.get()).map_err(|error| ArgumentMismatch::Type {
                index,
                expected,
                found: kind(raw),
                reason: error.to_string(),
            }),
            None => missing(index, expected),
        }
    }
}

/// What kind of JSON value this is.
fn kind(raw: &RawValue) -> &'static str {
    match raw.get().trim_start().as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// A type's name without the paths: `Vec<String>` for `alloc::vec::Vec<alloc::string::String>`.
pub(crate) fn short_name(path: &str) -> String {
    let mut name = String::new();
    let mut segment = 0;
    for c in path.chars() {
        name.push(c);
        match c {
            ':' => name.truncate(segment),
            c if c.is_alphanumeric() || c == '_' => {}
            _ => segment = name.len(),
        }
    }
    name
}

impl Arguments for Vec<Value> {
    fn to_json(&self) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }

    fn from_json(args: &RawValue) -> Result<Self, ArgumentMismatch> {
        serde_json::from_str(args.get()).map_err(|_| ArgumentMismatch::NotAnArray { found: kind(args) })
    }
}

impl<T: Serialize + DeserializeOwned + Send + 'static> Arguments for Whole<T> {
    fn to_json(&self) -> Result<Box<RawValue>, serde_json::Error> {
        let json = to_raw_value(&self.0)?;
        match kind(&json) {
            "an array" => Ok(json),
            other => Err(serde::ser::Error::custom(format!("they are {other}, and not an array"))),
        }
    }

    fn from_json(args: &RawValue) -> Result<Self, ArgumentMismatch> {
        serde_json::from_str(args.get()).map(Self).map_err(|error| ArgumentMismatch::Whole {
            expected: short_name(std::any::type_name::<T>()),
            reason: error.to_string(),
        })
    }
}

impl<T, X: Into<T>> IntoArgs<Whole<T>> for X {
    fn into_args(self) -> Whole<T> {
        Whole(self.into())
    }
}

impl IntoArgs<Self> for Vec<Value> {
    fn into_args(self) -> Self {
        self
    }
}

impl IntoArgs<Self> for () {
    fn into_args(self) {}
}

impl<A, X: Into<A>> IntoArgs<(A,)> for X {
    fn into_args(self) -> (A,) {
        (self.into(),)
    }
}

/// Implements the traits of this module for one tuple.
macro_rules! tuple {
    ($count:literal: $($letter:ident $given:ident $index:tt),*) => {
        impl<$($letter: Serialize + DeserializeOwned + Send + 'static),*> Arguments for ($($letter,)*) {
            fn to_json(&self) -> Result<Box<RawValue>, serde_json::Error> {
                // An array also where a tuple of serde would be null or a bare value.
                let elements: [Box<RawValue>; $count] = [$(to_raw_value(&self.$index)?),*];
                to_raw_value(&elements[..])
            }

            fn from_json(args: &RawValue) -> Result<Self, ArgumentMismatch> {
                #[allow(unused_mut, unused_variables, reason = "a job without arguments reads none")]
                let mut reader = Reader::new(args, Some($count))?;
                Ok(($(reader.take::<$letter>()?,)*))
            }
        }

        impl<$($given: Into<Value>),*> IntoArgs<Vec<Value>> for ($($given,)*) {
            fn into_args(self) -> Vec<Value> {
                vec![$(self.$index.into()),*]
            }
        }
    };
}

/// Implements [`IntoArgs`] for a tuple of several, each element converted.
macro_rules! each {
    ($($letter:ident $given:ident $index:tt),*) => {
        impl<$($letter,)* $($given: Into<$letter>),*> IntoArgs<($($letter,)*)> for ($($given,)*) {
            fn into_args(self) -> ($($letter,)*) {
                ($(self.$index.into(),)*)
            }
        }
    };
}

tuple!(0:);
tuple!(1: A S 0);
tuple!(2: A S 0, B T 1);
tuple!(3: A S 0, B T 1, C U 2);
tuple!(4: A S 0, B T 1, C U 2, D V 3);
tuple!(5: A S 0, B T 1, C U 2, D V 3, E W 4);
tuple!(6: A S 0, B T 1, C U 2, D V 3, E W 4, F X 5);
tuple!(7: A S 0, B T 1, C U 2, D V 3, E W 4, F X 5, G Y 6);
tuple!(8: A S 0, B T 1, C U 2, D V 3, E W 4, F X 5, G Y 6, H Z 7);
each!(A S 0, B T 1);
each!(A S 0, B T 1, C U 2);
each!(A S 0, B T 1, C U 2, D V 3);
each!(A S 0, B T 1, C U 2, D V 3, E W 4);
each!(A S 0, B T 1, C U 2, D V 3, E W 4, F X 5);
each!(A S 0, B T 1, C U 2, D V 3, E W 4, F X 5, G Y 6);
each!(A S 0, B T 1, C U 2, D V 3, E W 4, F X 5, G Y 6, H Z 7);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    fn json<A: Arguments>(args: impl IntoArgs<A>) -> String {
        args.into_args().to_json().unwrap().get().to_owned()
    }

    fn read<A: Arguments>(text: &str) -> Result<A, ArgumentMismatch> {
        A::from_json(&RawValue::from_string(text.to_owned()).unwrap())
    }

    #[test]
    fn every_argument_is_one_element_of_the_array() {
        assert_eq!(json::<()>(()), "[]");
        assert_eq!(json::<(String,)>("Stuart"), r#"["Stuart"]"#);
        assert_eq!(json::<(i64,)>(7), "[7]");
        assert_eq!(json::<(String, i64, i64)>(("+", 3, 5)), r#"["+",3,5]"#);
        assert_eq!(json::<(Value,)>(json!({"op": "+", "x": 3})), r#"[{"op":"+","x":3}]"#);
        assert_eq!(json::<(Vec<i64>,)>(vec![1, 2]), "[[1,2]]");
        assert_eq!(
            json::<(Option<String>, u64)>(("a".to_owned(), 18_446_744_073_709_551_615u64)),
            r#"["a",18446744073709551615]"#
        );
        assert_eq!(json::<Vec<Value>>(("+", 3, 5)), r#"["+",3,5]"#);
        assert_eq!(json::<Vec<Value>>((json!({"op": "+"}),)), r#"[{"op":"+"}]"#);
        assert_eq!(json::<Vec<Value>>(vec![]), "[]");
    }

    #[test]
    fn arguments_are_read_exactly() {
        assert_eq!(read::<(i64, f64)>("[9007199254740993, 1.0]"), Ok((9_007_199_254_740_993, 1.0)));
        assert_eq!(read::<()>("[]"), Ok(()));
        assert_eq!(read::<(i64, Option<i64>)>("[1]"), Ok((1, None)));
        assert_eq!(read::<(BTreeMap<String, i64>,)>(r#"[{"x":1}]"#).unwrap().0["x"], 1);
        assert_eq!(read::<Vec<Value>>(r#"["a",null]"#), Ok(vec![json!("a"), Value::Null]));
    }

    #[test]
    fn a_mismatch_names_index_type_and_kind_but_not_the_value() {
        for (error, text) in [
            (
                read::<(String, i64)>(r#"["a","secret"]"#).unwrap_err(),
                "argument 1: expected i64, found a string",
            ),
            (read::<(String, i64)>(r#"["a"]"#).unwrap_err(), "argument 1: expected i64, found nothing"),
            (read::<(i64,)>("[1.5]").unwrap_err(), "argument 0: expected i64, found a number"),
            (read::<(String,)>("[1, 2]").map(|_| ()).unwrap_err(), "expected 1 arguments, found 2"),
            (
                read::<(String,)>("{}").map(|_| ()).unwrap_err(),
                "expected an array of arguments, found an object",
            ),
            (
                read::<(Vec<Option<String>>,)>("[true]").map(|_| ()).unwrap_err(),
                "argument 0: expected Vec<Option<String>>, found a boolean",
            ),
        ] {
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn names_of_types_lose_their_paths() {
        for (path, name) in [
            ("i64", "i64"),
            ("alloc::string::String", "String"),
            ("alloc::vec::Vec<alloc::string::String>", "Vec<String>"),
            ("(my_app::a::B, std::collections::HashMap<u8, x::Y>)", "(B, HashMap<u8, Y>)"),
            ("[u8; 3]", "[u8; 3]"),
        ] {
            assert_eq!(short_name(path), name);
        }
    }
}
