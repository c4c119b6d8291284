//! What stands in the brackets of `#[job(…)]`: read, checked, and turned into calls on `JobOptions`.
//!
//! A literal that no server would take is refused here, so that it is found by the compiler and not by the first push.
//! Other expressions, such as constants, are passed on as they are.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, ExprUnary, Ident, Lit, LitStr, Path, Result, Token, UnOp, parenthesized};

mod duration;
mod nearest;

/// All options, read.
pub(crate) struct Options {
    /// Where the library is: `::bessemer`, unless `crate = …` says otherwise.
    pub(crate) library: Path,
    /// The name on the wire, if it is not that of the type.
    pub(crate) name: Option<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
    /// A plain function, to be run where it may block.
    pub(crate) blocking: Option<Span>,
    /// Superfluous arguments are ignored.
    pub(crate) lenient: Option<Span>,
    /// Methods of `JobOptions` with their arguments, in the order in which they were given.
    pub(crate) calls: Vec<TokenStream>,
}

/// The names of all options, as an error lists them.
const NAMES: &[&str] = &[
    "queue",
    "retry",
    "reserve_for",
    "backtrace",
    "custom",
    "expires_in",
    "unique_for",
    "unique_until",
    "unique_key",
    "name",
    "alias",
    "blocking",
    "lenient",
    "crate",
];

/// Those that may be given several times.
const REPEATED: &[&str] = &["alias", "custom"];

// The limits of servers; a test of the library compares them with those of the protocol.
const QUEUE_MAX: usize = 255;
const JOBTYPE_MAX: usize = 512;
const RETRY_MAX: i64 = 10_000;
const BACKTRACE_MAX: i64 = 50;
const RESERVE_MIN_S: u64 = 60;
const RESERVE_MAX_S: u64 = 86_400;

impl Options {
    /// Reads them, and collects what is wrong with any of them.
    pub(crate) fn read(tokens: TokenStream, errors: &mut Vec<Error>) -> Self {
        let mut options = Self {
            library: syn::parse_quote!(::bessemer),
            name: None,
            aliases: Vec::new(),
            blocking: None,
            lenient: None,
            calls: Vec::new(),
        };
        let given = Punctuated::<Given, Token![,]>::parse_terminated;
        match syn::parse::Parser::parse2(given, tokens) {
            Ok(given) => {
                let mut seen: Vec<String> = Vec::new();
                for given in given {
                    let name = given.name.unraw().to_string();
                    if seen.contains(&name) && !REPEATED.contains(&name.as_str()) {
                        errors.push(Error::new(given.name.span(), format!("`{name}` is given twice")));
                    } else if let Err(error) = options.take(&name, given) {
                        errors.push(error);
                    }
                    seen.push(name);
                }
            }
            Err(error) => errors.push(error),
        }
        options
    }

