//! The parameters of a job's function: which are arguments, and which the worker provides.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, Expr, ExprLit, FnArg, Ident, Lit, Meta, Pat, PatType, Result, Type, TypeReference,
};
use syn::{parse_quote, parse_quote_spanned};

/// One parameter.
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    /// One element of the JSON array.
    Argument(Argument),
    /// `#[args] task: Task`: the JSON array as a whole.
    Whole(Type),
    /// `#[ctx] ctx: &Context`.
    Context,
    /// `#[state] db: &Db`, or by value, which clones it.
    State { of: Type, cloned: bool },
}

pub(crate) struct Argument {
    /// The type that owns it between the wire and the function.
    pub(crate) of: Type,
    /// Declared as `&str`: the function gets a reference to what is owned.
    pub(crate) borrowed: bool,
    /// What it is when it is missing on the wire.
    pub(crate) default: Option<TokenStream>,
}

/// The attributes that say what a parameter is.
const MARKERS: &[&str] = &["args", "ctx", "default", "state"];

/// Elements of an array that the library has tuples for.
const ARGUMENTS_MAX: usize = 8;

/// Takes the markers off the parameters and says what each parameter is.
pub(crate) fn read<'a>(
    inputs: impl Iterator<Item = &'a mut FnArg>,
    errors: &mut Vec<Error>,
) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    for input in inputs {
        let FnArg::Typed(input) = input else { continue };
        match one(input) {
            Ok(parameter) => parameters.push(parameter),
            Err(error) => errors.push(error),
        }
    }
    check_order(&parameters, errors);
    parameters
}

fn one(input: &mut PatType) -> Result<Parameter> {
    let marker = take_marker(&mut input.attrs)?;
    let name = match &*input.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => pat.ident.clone(),
        Pat::Wild(wild) => {
            return Err(Error::new(wild.span(), "give the parameter a name: `_name` if it is not used"));
        }
        other => {
            return Err(Error::new(
                other.span(),
                "a parameter of a job is a plain name: take it apart in the body",
            ));
        }
    };
    let of = &*input.ty;
    let kind = match marker {
        Some(Marker::Context(attr)) => match of {
            Type::Reference(reference) if reference.mutability.is_none() => Kind::Context,
            _ => return Err(Error::new(attr, "the context is borrowed: write `#[ctx] ctx: &Context`")),
        },
        Some(Marker::State) => state(of)?,
        Some(Marker::Whole) => Kind::Whole(owned(of)?.0),
        Some(Marker::Default(value)) => argument(of, Some(value.map(|value| *value)))?,
        None if is_context(of) => Kind::Context,
        None => argument(of, None)?,
    };
    Ok(Parameter { name, kind })
}

enum Marker {
    Whole,
    Context(proc_macro2::Span),
    State,
    /// The value, or none for that of the type.
    Default(Option<Box<Expr>>),
}

/// Takes the one marker away that may be there.
fn take_marker(attrs: &mut Vec<Attribute>) -> Result<Option<Marker>> {
    let is_marker = |attr: &Attribute| MARKERS.iter().any(|name| attr.path().is_ident(name));
    let markers: Vec<Attribute> = attrs.extract_if(.., |attr| is_marker(attr)).collect();
    if let Some(cfg) = attrs.iter().find(|attr| attr.path().is_ident("cfg")) {
        return Err(Error::new(cfg.span(), "a parameter of a job cannot come and go with `cfg`"));
    }
    let Some(attr) = markers.first() else { return Ok(None) };
    if let Some(second) = markers.get(1) {
        return Err(Error::new(second.span(), "a parameter has one marker at most"));
    }
    let name = attr.path().get_ident().map(ToString::to_string).unwrap_or_default();
    let marker = match (name.as_str(), &attr.meta) {
        ("default", Meta::Path(_)) => Marker::Default(None),
        ("default", Meta::NameValue(pair)) => Marker::Default(Some(Box::new(pair.value.clone()))),
        ("default", Meta::List(_)) => {
            return Err(Error::new(attr.span(), "write `#[default]`, or a value as in `#[default = 5]`"));
        }
        (_, Meta::List(_) | Meta::NameValue(_)) => {
            return Err(Error::new(attr.span(), format!("`#[{name}]` stands alone")));
        }
        ("args", Meta::Path(_)) => Marker::Whole,
        ("ctx", Meta::Path(_)) => Marker::Context(attr.span()),
        _ => Marker::State,
    };
    Ok(Some(marker))
}

