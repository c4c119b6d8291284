//! Durations as people write them: `90s`, `5m`, `1h30m`, `2d`, or a number of seconds.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, Lit, Path, Result};

/// A duration: a literal that passes the check, which takes seconds, or an expression of the type `Duration`.
pub(super) fn read(
    value: Expr,
    library: &Path,
    check: impl Fn(u64) -> std::result::Result<(), String>,
) -> Result<TokenStream> {
    let seconds = match &value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => seconds(&text.value()),
        Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) => int.base10_parse().ok(),
        Expr::Lit(_) | Expr::Unary(_) => None,
        _ => return Ok(value.into_token_stream()),
    };
    let Some(seconds) = seconds else {
        let text = "expected a duration, such as \"90s\", \"5m\", \"1h30m\" or \"2d\"";
        return Err(Error::new(value.span(), text));
    };
    check(seconds).map_err(|reason| Error::new(value.span(), reason))?;
    Ok(quote!(#library::__macro::Duration::from_secs(#seconds)))
}

/// `1h30m` in seconds. Each number has its unit, greater units first.
fn seconds(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut last_unit = u64::MAX;
    let mut rest = text;
    while !rest.is_empty() {
        let (digits, others) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let unit = match others.chars().next()? {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        if unit >= last_unit {
            return None;
        }
        last_unit = unit;
        total = total.checked_add(digits.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = &others[1..];
    }
    (last_unit != u64::MAX).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, expected) in [
            ("90s", Some(90)),
            ("5m", Some(300)),
            ("1h30m", Some(5_400)),
            ("2d", Some(172_800)),
            ("0s", Some(0)),
            ("", None),
            ("5", None),
            ("m", None),
            ("5 m", None),
            ("5min", None),
            ("-5m", None),
            ("1.5h", None),
            ("30m1h", None),
            ("1m1m", None),
            ("99999999999999999999s", None),
            ("9999999999999999999d", None),
            ("5µ", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
