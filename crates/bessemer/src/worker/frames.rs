//! Back traces for readers: the functions of the application, one to a line, and nothing of the machinery below and
//! above them. Works on the text that the standard library makes, since that is all it gives.
//!
//! What a trace can say depends on the build. With line tables every frame has its file and line; without, functions
//! have names only, and those that were inlined are not there at all.

/// Below a frame with this name is plumbing.
pub(crate) const END: &str = "trace_ends_here";

/// Whose frames lead a reader nowhere: the standard library, the runtime, and what wraps futures.
const PLUMBING: &[&str] = &[
    "std",
    "__rustc",
    "core",
    "alloc",
    "test",
    "backtrace",
    "bessemer",
    "tokio",
    "tokio_util",
    "tower",
    "tracing",
    "futures",
    "futures_core",
    "futures_util",
    "anyhow",
    "eyre",
];

/// Files of this library that lie between the marker and a job.
const OWN: &[&str] =
    &["worker/panic.rs:", "worker/registry.rs:", "worker/blocking.rs:", "worker/layers.rs:", "trace.rs:"];

/// The outermost function of a panic, above which is the hook that captured the trace: one of these.
const PANIC: &[&str] = &["panic_with_hook", "rust_begin_unwind", "panicking::begin_panic"];

/// A function that was running.
#[derive(Debug, PartialEq, Eq)]
struct Frame<'a> {
    /// `None` when line tables call it no better than a closure.
    function: Option<String>,
    /// `file:line:column`, where the build knows it.
    place: Option<&'a str>,
}

impl Frame<'_> {
    fn line(&self) -> String {
        match (self.place, &self.function) {
            (Some(place), Some(function)) => format!("at {place} in {function}"),
            (Some(place), None) => format!("at {place}"),
            (None, Some(function)) => format!("in {function}"),
            (None, None) => String::new(),
        }
    }

    /// Whether this is the same place, seen from another directory.
    fn is_at(&self, place: &str) -> bool {
        let name = |place: &str| place.rsplit(['/', '\\']).next().map(str::to_owned);
        self.place.is_some_and(|own| name(own) == name(place))
    }
}

/// The trace of a panic: its place, which every build knows, and the frames that led there, innermost first.
pub(crate) fn of_panic(location: Option<&str>, backtrace: &str) -> Vec<String> {
    let mut frames = own_frames(backtrace);
    let Some(location) = location else { return frames.iter().map(Frame::line).collect() };
    let mut first = Frame { place: Some(short_path(location)), function: None };
    // An unwrap deep in a library has frames of its own above.
    let here = frames.iter().position(|frame| frame.is_at(location));
    // Without line tables the innermost frame is the place, or who called it.
    let here = here.or_else(|| frames.first().filter(|frame| frame.place.is_none()).map(|_| 0));
    if here == Some(0) {
        first.function = frames.remove(0).function;
    }
    [first].iter().chain(&frames).map(Frame::line).collect()
}

/// The trace of an error that has one.
pub(crate) fn of_error(backtrace: &str) -> Vec<String> {
    own_frames(backtrace).iter().map(Frame::line).collect()
}

