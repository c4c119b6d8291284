//! `#[job]` in a crate that forbids every warning, and that has its own idea of common names.
#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    unused,
    private_interfaces,
    rust_2018_idioms,
    single_use_lifetimes
)]
#![deny(unused_qualifications, clippy::all, clippy::pedantic)]

/// Names that generated code must not mean.
#[allow(dead_code, reason = "they only stand in the way")]
mod shadows {
    pub(crate) struct Result;
    pub(crate) struct Option;
    pub(crate) struct String;
    pub(crate) struct Duration;
    pub(crate) struct Context;
    pub(crate) struct Job;
    pub(crate) struct Future;
    pub(crate) struct Failure;
    pub(crate) trait Into {}
    pub(crate) trait Default {}
}

/// Jobs of a library, seen by its users.
pub mod public {
    use bessemer::job;

    /// Sends mail.
    #[job(queue = "mail", lenient)]
    pub async fn send_mail(to: String, #[default] copies: u8) {
        assert_eq!((to.as_str(), copies), ("a", 0));
    }
}

mod private {
    #[allow(unused_imports, reason = "the names are only there")]
    use super::shadows::*;
    use bessemer::JobResult;
    use bessemer::Outcome::Done;

    // Nobody pushes it from here.
    #[bessemer::job]
    async fn never_pushed() -> JobResult {
        Ok(Done)
    }

    // Arguments that are called as something in the generated code may be.
    #[bessemer::job(lenient)]
    pub(super) async fn collides(
        ctx: u8,
        #[ctx] context: &bessemer::Context,
        args: u8,
        delay: u8,
        time: u8,
        reader: u8,
        raw: u8,
        options: u8,
        #[default = 7] with: u8,
    ) -> JobResult {
        assert_eq!([ctx, args, delay, time, reader, raw, options, with], [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(context.attempt(), 1);
        Ok(Done)
    }

    #[bessemer::job]
    async fn r#type(r#fn: bool) -> JobResult {
        assert!(r#fn);
        Ok(Done)
    }

    #[cfg(any())]
    #[bessemer::job]
    async fn is_not_there(missing: Missing) {}

    #[bessemer::job]
    #[cfg(any())]
    async fn is_not_there_either(missing: Missing) {}

    pub(super) fn names() -> [&'static str; 3] {
        use bessemer::Job as _;
        [NeverPushed::JOBTYPE, Collides::JOBTYPE, Type::JOBTYPE]
    }
}

/// The library under another name.
mod renamed {
    mod elsewhere {
        pub(crate) use bessemer as queue;
    }

    #[bessemer::job(crate = elsewhere::queue)]
    async fn hello() {}

    pub(super) const NAME: &str = <Hello as elsewhere::queue::Job>::JOBTYPE;
}

#[test]
fn jobs_have_their_names() {
    assert_eq!(private::names(), ["NeverPushed", "Collides", "Type"]);
    assert_eq!(renamed::NAME, "Hello");
    assert!(public::SendMail::args("a", 1).is_ok());
    assert!(private::Collides::args(1, 2, 3, 4, 5, 6, 7, 8).is_ok());
}

#[test]
fn a_job_may_stand_in_a_function() {
    #[bessemer::job]
    async fn local(number: u64) {
        assert_eq!(number, 7);
    }
    assert!(Local::with().retry(1).args(7).is_ok());
}
