//! The objects that commands carry, read for the types that know their members.
//!
//! By itself serde would take an array for a struct, name that struct in its errors, refuse a command for a lone surrogate
//! in a name that nobody knows, and take `-0` for a floating-point number.

use std::fmt;
use std::str::FromStr;

use serde::de::value::CowStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::value::RawValue;

use crate::text::{Lossy, check_strict, is_object, quote};

/// An object, also inside of another one; nothing else is one, and names may hold lone surrogates (rule `F-08`).
#[derive(Debug, Default)]
pub struct Object<T>(pub T);

/// Reads a text that is an object.
pub fn read<'a, T: Deserialize<'a>>(text: &'a str) -> serde_json::Result<T> {
    check_strict(text)?;
    if !is_object(text) {
        serde_json::from_str::<IgnoredAny>(text)?;
        return Err(serde_json::Error::custom("expected an object"));
    }
    serde_json::from_str(text).map(|Object(object)| object)
}

/// The same where the error is not told; `null` is an object without members.
pub fn read_or_null<'a, T: Deserialize<'a> + Default>(text: &'a str) -> Option<T> {
    if text.trim_ascii() == "null" { Some(T::default()) } else { read(text).ok() }
}

/// An integer out of its text: all that JSON writes as one, in the range of its type (rule `J-01`).
pub fn integer<T: FromStr, E: Error>(json: &str) -> Result<T, E> {
    let digits = digits(json)?;
    digits.parse().map_err(|_| E::custom(format_args!("integer {} out of range", quote(digits))))
}

/// The same for a member that may be left out, as serde's `deserialize_with`.
pub fn int<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<Option<T>, D::Error> {
    let raw: Option<Box<RawValue>> = Option::deserialize(deserializer)?;
    raw.map(|raw| integer(raw.get())).transpose()
}

/// The same, but what is out of range is the nearest that is in it.
pub fn clamped<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let nearest = |text: &str| if text.starts_with('-') { i64::MIN } else { i64::MAX };
    let number = |text: &str| text.parse().unwrap_or_else(|_| nearest(text));
    let raw: Option<Box<RawValue>> = Option::deserialize(deserializer)?;
    raw.map(|raw| digits(raw.get()).map(number)).transpose()
}

/// An integer as it is written, without the sign of a zero.
fn digits<E: Error>(json: &str) -> Result<&str, E> {
    if !json.strip_prefix('-').unwrap_or(json).bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(E::custom("expected an integer"));
    }
    Ok(if json == "-0" { "0" } else { json })
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(Reader(deserializer)).map(Self)
    }
}

/// Gives an object, whatever the type asks for.
struct Reader<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Reader<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Members(visitor))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Members<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Members<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Names(members))
    }
}

/// Members whose names are texts of any kind.
struct Names<A>(A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Names<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let Some(Lossy(name)) = self.0.next_key()? else { return Ok(None) };
        seed.deserialize(CowStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::json_error;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Known {
        #[serde(deserialize_with = "int")]
        small: Option<u8>,
        #[serde(deserialize_with = "int")]
        large: Option<i64>,
        #[serde(deserialize_with = "clamped")]
        any: Option<i64>,
        inner: Option<Object<Inner>>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Inner {
        text: String,
    }

    impl PartialEq for Object<Inner> {
        fn eq(&self, other: &Self) -> bool {
            self.0.text == other.0.text
        }
    }

    fn known(text: &str) -> Result<Known, String> {
        read(text).map_err(|e| json_error(&e, 0))
    }

    #[test]
    fn names_that_nobody_knows_may_be_no_texts_f08() {
        let known = known(r#" {"\ud800":"\udc00","sm\u0061ll":3,"inner":{"text":"x"}} "#).expect("an object");
        assert_eq!((known.small, known.inner.expect("one").0.text.as_str()), (Some(3), "x"));
    }

    #[test]
    fn integers_are_those_of_json_j01() {
        let zero = known(r#"{"small":-0,"large":-0,"any":-0}"#).expect("zeros");
        assert_eq!((zero.small, zero.large, zero.any), (Some(0), Some(0), Some(0)));
        assert_eq!(known(r#"{"small":null,"large":null,"any":null}"#), Ok(Known::default()));
        let most = known(r#"{"small":255,"large":-9223372036854775808}"#).expect("in range");
        assert_eq!((most.small, most.large), (Some(255), Some(i64::MIN)));
        for (text, told) in [
            (r#"{"small":256}"#, "integer 256 out of range at byte 13"),
            (r#"{"small":-1}"#, "integer -1 out of range at byte 12"),
            (r#"{"large":9223372036854775808}"#, "integer 9223372036854775808 out of range at byte 29"),
        ] {
            assert_eq!(known(text), Err(told.into()), "{text}");
        }
        for wrong in ["-0.0", "1.0", "1e2", "\"1\"", "true", "[]", "{}"] {
            for name in ["small", "large", "any"] {
                let told = known(&format!(r#"{{"{name}":{wrong}}}"#)).expect_err(wrong);
                assert!(told.starts_with("expected an integer at byte "), "{wrong}: {told}");
            }
        }
        for (text, nearest) in
            [("9223372036854775808", i64::MAX), ("-1000000000000000000000", i64::MIN), ("7", 7)]
        {
            assert_eq!(known(&format!(r#"{{"any":{text}}}"#)).expect(text).any, Some(nearest));
        }
    }

    #[test]
    fn what_is_no_object_is_told_in_words_of_json() {
        for text in ["null", "[]", "7", "\"x\"", " true"] {
            assert_eq!(known(text), Err("expected an object".into()), "{text}");
        }
        for (text, told) in [
            ("", "EOF while parsing a value at byte 0"),
            ("[", "EOF while parsing a list at byte 1"),
            ("{", "EOF while parsing an object at byte 1"),
            (r#"{"inner":[]}"#, "invalid type: sequence, expected an object at byte 9"),
            (r#"{"small":1,"small":1}"#, "duplicate field small at byte 18"),
            ("{\"\t\":1}", "control character (\\u0000-\\u001F) found while parsing a string at byte 2"),
            ("{} x", "trailing characters at byte 4"),
        ] {
            assert_eq!(known(text), Err(told.into()), "{text}");
        }
        assert_eq!(read_or_null::<Known>(" null "), Some(Known::default()));
        assert_eq!(read_or_null::<Known>("[]"), None);
    }
}
