//! The engine on PostgreSQL, against a real server. Where there is none, these tests fail.
//!
//! `cargo test -p bessemer-store --features postgres --test postgres`

use std::sync::{Arc, Mutex, PoisonError, Weak};

use self::server::Server;

mod conformance;
mod differential;
mod lost;
mod server;

/// The server that all tests use which need none of their own. It ends with the last of them.
fn shared() -> Arc<Server> {
    static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());
    let mut shared = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = shared.upgrade() {
        return server;
    }
    // Power losses are not what these tests look at, and flushes would take most of their time.
    let server = Arc::new(Server::start(&["fsync=off", "full_page_writes=off"]));
    *shared = Arc::downgrade(&server);
    server
}
