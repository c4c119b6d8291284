//! What a test expects of arguments: values, anything, or what a function says.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::job::args::Whole;

/// One argument as it is expected.
pub enum Expected {
    Any,
    /// This value in JSON.
    Value(Value),
    /// What the function takes, and how to call it in a message.
    Matching(String, Box<dyn Fn(&Value) -> bool>),
}

/// Any value, from [`any`].
#[derive(Clone, Copy, Debug)]
pub struct Any;

/// What a function takes, from [`matching`].
pub struct Matching(String, Box<dyn Fn(&Value) -> bool>);

/// Any value, where a test does not care: `.args((any(), 42))`.
pub fn any() -> Any {
    Any
}

/// What a function takes; `what` is how a message calls it: `matching("an address", |v| v.is_string())`.
pub fn matching(what: impl Into<String>, takes: impl Fn(&Value) -> bool + 'static) -> Matching {
    Matching(what.into(), Box::new(takes))
}

/// What can be given where an argument is expected: a value that has a form in JSON (`()` is null), [`any`] or
/// [`matching`].
pub trait Expect {
    fn expect(self) -> Expected;
}

impl<T: Serialize> Expect for T {
    fn expect(self) -> Expected {
        let value = serde_json::to_value(self);
        Expected::Value(
            value.unwrap_or_else(|error| panic!("an expected argument cannot be written as JSON: {error}")),
        )
    }
}

impl Expect for Any {
    fn expect(self) -> Expected {
        Expected::Any
    }
}

impl Expect for Matching {
    fn expect(self) -> Expected {
        Expected::Matching(self.0, self.1)
    }
}

/// Expected arguments of a job that takes arguments of type `A`: one as it is, several as a tuple, as where the job is
/// pushed.
pub trait ExpectedArgs<A> {
    fn expected(self) -> Vec<Expected>;
}

impl Expected {
    pub(super) fn takes(&self, found: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Value(value) => value == found,
            Self::Matching(_, takes) => takes(found),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Value(value) => f.write_str(&short(value)),
            Self::Matching(what, _) => f.write_str(what),
        }
    }
}

impl fmt::Debug for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Characters of a value that a message shows.
const SHOWN_MAX: usize = 200;

/// A value as JSON, cut where it gets long.
pub(super) fn short(value: &Value) -> String {
    let mut text = value.to_string();
    if let Some((end, _)) = text.char_indices().nth(SHOWN_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}

impl ExpectedArgs<()> for () {
    fn expected(self) -> Vec<Expected> {
        Vec::new()
    }
}

impl<A, X: Expect> ExpectedArgs<(A,)> for X {
    fn expected(self) -> Vec<Expected> {
        vec![self.expect()]
    }
}

impl<T, X: Serialize> ExpectedArgs<Whole<T>> for X {
    fn expected(self) -> Vec<Expected> {
        match serde_json::to_value(self) {
            Ok(Value::Array(all)) => all.into_iter().map(Expected::Value).collect(),
            other => panic!("these arguments are the whole array, and {other:?} is none"),
        }
    }
}

impl ExpectedArgs<Vec<Value>> for Vec<Value> {
    fn expected(self) -> Vec<Expected> {
        self.into_iter().map(Expected::Value).collect()
    }
}

/// Implements [`ExpectedArgs`] for a tuple of several.
macro_rules! each {
    ($($letter:ident $given:ident $index:tt),*) => {
        impl<$($letter,)* $($given: Expect),*> ExpectedArgs<($($letter,)*)> for ($($given,)*) {
            fn expected(self) -> Vec<Expected> {
                vec![$(self.$index.expect()),*]
            }
        }
    };
}

each!(A S 0, B T 1);
each!(A S 0, B T 1, C U 2);
each!(A S 0, B T 1, C U 2, D V 3);
each!(A S 0, B T 1, C U 2, D V 3, E W 4);
each!(A S 0, B T 1, C U 2, D V 3, E W 4, F X 5);
each!(A S 0, B T 1, C U 2, D V 3, E W 4, F X 5, G Y 6);
each!(A S 0, B T 1, C U 2, D V 3, E W 4, F X 5, G Y 6, H Z 7);