    fn take(&mut self, name: &str, given: Given) -> Result<()> {
        match name {
            "queue" => {
                let queue = checked(given.value()?, check_queue)?;
                self.calls.push(quote!(queue(#queue)));
            }
            "retry" => {
                let retry = number(given.value()?, -1..=RETRY_MAX, || {
                    format!(
                        "`retry` is -1 (straight to the dead), 0 (forgotten) or a number of tries up to {RETRY_MAX}"
                    )
                })?;
                self.calls.push(quote!(retry(#retry)));
            }
            "backtrace" => {
                let lines = number(given.value()?, 0..=BACKTRACE_MAX, || {
                    format!(
                        "`backtrace` is a number of lines up to {BACKTRACE_MAX}, which is what servers keep"
                    )
                })?;
                self.calls.push(quote!(backtrace(#lines)));
            }
            "reserve_for" => {
                let lease = duration::read(given.value()?, &self.library, |seconds| match seconds {
                    RESERVE_MIN_S..=RESERVE_MAX_S => Ok(()),
                    _ => Err("`reserve_for` is one minute at least and one day at most".to_owned()),
                })?;
                self.calls.push(quote!(reserve_for(#lease)));
            }
            "expires_in" | "unique_for" => {
                let method = &given.name;
                let method = quote!(#method);
                let time = duration::read(given.value()?, &self.library, |seconds| match seconds {
                    0 => Err(format!("`{name}` is one second at least")),
                    _ => Ok(()),
                })?;
                self.calls.push(quote!(#method(#time)));
            }
            "unique_until" => {
                let end = until(given.value()?, &self.library)?;
                self.calls.push(quote!(unique_until(#end)));
            }
            "unique_key" => {
                let key = given.value()?;
                self.calls.push(quote!(unique_key(#key)));
            }
            "custom" => {
                for (key, value) in given.pairs()? {
                    self.calls.push(quote!(custom(#key, #value)));
                }
            }
            "name" => self.name = Some(jobtype(given.value()?)?),
            "alias" => self.aliases.push(jobtype(given.value()?)?),
            "blocking" => self.blocking = Some(given.alone()?),
            "lenient" => self.lenient = Some(given.alone()?),
            "crate" => self.library = library(given.value()?)?,
            _ => return Err(unknown(&given.name, name)),
        }
        Ok(())
    }
}

/// One option as it is written.
struct Given {
    name: Ident,
    what: What,
}

enum What {
    /// `lenient`
    Nothing,
    /// `queue = "mail"`
    Value(Box<Expr>),
    /// `custom(locale = "en")`
    Pairs(Vec<(LitStr, Expr)>),
}

impl Parse for Given {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = input
            .call(Ident::parse_any)
            .map_err(|error| Error::new(error.span(), "expected an option, such as `queue = \"mail\"`"))?;
        let what = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            What::Value(Box::new(input.parse()?))
        } else if input.peek(syn::token::Paren) {
            let pairs;
            parenthesized!(pairs in input);
            let pairs = Punctuated::<Pair, Token![,]>::parse_terminated(&pairs)?;
            What::Pairs(pairs.into_iter().map(|Pair(key, value)| (key, value)).collect())
        } else {
            What::Nothing
        };
        Ok(Self { name, what })
    }
}

struct Pair(LitStr, Expr);

impl Parse for Pair {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = if input.peek(LitStr) {
            input.parse()?
        } else {
            let name = input.call(Ident::parse_any)?;
            LitStr::new(&name.unraw().to_string(), name.span())
        };
        input.parse::<Token![=]>()?;
        Ok(Self(key, input.parse()?))
    }
}

impl Given {
    fn value(self) -> Result<Expr> {
        let name = self.name.unraw();
        match self.what {
            What::Value(value) => Ok(*value),
            _ => Err(Error::new(self.name.span(), format!("`{name}` has a value: write `{name} = …`"))),
        }
    }

    fn alone(self) -> Result<Span> {
        let name = self.name.unraw();
        match self.what {
            What::Nothing => Ok(self.name.span()),
            _ => Err(Error::new(self.name.span(), format!("`{name}` has no value: write `{name}` alone"))),
        }
    }

    fn pairs(self) -> Result<Vec<(LitStr, Expr)>> {
        let name = self.name.unraw();
        match self.what {
            What::Pairs(pairs) => Ok(pairs),
            _ => Err(Error::new(
                self.name.span(),
                format!("`{name}` has names and values: write `{name}(locale = \"en\")`"),
            )),
        }
    }
}

fn unknown(ident: &Ident, name: &str) -> Error {
    let text = match nearest::nearest(name, NAMES) {
        Some(near) => format!("`{name}` is no option: did you mean `{near}`?"),
        None => format!("`{name}` is no option; there are {}", list(NAMES)),
    };
    Error::new(ident.span(), text)
}

fn list(names: &[&str]) -> String {
    let (last, others) = names.split_last().expect("there are options");
    let others: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
    format!("{} and `{last}`", others.join(", "))
}

/// A text: a literal that passes the check, or an expression.
fn checked(value: Expr, check: fn(&str) -> std::result::Result<(), String>) -> Result<TokenStream> {
    match &value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            check(&text.value()).map_err(|reason| Error::new(text.span(), reason))?;
        }
        Expr::Lit(literal) => return Err(Error::new(literal.span(), "expected a text in quotes")),
        _ => {}
    }
    Ok(value.into_token_stream())
}

fn check_queue(name: &str) -> std::result::Result<(), String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if name.is_empty() || name.len() > QUEUE_MAX || !name.bytes().all(allowed) {
        return Err(format!(
            "the name of a queue is 1 to {QUEUE_MAX} letters, digits, dots, underscores and dashes"
        ));
    }
    Ok(())
}

/// A name on the wire, which has to be a literal.
fn jobtype(value: Expr) -> Result<LitStr> {
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = value else {
        return Err(Error::new(value.span(), "expected a text in quotes"));
    };
    match text.value().len() {
        1..=JOBTYPE_MAX => Ok(text),
        _ => Err(Error::new(text.span(), format!("the name of a job is 1 to {JOBTYPE_MAX} bytes long"))),
    }
}

/// A whole number: a literal within the range, or an expression.
fn number(
    value: Expr,
    range: std::ops::RangeInclusive<i64>,
    sentence: impl Fn() -> String,
) -> Result<TokenStream> {
    let literal = match &value {
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match &**expr {
            Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) => int.base10_parse::<i64>().ok().map(|n| -n),
            Expr::Lit(_) => None,
            _ => return Ok(value.into_token_stream()),
        },
        Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) => int.base10_parse::<i64>().ok(),
        Expr::Lit(_) => None,
        _ => return Ok(value.into_token_stream()),
    };
    match literal {
        Some(literal) if range.contains(&literal) => Ok(value.into_token_stream()),
        _ => Err(Error::new(value.span(), sentence())),
    }
}

/// When a unique job makes way: a word, or an expression.
fn until(value: Expr, library: &Path) -> Result<TokenStream> {
    let word = match &value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.value(),
        Expr::Lit(_) => String::new(),
        _ => return Ok(value.into_token_stream()),
    };
    match word.as_str() {
        "start" => Ok(quote!(#library::UniqueUntil::Start)),
        "success" => Ok(quote!(#library::UniqueUntil::Success)),
        "expiry" => Ok(quote!(#library::UniqueUntil::Expiry)),
        _ => Err(Error::new(value.span(), "`unique_until` is \"start\", \"success\" or \"expiry\"")),
    }
}

/// The path of the library.
fn library(value: Expr) -> Result<Path> {
    match value {
        Expr::Path(path) => Ok(path.path),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.parse(),
        other => Err(Error::new(other.span(), "`crate` is a path, such as `crate = my_bessemer`")),
    }
}
