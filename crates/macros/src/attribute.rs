//! The item under the attribute, taken apart: a function, or an `impl` block with `perform`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, Ident, ImplItem, ImplItemFn, Item, ItemFn, ItemImpl, LitStr, ReceiverKind, Result,
    Safety, Signature, Type, parse_quote,
};

use crate::generate;
use crate::options::Options;
use crate::parameter::{self, Kind, Parameter};

/// A job, ready to be written down.
pub(crate) struct Job {
    /// The type that implements the trait.
    pub(crate) of: Type,
    /// Its name.
    pub(crate) name: Ident,
    pub(crate) jobtype: LitStr,
    pub(crate) options: Options,
    pub(crate) parameters: Vec<Parameter>,
    /// What does the work, and what it gets before the parameters.
    pub(crate) call: Call,
    /// Conditions under which the item is there at all.
    pub(crate) cfg: Vec<Attribute>,
}

pub(crate) enum Call {
    Function(Ident),
    Method,
}

/// The item, and the job made of it. If it cannot be one, the item and what is wrong with it.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Vec::new();
    let expanded = checked(options, item, &mut errors);
    let errors = errors.iter().map(Error::to_compile_error);
    quote!(#expanded #(#errors)*)
}

fn checked(options: TokenStream, item: TokenStream, errors: &mut Vec<Error>) -> TokenStream {
    let options = Options::read(options, errors);
    match syn::parse2(item.clone()) {
        Ok(Item::Fn(function)) => of_function(options, function, errors),
        Ok(Item::Impl(block)) => of_impl(options, block, errors),
        Ok(other) => {
            let text = "`#[job]` goes on an `async fn`, or on an `impl` block with an `async fn perform`";
            errors.push(Error::new(other.span(), text));
            item
        }
        Err(error) => {
            errors.push(error);
            item
        }
    }
}

