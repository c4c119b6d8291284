//! The attribute `#[job]`, for users of the crate `bessemer`, which has it as `bessemer::job` and documents it.
//!
//! The way through: [`attribute`] takes the attribute and the item apart, [`options`] reads what stands in the brackets,
//! [`parameter`] what stands between the parentheses, and [`generate`] writes the code. Each of them says what is wrong
//! in one plain sentence at the place where it is wrong. What the generated code calls is in `bessemer`'s
//! `src/job/generated.rs`; this crate knows nothing of jobs at run time.

use proc_macro::TokenStream;

mod attribute;
mod generate;
mod options;
mod parameter;

/// Makes a job of an `async fn`, or of an `impl` block with an `async fn perform`. Documented as `bessemer::job`.
#[proc_macro_attribute]
pub fn job(options: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(options.into(), item.into()).into()
}
