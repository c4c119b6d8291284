//! Every way to get `#[job]` wrong: the sentence that the compiler says, and the words at which it points.

use super::*;

/// Message and place of what is wrong with this use of the attribute.
fn wrong(options: &str, item: &str) -> Vec<(String, String)> {
    let mut errors = Vec::new();
    checked(options.parse().unwrap(), item.parse().unwrap(), &mut errors);
    let place = |error: &Error| error.span().source_text().unwrap_or_default();
    errors.iter().map(|error| (place(error), error.to_string())).collect()
}

fn assert_wrong(options: &str, item: &str, place: &str, sentence: &str) {
    assert_eq!(wrong(options, item), [(place.to_owned(), sentence.to_owned())], "#[job({options})] {item}");
}

#[test]
fn what_is_right_is_not_refused() {
    for (options, item) in [
        ("", "async fn hello_world(name: String) -> JobResult { Ok(Done) }"),
        ("", "pub(crate) async fn send(mut to: &str, ctx: &Context, #[default] copies: u8) {}"),
        ("", "impl MathWorker { const X: u8 = 1; fn other() {} async fn perform(&self) {} }"),
        ("", "impl jobs::MathWorker { async fn perform(&self, #[ctx] c: &Ctx, #[args] all: Vec<u8>) {} }"),
        ("queue = \"a-b_c.D1\", retry = -1, reserve_for = \"24h\", backtrace = 50,", "async fn a_b() {}"),
        ("retry = 10000, reserve_for = 60, alias = \"A\", alias = \"B\"", "async fn a_b() {}"),
        ("queue = QUEUE, retry = -RETRIES, reserve_for = lease(), backtrace = LINES", "async fn a_b() {}"),
        (
            "blocking, unique_until = \"start\", unique_for = \"1s\", expires_in = LIFE",
            "fn a_b(#[state] db: &Db) {}",
        ),
        ("custom(locale = \"en\", \"x-y\" = 1), custom(z = Z), lenient, crate = a::b", "async fn a_b() {}"),
        ("name = \"OldApp::Mailer\", crate = \"a::b\"", "async fn r#type_of() {}"),
        ("", "async fn a_b(#[default = 3] a: u8, b: Option<u8>, c: std::option::Option<u8>) {}"),
    ] {
        assert_eq!(wrong(options, item), [], "#[job({options})] {item}");
    }
}

#[test]
fn an_option_that_does_not_exist_is_named_with_the_one_that_was_meant() {
    let wrong = |options: &str, place: &str, sentence: &str| {
        assert_wrong(options, "async fn a_b() {}", place, sentence);
    };
    wrong("queu = \"mail\"", "queu", "`queu` is no option: did you mean `queue`?");
    wrong("retries = 3", "retries", "`retries` is no option: did you mean `retry`?");
    wrong("Lenient", "Lenient", "`Lenient` is no option: did you mean `lenient`?");
    wrong(
        "colour = 3",
        "colour",
        "`colour` is no option; there are `queue`, `retry`, `reserve_for`, `backtrace`, `custom`, `expires_in`, \
         `unique_for`, `unique_until`, `unique_key`, `name`, `alias`, `blocking`, `lenient` and `crate`",
    );
    wrong("\"mail\"", "\"mail\"", "expected an option, such as `queue = \"mail\"`");
    wrong("queue = \"a\", queue = \"b\"", "queue", "`queue` is given twice");
    wrong("queue", "queue", "`queue` has a value: write `queue = …`");
    wrong("lenient = true", "lenient", "`lenient` has no value: write `lenient` alone");
    wrong("custom = 1", "custom", "`custom` has names and values: write `custom(locale = \"en\")`");
}

