//! Panics of jobs: caught, with message, place and the frames that a reader wants.
//!
//! A process-wide hook, put before the one that was there, looks whether a job is being polled on this thread. If so
//! it keeps the place and the back trace, and `catch_unwind` around the same poll takes them: jobs may move between
//! threads, a poll does not. Panics elsewhere go to the hook that was there before.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::Pin;
use std::sync::Once;
use std::task::{Context, Poll};

/// What is known of a panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panicked {
    pub(crate) message: String,
    /// Where it happened, `at file:line:column`, then the job's own frames, innermost first.
    pub(crate) trace: Vec<String>,
}

struct Captured {
    location: Option<String>,
    backtrace: Backtrace,
}

thread_local! {
    static ARMED: Cell<bool> = const { Cell::new(false) };
    static CAPTURED: RefCell<Option<Captured>> = const { RefCell::new(None) };
}

/// Installs the hook, the first time that it is called in a process.
pub(crate) fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if ARMED.get() {
                capture(info);
            } else {
                previous(info);
            }
        }));
    });
}

fn capture(info: &PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string);
    let captured = Captured { location, backtrace: Backtrace::force_capture() };
    CAPTURED.set(Some(captured));
}

/// Runs `f` and catches its panic.
pub(crate) fn guard<T>(f: impl FnOnce() -> T) -> Result<T, Panicked> {
    let armed_before = ARMED.replace(true);
    // An outer panic may be under way, when something guarded is dropped by it.
    let captured_before = CAPTURED.take();
    // What `f` leaves half done is dropped by the caller and never looked at again.
    let outcome = catch_unwind(AssertUnwindSafe(|| trace_ends_here(f)));
    ARMED.set(armed_before);
    // Without a panic this is one that the job caught itself.
    let captured = CAPTURED.replace(captured_before);
    outcome.map_err(|payload| {
        let trace = captured.map(|captured| trace(captured.location, &captured.backtrace));
        Panicked { message: message(&*payload), trace: trace.unwrap_or_default() }
    })
}

/// Everything below this frame is plumbing: [`own_frames`] looks for the name.
#[inline(never)]
fn trace_ends_here<T>(f: impl FnOnce() -> T) -> T {
    let value = f();
    // Keeps the call above from becoming a jump, which would leave no frame.
    std::hint::black_box(());
    value
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "panic with a value that is no text".to_owned()
    }
}

/// The place of the panic, which every build knows, and the frames, which a build with line tables knows.
fn trace(location: Option<String>, backtrace: &Backtrace) -> Vec<String> {
    let text = backtrace.to_string();
    let mut frames = own_frames(&text);
    let Some(location) = location else { return frames.iter().map(Frame::line).collect() };
    let mut first = Frame { place: location.as_str(), function: None };
    if frames.first().is_some_and(|frame| frame.is_at(first.place)) {
        first.function = frames.remove(0).function;
    }
    [first].iter().chain(&frames).map(Frame::line).collect()
}

struct Frame<'a> {
    /// `file:line:column`.
    place: &'a str,
    /// `None` when line tables call it no better than a closure.
    function: Option<String>,
}

impl Frame<'_> {
    fn line(&self) -> String {
        match &self.function {
            Some(function) => format!("at {} in {function}", self.place),
            None => format!("at {}", self.place),
        }
    }

    /// Whether this is the same place, seen from another directory.
    fn is_at(&self, place: &str) -> bool {
        let name = |place: &str| place.rsplit(['/', '\\']).next().map(str::to_owned);
        name(self.place) == name(place)
    }
}

/// The frames above [`trace_ends_here`], without those of the standard library and of this one. The standard library
/// gives them as text only: `  7: function`, then `at file:line:column`.
fn own_frames(backtrace: &str) -> Vec<Frame<'_>> {
    let mut all = Vec::new();
    let mut lines = backtrace.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        let Some((_, function)) =
            line.split_once(": ").filter(|(n, _)| n.bytes().all(|b| b.is_ascii_digit()))
        else {
            continue;
        };
        let place = lines.next_if(|line| line.starts_with("at ")).map(|line| &line["at ".len()..]);
        all.push((function, place));
    }
    let Some(end) = all.iter().position(|(function, _)| function.contains("trace_ends_here")) else {
        return Vec::new();
    };
    // Our folder as the compiler named it: inlined functions have no path, but files do.
    let ours = all[end].1.and_then(|place| place.split_once("panic.rs")).map(|(folder, _)| folder);
    let is_ours = |place: &str| {
        let file = ours.and_then(|ours| place.strip_prefix(ours));
        file.is_some_and(|file| file.starts_with("panic.rs:") || file.starts_with("registry.rs:"))
    };
    let is_std =
        |place: &str| place.starts_with("/rustc/") || place.contains("/lib/rustlib/src/rust/library/");

    let mut frames: Vec<Frame<'_>> = Vec::new();
    for (function, place) in &all[..end] {
        let Some(place) = place.filter(|place| !is_std(place) && !is_ours(place)) else { continue };
        if frames.last().is_none_or(|last| last.place != place) {
            frames.push(Frame { place, function: readable(function) });
        }
    }
    frames
}