/// The application's frames. The text has `  7: function` for each, then `at file:line:column` if that is known.
fn own_frames(backtrace: &str) -> Vec<Frame<'_>> {
    let mut all = Vec::new();
    let mut lines = backtrace.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        let numbered = line.split_once(": ").filter(|(number, _)| number.bytes().all(|b| b.is_ascii_digit()));
        let Some((_, function)) = numbered else { continue };
        let place = lines.next_if(|line| line.starts_with("at ")).map(|line| &line["at ".len()..]);
        all.push((function, place));
    }
    let end = all.iter().position(|(function, _)| function.contains(END));
    // Our folder as the compiler named it: inlined functions have no path, but files do.
    let ours = end.and_then(|end| all[end].1?.split_once("worker/panic.rs")).map(|(folder, _)| folder);
    // A task of the application's own ends where the runtime begins.
    let end = end.or_else(|| all.iter().position(|frame| is_runtime(*frame))).unwrap_or(all.len());

    let begin = PANIC
        .iter()
        .filter_map(|name| all[..end].iter().position(|(function, _)| function.contains(name)))
        .max();

    let mut frames: Vec<Frame<'_>> = Vec::new();
    for (function, place) in &all[begin.map_or(0, |begin| begin + 1)..end] {
        let frame = Frame { function: readable(function), place: place.map(short_path) };
        let keep = match place {
            // Others are of the system's libraries.
            Some(place) => place.contains(".rs:") && !is_plumbing(place, ours),
            // An unknown symbol says nothing, and neither does `main`.
            None => frame.function.as_ref().is_some_and(|name| is_path(name) && !names_plumbing(name)),
        };
        let repeats = frames.last().is_some_and(|last| match frame.place {
            Some(place) => last.place == Some(place),
            None => last == &frame,
        });
        if keep && !repeats {
            frames.push(frame);
        }
    }
    frames
}

fn is_runtime((function, place): (&str, Option<&str>)) -> bool {
    function.starts_with("tokio::runtime::")
        || place.is_some_and(|place| place.contains("/src/runtime/task/"))
}

/// Whether a file belongs to the standard library, to this one, or to others of [`PLUMBING`].
fn is_plumbing(place: &str, ours: Option<&str>) -> bool {
    let std = place.starts_with("/rustc/") || place.contains("/lib/rustlib/src/rust/library/");
    let file = ours.and_then(|ours| place.strip_prefix(ours));
    let own = file.is_some_and(|file| OWN.iter().any(|name| file.starts_with(name)));
    std || own
        || dependency(place).is_some_and(|(name, _)| PLUMBING.contains(&name.replace('-', "_").as_str()))
}

/// The name of the registry's crate that a file belongs to, and the path from its folder on.
fn dependency(place: &str) -> Option<(&str, &str)> {
    let (_, path) = place.split_once("/registry/src/")?;
    let (_, path) = path.split_once('/')?;
    let (folder, _) = path.split_once('/')?;
    // The version begins at the first digit behind a dash.
    let version = folder
        .match_indices('-')
        .find(|(at, _)| folder[at + 1..].starts_with(|c: char| c.is_ascii_digit()))?;
    Some((&folder[..version.0], path))
}

/// A path without the folders above the registry's crates.
fn short_path(place: &str) -> &str {
    dependency(place).map_or(place, |(_, path)| path)
}

/// Whether a function has a module: `main` has none, and neither has `J::handle`, a method of some trait.
fn is_path(function: &str) -> bool {
    function.contains("::") && !function.starts_with(char::is_uppercase)
}

fn names_plumbing(function: &str) -> bool {
    function.split("::").next().is_some_and(|name| PLUMBING.contains(&name))
}

/// The function as its author would call it: without the closures that the compiler makes of async functions, and
/// `T::f` for `<T as Trait>::f`.
fn readable(function: &str) -> Option<String> {
    let function = &function[..closure(function)];
    if function.is_empty() {
        return None;
    }
    let method = function.strip_prefix('<').and_then(|rest| {
        let (of, method) = rest.rsplit_once(">::")?;
        let of = of.split_once(" as ").map_or(of, |(of, _)| of);
        Some(format!("{of}::{method}"))
    });
    Some(method.unwrap_or_else(|| function.to_owned()))
}