fn of_function(options: Options, mut function: ItemFn, errors: &mut Vec<Error>) -> TokenStream {
    let of_options = errors.len();
    check_signature(&function.sig, &options, errors);
    let parameters = parameter::read(function.sig.inputs.iter_mut(), errors);
    let ident = &function.sig.ident;
    let name = match type_name(ident) {
        Ok(name) => name,
        Err(error) => {
            errors.push(error);
            return quote!(#function);
        }
    };
    let cfg = conditions(&function.attrs);
    let docs = function.attrs.iter().filter(|attr| attr.path().is_ident("doc"));
    let visibility = &function.vis;
    let about = format!("The job that [`{}`] does.", ident.unraw());
    let docs = match docs.clone().count() {
        0 => quote!(#[doc = #about]),
        _ => quote!(#(#docs)*),
    };
    let kind = quote! {
        #(#cfg)*
        #docs
        #[allow(dead_code)]
        #visibility struct #name;
    };
    check_lenient(&options, &parameters, errors);
    let job = Job {
        of: Type::Verbatim(quote!(#name)),
        jobtype: jobtype(&options, &name, errors),
        name,
        options,
        parameters,
        call: Call::Function(ident.clone()),
        cfg,
    };
    // A wrong option is no reason to complain of everything that uses the job.
    let implementation = (errors.len() == of_options).then(|| generate::job(&job));
    function.attrs.push(unavoidable());
    quote! {
        #function
        #kind
        #implementation
    }
}

fn of_impl(options: Options, mut block: ItemImpl, errors: &mut Vec<Error>) -> TokenStream {
    let of_options = errors.len();
    if let Some((path, _)) = &block.trait_ {
        errors.push(Error::new(
            path.span(),
            "`#[job]` goes on the type's own `impl` block, not on that of a trait",
        ));
    }
    let name = match &*block.self_ty {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.clone()),
        _ => None,
    };
    let Some(name) = name else {
        errors.push(Error::new(block.self_ty.span(), "a job is a type with a name"));
        return quote!(#block);
    };
    let generic = match &*block.self_ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| !last.arguments.is_empty()),
        _ => false,
    };
    if generic || !block.generics.params.is_empty() {
        let text = "a job cannot be generic: its name on the wire stands for one type";
        errors.push(Error::new(block.self_ty.span(), text));
    }
    let cfg = conditions(&block.attrs);
    let parameters = match the_perform(&mut block) {
        Ok(perform) => {
            check_signature(&perform.sig, &options, errors);
            check_receiver(&perform.sig, &options, errors);
            perform.attrs.push(unavoidable());
            parameter::read(perform.sig.inputs.iter_mut(), errors)
        }
        Err(error) => {
            errors.push(error);
            return quote!(#block);
        }
    };
    check_lenient(&options, &parameters, errors);
    let job = Job {
        of: (*block.self_ty).clone(),
        jobtype: jobtype(&options, &name, errors),
        name,
        options,
        parameters,
        call: Call::Method,
        cfg,
    };
    let implementation = (errors.len() == of_options).then(|| generate::job(&job));
    quote! {
        #block
        #implementation
    }
}

/// Against lints that want what no job can have: it is async, owns its arguments, may fail, and its caller is the worker.
fn unavoidable() -> Attribute {
    parse_quote! {
        #[allow(
            clippy::missing_errors_doc,
            clippy::missing_panics_doc,
            clippy::needless_pass_by_value,
            clippy::too_many_arguments,
            clippy::unnecessary_wraps,
            clippy::unused_async,
            clippy::unused_self
        )]
    }
}

/// The one method that does the work.
fn the_perform(block: &mut ItemImpl) -> Result<&mut ImplItemFn> {
    let at = block.self_ty.span();
    let mut performs = block.items.iter_mut().filter_map(|item| match item {
        ImplItem::Fn(function) if function.sig.ident == "perform" => Some(function),
        _ => None,
    });
    let Some(first) = performs.next() else {
        return Err(Error::new(at, "a job has an `async fn perform(&self, …)` in this block"));
    };
    match performs.next() {
        Some(second) => {
            Err(Error::new(second.sig.ident.span(), "a job has one `perform`: this is the second"))
        }
        None => Ok(first),
    }
}

fn check_signature(signature: &Signature, options: &Options, errors: &mut Vec<Error>) {
    let mut wrong = |at: proc_macro2::Span, text: &str| errors.push(Error::new(at, text));
    match (&signature.asyncness, options.blocking) {
        (None, None) => wrong(
            signature.fn_token.span,
            "a job is an `async fn`; a plain one that blocks its thread is marked `#[job(blocking)]`",
        ),
        (Some(asyncness), Some(_)) => {
            wrong(asyncness.span(), "`blocking` is for a plain `fn`: an `async fn` waits without it");
        }
        _ => {}
    }
    let generics = &signature.generics;
    let clause = generics.where_clause.as_ref().map(Spanned::span);
    if let Some(at) = generics.lt_token.as_ref().map(|_| generics.span()).or(clause) {
        wrong(at, "a job cannot be generic: its name on the wire stands for one function");
    }
    if let Safety::Unsafe(unsafety) = &signature.safety {
        wrong(unsafety.span(), "a job cannot be unsafe: workers in other languages do not keep its promises");
    }
    if let Some(variadic) = &signature.variadic {
        wrong(variadic.span(), "a job has its arguments one by one");
    }
}

fn check_receiver(signature: &Signature, options: &Options, errors: &mut Vec<Error>) {
    let mut wrong = |at: proc_macro2::Span, text: &str| errors.push(Error::new(at, text));
    match signature.receiver() {
        None => wrong(signature.ident.span(), "`perform` begins with `&self`"),
        Some(receiver) if matches!(receiver.kind, ReceiverKind::Reference(_, _, None)) => {}
        Some(receiver) => {
            wrong(receiver.span(), "`perform` takes `&self`: a worker runs many jobs of a type at once");
        }
    }
    if let Some(blocking) = options.blocking {
        wrong(blocking, "`blocking` is for functions: a method only borrows what the thread would need");
    }
}

/// What an option and the parameters can do wrong together.
fn check_lenient(options: &Options, parameters: &[Parameter], errors: &mut Vec<Error>) {
    let whole = parameters.iter().any(|parameter| matches!(parameter.kind, Kind::Whole(_)));
    if let Some(lenient) = options.lenient.filter(|_| whole) {
        let text = "`lenient` finds nothing to ignore: `#[args]` is the whole array";
        errors.push(Error::new(lenient, text));
    }
}

/// The name on the wire. None of the older names is the same.
fn jobtype(options: &Options, name: &Ident, errors: &mut Vec<Error>) -> LitStr {
    let of_type = || LitStr::new(&name.unraw().to_string(), name.span());
    let jobtype = options.name.clone().unwrap_or_else(of_type);
    let mut taken = vec![jobtype.value()];
    for alias in &options.aliases {
        if taken.contains(&alias.value()) {
            errors.push(Error::new(alias.span(), "the job has this name already"));
        }
        taken.push(alias.value());
    }
    jobtype
}

/// The attributes without which the item is not there.
fn conditions(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect()
}

/// `SendInvoice` for `send_invoice`.
fn type_name(function: &Ident) -> Result<Ident> {
    let snake = function.unraw().to_string();
    let mut camel = String::new();
    for word in snake.split('_') {
        let mut letters = word.chars();
        camel.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(letters.as_str());
    }
    if camel == snake || camel.is_empty() || camel.starts_with(|c: char| c.is_ascii_digit()) {
        let text = "the type of a job is named after its function: name the function in snake_case";
        return Err(Error::new(function.span(), text));
    }
    Ok(format_ident!("{camel}", span = function.span()))
}

#[cfg(test)]
mod tests;