fn state(of: &Type) -> Result<Kind> {
    match of {
        Type::Reference(TypeReference { mutability: Some(_), .. }) => {
            Err(Error::new(of.span(), "state is shared between jobs: borrow it without `mut`"))
        }
        Type::Reference(reference) => Ok(Kind::State { of: (*reference.elem).clone(), cloned: false }),
        _ => Ok(Kind::State { of: of.clone(), cloned: true }),
    }
}

/// An argument can be no reference, so that this one needs no marker.
fn is_context(of: &Type) -> bool {
    let Type::Reference(TypeReference { elem, mutability: None, .. }) = of else { return false };
    matches!(&**elem, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Context"))
}

fn argument(of: &Type, default: Option<Option<Expr>>) -> Result<Kind> {
    let (of, borrowed) = owned(of)?;
    let default = default.map(|value| match value {
        None => quote!(::core::default::Default::default()),
        // A text stands for any type that is made of one.
        Some(text @ Expr::Lit(ExprLit { lit: Lit::Str(_), .. })) => {
            quote!(::core::convert::Into::into(#text))
        }
        Some(value) => value.into_token_stream(),
    });
    Ok(Kind::Argument(Argument { of, borrowed, default }))
}

/// The type that owns an argument, and whether the function wants a reference to it.
fn owned(of: &Type) -> Result<(Type, bool)> {
    match of {
        Type::Reference(TypeReference { elem, lifetime: None, mutability: None, .. }) if is_str(elem) => {
            Ok((parse_quote_spanned!(of.span()=> ::std::string::String), true))
        }
        Type::Reference(_) => {
            let text = "an argument is read from JSON and owned: take it by value, or mark it `#[state]` if the \
                        worker provides it";
            Err(Error::new(of.span(), text))
        }
        Type::ImplTrait(_) => Err(Error::new(of.span(), "an argument has one type: `impl …` could be many")),
        _ => Ok((of.clone(), false)),
    }
}

fn is_str(of: &Type) -> bool {
    let str: Type = parse_quote!(str);
    *of.to_token_stream().to_string() == str.to_token_stream().to_string()
}

/// What only all parameters together can do wrong.
fn check_order(parameters: &[Parameter], errors: &mut Vec<Error>) {
    let arguments = parameters.iter().filter_map(|parameter| match &parameter.kind {
        Kind::Argument(argument) => Some((&parameter.name, argument)),
        _ => None,
    });
    let mut with_default = None;
    for (position, (name, argument)) in arguments.enumerate() {
        match (&argument.default, with_default) {
            (Some(_), _) => with_default = Some(name),
            (None, Some(before)) if !is_option(&argument.of) => {
                let text = format!(
                    "`{name}` comes after `{before}`, which may be missing: only the last arguments may"
                );
                errors.push(Error::new(name.span(), text));
            }
            _ => {}
        }
        if position == ARGUMENTS_MAX {
            let text = format!("a job has up to {ARGUMENTS_MAX} arguments: put some of them into a struct");
            errors.push(Error::new(name.span(), text));
        }
    }
    let whole = parameters.iter().find(|parameter| matches!(parameter.kind, Kind::Whole(_)));
    let others = parameters.iter().filter(|parameter| {
        matches!(parameter.kind, Kind::Argument(_) | Kind::Whole(_))
            && whole.is_some_and(|whole| whole.name != parameter.name)
    });
    for other in others {
        let text = "`#[args]` is the whole array: there can be no argument beside it";
        errors.push(Error::new(other.name.span(), text));
    }
}

/// Whether null, and so nothing, is a value of the type.
fn is_option(of: &Type) -> bool {
    matches!(of, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

/// A number, which is taken as it is: a literal converts into several types, and the compiler would not know from which.
pub(crate) fn is_plain(of: &Type) -> bool {
    const PLAIN: &[&str] = &[
        "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64",
        "bool", "char",
    ];
    matches!(of, Type::Path(path) if PLAIN.iter().any(|name| path.path.is_ident(name)))
}