/// Where a name goes on with a closure, outside of its type parameters; else its end.
fn closure(function: &str) -> usize {
    let mut depth = 0_i32;
    for (at, byte) in function.bytes().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' if at > 0 && function.as_bytes()[at - 1] != b'-' => depth -= 1,
            b'{' if depth == 0 => return at.saturating_sub("::".len()),
            _ => {}
        }
    }
    function.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKTRACE: &str = "
   0: bessemer::panic::capture
             at ./src/worker/panic.rs:53:52
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
   6: <tokio::time::timeout::Timeout<T> as core::future::future::Future>::poll
             at /home/me/.cargo/registry/src/index.crates.io-1949/tokio-1.54.1/src/time/timeout.rs:211:33
   7: <sqlx_core::pool::Pool<D>>::acquire::{closure#0}
             at /home/me/.cargo/registry/src/index.crates.io-1949/sqlx-core-0.9.0/src/pool/mod.rs:33:1
   8: no_debug_info
   9: {async_block#0}
             at ./src/worker/registry.rs:30:20
  10: {closure#0}<()>
             at ./src/worker/panic.rs:143:42
  11: trace_ends_here<core::task::poll::Poll<()>>
             at ./src/worker/panic.rs:76:17
  12: main
             at ./app/src/main.rs:1:1
";

    #[test]
    fn a_trace_is_the_place_and_the_jobs_own_frames() {
        assert_eq!(
            of_panic(Some("app/src/boiler.rs:7:9"), BACKTRACE),
            [
                "at app/src/boiler.rs:7:9",
                "at ./app/src/registry.rs:12:20 in app::Boiler::perform",
                "at sqlx-core-0.9.0/src/pool/mod.rs:33:1 in sqlx_core::pool::Pool<D>::acquire",
            ]
        );
        // What panicked was in the standard library, or elsewhere out of sight.
        assert_eq!(of_panic(Some("/rustc/1/library/core/src/cell.rs:1:1"), BACKTRACE).len(), 4);
        assert_eq!(of_panic(Some("app/src/boiler.rs:7:9"), ""), ["at app/src/boiler.rs:7:9"]);
    }

    /// A release build without line tables has names, and only of what was not inlined.
    const NAMES: &str = "
   0: std::backtrace::Backtrace::create
   1: bessemer::worker::panic::capture
   2: __rustc::rust_begin_unwind
   3: core::panicking::panic_fmt
   4: app::boiler::stoke::{{closure}}
   5: <app::Boiler as bessemer::job::Job>::perform::{{closure}}
   6: <J as bessemer::worker::registry::Handler>::handle::{{closure}}
   7: <tokio::task::task_local::TaskLocalFuture<T,F> as core::future::future::Future>::poll
   7: <alloc::boxed::Box<F,A> as core::ops::function::FnOnce<Args>>::call_once
   8: bessemer::worker::panic::trace_ends_here
   9: app::main
";

    #[test]
    fn a_build_without_line_tables_names_functions() {
        assert_eq!(
            of_panic(Some("src/boiler.rs:7:9"), NAMES),
            ["at src/boiler.rs:7:9 in app::boiler::stoke", "in app::Boiler::perform"]
        );
        assert_eq!(
            of_panic(Some("src/boiler.rs:7:9"), "   0: <unknown>\n   1: <unknown>"),
            ["at src/boiler.rs:7:9"]
        );
    }

    #[test]
    fn a_task_of_the_applications_own_ends_where_the_runtime_begins() {
        let text = "
   0: app::nested::{{closure}}
             at ./src/jobs.rs:3:5
   1: tokio::runtime::task::core::Core<T,S>::poll::{{closure}}
             at /r/registry/src/index/tokio-1.54.1/src/runtime/task/core.rs:365:24
   2: app::main
             at ./src/main.rs:9:9
";
        assert_eq!(of_error(text), ["at ./src/jobs.rs:3:5 in app::nested"]);
    }

    #[test]
    fn names_are_as_their_authors_wrote_them() {
        for (name, readable_name) in [
            ("app::work::{async_fn#0}", Some("app::work")),
            ("app::work::{async_fn#0}<alloc::string::String>", Some("app::work")),
            ("<app::Boiler>::stoke", Some("app::Boiler::stoke")),
            ("app::each<app::work::{closure#0}>", Some("app::each<app::work::{closure#0}>")),
            ("app::call<fn() -> u8>::{closure#1}", Some("app::call<fn() -> u8>")),
            ("{closure_env#0}", None),
        ] {
            assert_eq!(readable(name).as_deref(), readable_name, "{name}");
        }
    }
}