/// The function as its author would call it: without the closures that the compiler makes of async functions, and
/// `T::f` for `<T as Trait>::f`.
fn readable(mut function: &str) -> Option<String> {
    while let Some((outer, inner)) = function.rsplit_once("::{") {
        if !inner.ends_with('}') {
            break;
        }
        function = outer;
    }
    if function.starts_with('{') {
        return None;
    }
    let method = function.strip_prefix('<').and_then(|rest| {
        let (of, method) = rest.rsplit_once(">::")?;
        let (of, _) = of.split_once(" as ")?;
        Some(format!("{of}::{method}"))
    });
    Some(method.unwrap_or_else(|| function.to_owned()))
}

/// A future whose panics are values. Also what it does when it is dropped, done or not, is guarded.
pub(crate) struct Catch<'a, T> {
    future: Option<Pin<Box<dyn Future<Output = T> + Send + 'a>>>,
}

impl<'a, T> Catch<'a, T> {
    pub(crate) fn new(future: impl Future<Output = T> + Send + 'a) -> Self {
        Self::boxed(Box::pin(future))
    }

    pub(crate) fn boxed(future: Pin<Box<dyn Future<Output = T> + Send + 'a>>) -> Self {
        Self { future: Some(future) }
    }
}

impl<T> Future for Catch<'_, T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = guard(|| {
            let future = self.future.as_mut().expect("a future is not polled after its end");
            let output = future.as_mut().poll(cx);
            if output.is_ready() {
                self.future = None;
            }
            output
        });
        match outcome {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panicked) => {
                drop_quietly(self.future.take());
                Poll::Ready(Err(panicked))
            }
        }
    }
}

impl<T> Drop for Catch<'_, T> {
    fn drop(&mut self) {
        drop_quietly(self.future.take());
    }
}

/// Drops what may panic while it is dropped. Nobody waits for its outcome any more.
fn drop_quietly<T>(value: T) {
    if let Err(panicked) = guard(|| drop(value)) {
        tracing::warn!(panic = panicked.message, trace = ?panicked.trace, "a job panicked while it was dropped"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKTRACE: &str = "
   0: bessemer::panic::capture
             at ./src/panic.rs:53:52
   1: std::panicking::panic_with_hook
             at /rustc/5980/library/std/src/panicking.rs:833:13
   2: core::panicking::panic_fmt
             at /rustc/5980/library/core/src/panicking.rs:80:14
   3: {async_fn#0}
             at ./app/src/boiler.rs:7:9
   4: <app::Boiler as bessemer::job::Job>::perform::{{closure}}
             at ./app/src/registry.rs:12:20
   5: <app::Boiler as bessemer::job::Job>::perform::{closure#0}::{closure#1}
             at ./app/src/registry.rs:12:20
   6: no_debug_info
   7: {async_block#0}
             at ./src/registry.rs:30:20
   8: {closure#0}<()>
             at ./src/panic.rs:143:42
   9: trace_ends_here<core::task::poll::Poll<()>>
             at ./src/panic.rs:76:17
  10: main
             at ./app/src/main.rs:1:1
";

    #[test]
    fn a_trace_is_the_place_and_the_jobs_own_frames() {
        let frames: Vec<String> = own_frames(BACKTRACE).iter().map(Frame::line).collect();
        assert_eq!(
            frames,
            ["at ./app/src/boiler.rs:7:9", "at ./app/src/registry.rs:12:20 in app::Boiler::perform",]
        );
        assert!(own_frames("   0: main\n             at ./a.rs:1:1").is_empty(), "never a foreign trace");
        let frame = &own_frames(BACKTRACE)[0];
        assert!(frame.is_at("app/src/boiler.rs:7:9") && !frame.is_at("app/src/boiler.rs:8:9"));
    }

    #[tokio::test]
    async fn a_future_that_panics_while_it_is_dropped_harms_nobody() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("bang");
            }
        }
        install_hook();
        let bomb = Bomb;
        let done = Catch::new(async move {
            let _bomb = bomb;
        });
        assert_eq!(done.await.unwrap_err().message, "bang");
        let bomb = Bomb;
        drop(Catch::new(async move {
            let _bomb = bomb;
            std::future::pending::<()>().await;
        }));
    }

    #[tokio::test]
    async fn a_panic_inside_a_nested_guard_stays_inside() {
        install_hook();
        let outer = Catch::new(async {
            assert_eq!(Catch::new(async { panic!("{}", 7) }).await.unwrap_err().message, "7");
            std::panic::panic_any(7);
        });
        assert_eq!(outer.await.unwrap_err().message, "panic with a value that is no text");
        assert!(!ARMED.get(), "other panics of this thread go to the hook that was there before");
    }

    #[tokio::test]
    async fn a_panic_that_a_job_caught_itself_is_not_taken_for_a_later_one() {
        install_hook();
        let caught = Catch::new(async { drop(catch_unwind(|| panic!("caught"))) });
        caught.await.unwrap();
        // Resumed panics do not pass the hook, so nothing is known of their place.
        let resumed = Catch::new(async {
            drop(catch_unwind(|| panic!("caught")));
            std::panic::resume_unwind(Box::new("resumed"));
        });
        assert_eq!(resumed.await.unwrap_err().message, "resumed");
        let resumed = Catch::new(async { std::panic::resume_unwind(Box::new("resumed")) });
        assert_eq!(resumed.await.map(|(): ()| ()).unwrap_err().trace, [""; 0]);
    }
}
