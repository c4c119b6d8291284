//! The code of a job: the trait's implementation, and functions to push it that take its arguments one by one.
//!
//! All of it stands in an anonymous constant beside the item, where it sees what the item sees. Paths begin at the
//! library; names that a user could have given to an argument are hygienic.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;
use syn::ext::IdentExt;

use crate::attribute::{Call, Job};
use crate::parameter::{Kind, is_plain};

/// A name that no argument collides with.
fn hidden(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The same tokens, as if they had been written there.
fn at(place: Span, tokens: TokenStream) -> TokenStream {
    let moved = tokens.into_iter().map(|mut token| {
        token.set_span(place);
        token
    });
    moved.collect()
}

/// Everything that is generated for a job, besides its type.
pub(crate) fn job(job: &Job) -> TokenStream {
    let implementation = implementation(job);
    let pushes = pushes(job);
    let cfg = &job.cfg;
    quote! {
        #(#cfg)*
        // Whatever the user's crate warns of: nobody could do anything about it.
        #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic, clippy::nursery)]
        const _: () = {
            #implementation
            #pushes
        };
    }
}

/// `impl Job for SendInvoice`.
fn implementation(job: &Job) -> TokenStream {
    let Job { of, jobtype, options, .. } = job;
    let library = &options.library;
    let aliases = &options.aliases;
    let calls = &options.calls;
    let args = match whole(job) {
        Some((_, of)) => quote!(#library::Whole<#of>),
        None => {
            let types = arguments(job).map(|(_, of)| of);
            // What an argument's type lacks is said of the job.
            quote_spanned!(job.name.span()=> (#(#types,)*))
        }
    };
    let aliases = (!aliases.is_empty())
        .then(|| quote!(const ALIASES: &'static [&'static #library::__macro::str] = &[#(#aliases),*];));
    let decode = decode(job);
    let (needs, perform) = (needs(job), perform(job));
    quote! {
        impl #library::Job for #of {
            const JOBTYPE: &'static #library::__macro::str = #jobtype;
            #aliases
            type Args = #args;

            fn options() -> #library::JobOptions {
                #library::JobOptions::new()#(.#calls)*
            }

            #needs
            #decode
            #perform
        }
    }
}

/// Names and types of the arguments.
fn arguments(job: &Job) -> impl Iterator<Item = (&Ident, &Type)> {
    job.parameters.iter().filter_map(|parameter| match &parameter.kind {
        Kind::Argument(argument) => Some((&parameter.name, &argument.of)),
        _ => None,
    })
}

/// The parameter that is the whole array.
fn whole(job: &Job) -> Option<(&Ident, &Type)> {
    job.parameters.iter().find_map(|parameter| match &parameter.kind {
        Kind::Whole(of) => Some((&parameter.name, of)),
        _ => None,
    })
}

/// `Job::Args` of these values, as a pattern or as an expression.
fn args_of(job: &Job, values: &[TokenStream]) -> TokenStream {
    let library = &job.options.library;
    match whole(job) {
        Some(_) => quote!(#library::Whole(#(#values)*)),
        None => quote!((#(#values,)*)),
    }
}

/// `Job::decode`, where that of the library does not do: with defaults, and when superfluous arguments are ignored.
fn decode(job: &Job) -> TokenStream {
    let library = &job.options.library;
    let defaults = job
        .parameters
        .iter()
        .any(|parameter| matches!(&parameter.kind, Kind::Argument(argument) if argument.default.is_some()));
    if whole(job).is_some() || !defaults && job.options.lenient.is_none() {
        return TokenStream::new();
    }
    let reader = hidden("reader");
    let reads = job.parameters.iter().filter_map(|parameter| match &parameter.kind {
        Kind::Argument(argument) => Some(match &argument.default {
            None => quote!(#reader.take()?),
            Some(default) => quote!(#reader.take_or(|| #default)?),
        }),
        _ => None,
    });
    let most = match job.options.lenient {
        Some(_) => quote!(#library::__macro::Option::None),
        None => {
            let count = arguments(job).count();
            quote!(#library::__macro::Option::Some(#count))
        }
    };
    let raw = hidden("raw");
    quote! {
        fn decode(
            #raw: &#library::__macro::RawValue,
        ) -> #library::__macro::Result<Self::Args, #library::ArgumentMismatch> {
            let mut #reader = #library::__macro::Reader::new(#raw, #most)?;
            #library::__macro::Result::Ok((#(#reads,)*))
        }
    }
}

/// `Job::needs`: what the worker has to be given.
fn needs(job: &Job) -> Option<TokenStream> {
    let library = &job.options.library;
    let mut types = job.parameters.iter().filter_map(|parameter| match &parameter.kind {
        Kind::State { of, .. } => Some(quote!(#library::Need::of::<#of>())),
        _ => None,
    });
    let first = types.next()?;
    Some(quote! {
        fn needs() -> #library::__macro::Vec<#library::Need> {
            #library::__macro::Vec::from([#first #(, #types)*])
        }
    })
}

/// `Job::perform`, which calls what the user wrote.
fn perform(job: &Job) -> TokenStream {
    let library = &job.options.library;
    let support = quote!(#library::__macro);
    let ctx = hidden("ctx");
    let names: Vec<TokenStream> = arguments(job).chain(whole(job)).map(|(name, _)| quote!(#name)).collect();
    let args = args_of(job, &names);
    let passed = job.parameters.iter().map(|parameter| {
        let name = &parameter.name;
        match &parameter.kind {
            Kind::Argument(argument) if argument.borrowed => quote!(&#name),
            Kind::Argument(_) | Kind::Whole(_) => quote!(#name),
            Kind::Context => quote!(#ctx),
            Kind::State { of, cloned: false } => quote!(#support::state::<#of>(#ctx)?),
            Kind::State { of, cloned: true } => quote!(#support::cloned::<#of>(#ctx)?),
        }
    });
    let work = match &job.call {
        // The place of a failure is that of this call, as far as the compiler can tell: from its first token on.
        Call::Function(function) => {
            let wait = job.options.blocking.is_none().then(|| at(function.span(), quote!(.await)));
            let answer = at(function.span(), quote!(#support::answer));
            quote_spanned!(function.span()=> #answer(#function(#(#passed),*)#wait))
        }
        Call::Method => quote!(#support::answer(Self::perform(self, #(#passed),*).await)),
    };
    let work = match job.options.blocking {
        None => work,
        Some(_) => {
            let thread = hidden("thread");
            quote! {
                let #thread = #support::Clone::clone(#ctx);
                #ctx.blocking(move || -> #library::JobResult { let #ctx = &#thread; #work }).await?
            }
        }
    };
    quote! {
        async fn perform(&self, #ctx: &#library::Context, #args: Self::Args) -> #library::JobResult {
            #work
        }
    }
}

/// A parameter of a push, and the argument that becomes of it.
fn parameter(library: &impl ToTokens, name: &Ident, of: &Type) -> (TokenStream, TokenStream) {
    match is_plain(of) {
        true => (quote!(#name: #of), quote!(#name)),
        false => (quote!(#name: impl #library::IntoArg<#of>), quote!(#library::IntoArg::into_arg(#name))),
    }
}

/// `SendInvoice::perform_async(to, order)` and its likes, and the builder of `SendInvoice::with()`.
fn pushes(job: &Job) -> TokenStream {
    let Job { of, name, options, .. } = job;
    let library = &options.library;
    let support = quote!(#library::__macro);
    let builder = format_ident!("With{}", name.unraw());
    let given: Vec<(&Ident, &Type)> = arguments(job).chain(whole(job)).collect();
    let names: Vec<&Ident> = given.iter().map(|(name, _)| *name).collect();
    let (parameters, values): (Vec<_>, Vec<_>) =
        given.iter().map(|(name, of)| parameter(library, name, of)).unzip();
    let args = args_of(job, &values);
    let (delay, time) = (hidden("delay"), hidden("time"));
    // A type without parameters: else the compiler says three times of an argument that it does not fit.
    let pushed = quote!(#support::Pushing<#library::Jid, #library::Error>);
    let tried = quote!(#support::Pushing<#library::PushOutcome, #library::Error>);
    let made = quote!(#support::Result<#library::NewJob, #library::Error>);
    let in_ = quote!(#delay: #support::Duration);
    let at = quote!(#time: #support::SystemTime);
    quote! {
        impl #of {
            /// Pushes the job, and returns its id once the server has it for good.
            pub fn perform_async(#(#parameters),*) -> #pushed {
                Self::with().perform_async(#(#names),*)
            }

            /// Pushes the job, to be run when the delay is over.
            pub fn perform_in(#in_, #(#parameters),*) -> #pushed {
                Self::with().perform_in(#delay, #(#names),*)
            }

            /// Pushes the job, to be run at this time; at once if that is past.
            pub fn perform_at(#at, #(#parameters),*) -> #pushed {
                Self::with().perform_at(#time, #(#names),*)
            }

            /// The job itself, not pushed: for `push_all`.
            pub fn args(#(#parameters),*) -> #made {
                Self::with().args(#(#names),*)
            }

            /// Begins a push with other options, or by another client.
            pub fn with() -> #builder {
                #builder(<Self as #library::Job>::with())
            }
        }

        /// A push in preparation.
        #[must_use = "nothing is pushed before perform_async is called"]
        pub struct #builder(#library::With<#of>);

        impl #builder {
            #library::__push_options!();

            fn map(self, change: impl #support::FnOnce(#library::With<#of>) -> #library::With<#of>) -> Self {
                Self(change(self.0))
            }

            /// Pushes the job, and returns its id once the server has it for good.
            pub fn perform_async(self, #(#parameters),*) -> #pushed {
                self.0.push(#args)
            }

            /// The same, where it is no error that a unique job is there already.
            pub fn try_perform_async(self, #(#parameters),*) -> #tried {
                self.0.try_push(#args)
            }

            /// Pushes the job, to be run when the delay is over.
            pub fn perform_in(self, #in_, #(#parameters),*) -> #pushed {
                self.0.change(|options| options.delay(#delay)).push(#args)
            }

            /// Pushes the job, to be run at this time; at once if that is past.
            pub fn perform_at(self, #at, #(#parameters),*) -> #pushed {
                self.0.change(|options| options.at(#time)).push(#args)
            }

            /// The job itself, not pushed: for `push_all`.
            pub fn args(self, #(#parameters),*) -> #made {
                self.0.make(#args)
            }
        }
    }
}
