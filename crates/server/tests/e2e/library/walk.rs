//! The examples of the walk-through say what it says.

use super::Program;
use crate::clock::until;
use crate::server::Server;

#[test]
fn a_job_says_hello() {
    let server = Server::start();
    let mut hello = Program::start("hello_world", &server, &[], &[]);
    hello.await_said("Hello Stuart!", 1);
    until("its job is done", || (server.info()["faktory"]["total_processed"] == 1).then_some(()));
    hello.signal("TERM");
    assert_eq!(hello.await_end().code(), Some(0), "{}", hello.output());
}

#[test]
fn four_jobs_calculate() {
    let server = Server::start();
    let mut math = Program::start("math_worker", &server, &[], &[]);
    math.await_said("The answer is: 8", 2);
    math.await_said("The answer is: 4", 2);
    until("all jobs are done", || (server.info()["faktory"]["sets"]["working"] == 0).then_some(()));
    assert_eq!(server.info()["faktory"]["total_failures"], 0);
}

/// Two of three guesses are wrong.
#[test]
fn a_panic_is_a_failure_with_its_place_and_the_job_is_lucky_at_last() {
    let server = Server::start();
    let mut failure = Program::start("failure_worker", &server, &[], &[]);
    let (mut retried, mut seen) = (0, false);
    until("a guess is right", || {
        assert!(failure.lives(), "{}", failure.output());
        let (_, page) = server.http("GET", "/retries", "");
        if page.contains("panic") {
            assert!(page.contains("and not 2"), "{page}");
            seen = true;
            let requeue = r#"MUTATE {"cmd":"requeue","target":"retries","filter":{}}"#;
            server.client().call(requeue).expect("MUTATE");
            retried += 1;
        }
        failure.output().contains("Guessed 2 at attempt ").then_some(())
    });
    let attempt: u64 = failure
        .output()
        .split("Guessed 2 at attempt ")
        .nth(1)
        .and_then(|rest| rest.split('!').next()?.parse().ok())
        .expect("an attempt");
    assert_eq!(seen, retried > 0);
    assert_eq!(server.info()["faktory"]["total_failures"], attempt - 1);
}