#[test]
fn a_value_that_no_server_takes_is_refused() {
    let wrong = |options: &str, place: &str, sentence: &str| {
        assert_wrong(options, "async fn a_b() {}", place, sentence);
    };
    let queue = "the name of a queue is 1 to 255 letters, digits, dots, underscores and dashes";
    wrong("queue = \"a b\"", "\"a b\"", queue);
    wrong("queue = \"\"", "\"\"", queue);
    let long = format!("\"{}\"", "q".repeat(256));
    wrong(&format!("queue = {long}"), &long, queue);
    wrong("queue = 7", "7", "expected a text in quotes");
    let retry = "`retry` is -1 (straight to the dead), 0 (forgotten) or a number of tries up to 10000";
    wrong("retry = -2", "-2", retry);
    wrong("retry = 10001", "10001", retry);
    wrong("retry = \"5\"", "\"5\"", retry);
    wrong("retry = 1.5", "1.5", retry);
    let lease = "`reserve_for` is one minute at least and one day at most";
    wrong("reserve_for = \"59s\"", "\"59s\"", lease);
    wrong("reserve_for = \"1d1s\"", "\"1d1s\"", lease);
    wrong("reserve_for = 30", "30", lease);
    let duration = "expected a duration, such as \"90s\", \"5m\", \"1h30m\" or \"2d\"";
    wrong("reserve_for = \"5 minutes\"", "\"5 minutes\"", duration);
    wrong("reserve_for = -5", "-5", duration);
    let lines = "`backtrace` is a number of lines up to 50, which is what servers keep";
    wrong("backtrace = 51", "51", lines);
    wrong("backtrace = -1", "-1", lines);
    wrong("expires_in = 0", "0", "`expires_in` is one second at least");
    wrong("unique_for = \"0s\"", "\"0s\"", "`unique_for` is one second at least");
    wrong("unique_until = \"end\"", "\"end\"", "`unique_until` is \"start\", \"success\" or \"expiry\"");
    wrong("name = \"\"", "\"\"", "the name of a job is 1 to 512 bytes long");
    let long = format!("\"{}\"", "n".repeat(513));
    wrong(&format!("alias = {long}"), &long, "the name of a job is 1 to 512 bytes long");
    wrong("name = NAME", "NAME", "expected a text in quotes");
    wrong("alias = \"AB\"", "\"AB\"", "the job has this name already");
    wrong("alias = \"X\", alias = \"X\"", "\"X\"", "the job has this name already");
    wrong("crate = 5", "5", "`crate` is a path, such as `crate = my_bessemer`");
}

#[test]
fn a_function_that_cannot_be_a_job_is_refused() {
    let wrong = |item, place, sentence| assert_wrong("", item, place, sentence);
    wrong(
        "fn a_b() {}",
        "fn",
        "a job is an `async fn`; a plain one that blocks its thread is marked `#[job(blocking)]`",
    );
    assert_wrong(
        "blocking",
        "async fn a_b() {}",
        "async",
        "`blocking` is for a plain `fn`: an `async fn` waits without it",
    );
    let generic = "a job cannot be generic: its name on the wire stands for one function";
    wrong("async fn a_b<T: Send>(t: T) {}", "<T: Send>", generic);
    wrong("async fn a_b<'a>(t: u8) {}", "<'a>", generic);
    wrong("async fn a_b() where u8: Copy {}", "where u8: Copy", generic);
    wrong(
        "async unsafe fn a_b() {}",
        "unsafe",
        "a job cannot be unsafe: workers in other languages do not keep its promises",
    );
    let named = "the type of a job is named after its function: name the function in snake_case";
    wrong("async fn HelloWorld() {}", "HelloWorld", named);
    wrong("async fn _1() {}", "_1", named);
    wrong("async fn __() {}", "__", named);
    let elsewhere = "`#[job]` goes on an `async fn`, or on an `impl` block with an `async fn perform`";
    wrong("struct A;", "struct A;", elsewhere);
    wrong("mod a { async fn b() {} }", "mod a { async fn b() {} }", elsewhere);
}

#[test]
fn an_impl_block_that_cannot_be_a_job_is_refused() {
    let wrong = |item, place, sentence| assert_wrong("", item, place, sentence);
    wrong(
        "impl A { async fn other(&self) {} }",
        "A",
        "a job has an `async fn perform(&self, …)` in this block",
    );
    wrong(
        "impl A { async fn perform(&self) {} async fn perform(&self, a: u8) {} }",
        "perform",
        "a job has one `perform`: this is the second",
    );
    wrong("impl A { async fn perform(a: u8) {} }", "perform", "`perform` begins with `&self`");
    let shared = "`perform` takes `&self`: a worker runs many jobs of a type at once";
    wrong("impl A { async fn perform(&mut self) {} }", "&mut self", shared);
    wrong("impl A { async fn perform(self) {} }", "self", shared);
    wrong("impl A { async fn perform(self: Arc<Self>) {} }", "self: Arc<Self>", shared);
    let generic = "a job cannot be generic: its name on the wire stands for one type";
    wrong("impl<T> A<T> { async fn perform(&self) {} }", "A<T>", generic);
    wrong("impl A<u8> { async fn perform(&self) {} }", "A<u8>", generic);
    wrong(
        "impl Job for A { async fn perform(&self) {} }",
        "Job",
        "`#[job]` goes on the type's own `impl` block, not on that of a trait",
    );
    wrong("impl [u8] { async fn perform(&self) {} }", "[u8]", "a job is a type with a name");
    assert_wrong(
        "blocking",
        "impl A { fn perform(&self) {} }",
        "blocking",
        "`blocking` is for functions: a method only borrows what the thread would need",
    );
}

#[test]
fn a_parameter_that_cannot_be_an_argument_is_refused() {
    let wrong = |parameters: &str, place, sentence| {
        assert_wrong("", &format!("async fn a_b({parameters}) {{}}"), place, sentence);
    };
    let plain = "a parameter of a job is a plain name: take it apart in the body";
    wrong("(a, b): (u8, u8)", "(a, b)", plain);
    wrong("Point { x, y }: Point", "Point { x, y }", plain);
    wrong("ref a: u8", "ref a", plain);
    wrong("_: u8", "_", "give the parameter a name: `_name` if it is not used");
    let owned = "an argument is read from JSON and owned: take it by value, or mark it `#[state]` if the worker \
                 provides it";
    wrong("a: &[u8]", "&[u8]", owned);
    wrong("a: &mut str", "&mut str", owned);
    wrong("a: &'static str", "&'static str", owned);
    wrong("a: impl Into<String>", "impl Into<String>", "an argument has one type: `impl …` could be many");
    wrong("#[ctx] ctx: Context", "#[ctx]", "the context is borrowed: write `#[ctx] ctx: &Context`");
    wrong("#[state] db: &mut Db", "&mut Db", "state is shared between jobs: borrow it without `mut`");
    wrong("#[state = 1] db: &Db", "#[state = 1]", "`#[state]` stands alone");
    wrong("#[ctx(all)] ctx: &Context", "#[ctx(all)]", "`#[ctx]` stands alone");
    wrong("#[default(5)] a: u8", "#[default(5)]", "write `#[default]`, or a value as in `#[default = 5]`");
    wrong("#[default] #[args] a: u8", "#[args]", "a parameter has one marker at most");
    wrong("#[cfg(test)] a: u8", "#[cfg(test)]", "a parameter of a job cannot come and go with `cfg`");
    wrong(
        "#[default] a: u8, b: String",
        "b",
        "`b` comes after `a`, which may be missing: only the last arguments may",
    );
    wrong(
        "#[args] a: Vec<u8>, b: u8",
        "b",
        "`#[args]` is the whole array: there can be no argument beside it",
    );
    assert_wrong(
        "lenient",
        "async fn a_b(#[args] a: Vec<u8>) {}",
        "lenient",
        "`lenient` finds nothing to ignore: `#[args]` is the whole array",
    );
    let nine: Vec<String> = (1..=9).map(|n| format!("a{n}: u8")).collect();
    wrong(&nine.join(", "), "a9", "a job has up to 8 arguments: put some of them into a struct");
    let eight = format!("async fn a_b({}) {{}}", nine[1..].join(", "));
    assert_eq!(self::wrong("", &eight), []);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let sentences: Vec<String> = wrong("queu = 1, retry = -7", "fn a_b<T>(a: &T, (b, c): D) {}")
        .into_iter()
        .map(|(place, _)| place)
        .collect();
    assert_eq!(sentences, ["queu", "-7", "fn", "<T>", "&T", "(b, c)"]);
}
