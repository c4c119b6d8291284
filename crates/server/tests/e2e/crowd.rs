//! More clients than there is room for.

use crate::client::{Client, Reply};
use crate::clock::until;
use crate::server::Server;

#[test]
fn one_connection_too_many_is_refused_and_the_others_go_on_h24() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let conf_d = folder.path().join("config/conf.d");
    std::fs::create_dir_all(&conf_d).expect("a folder");
    let limits = "[limits]\nconnections_max = 3\nhandshakes_max = 3\nhandshakes_per_address = 3\n";
    std::fs::write(conf_d.join("limits.toml"), limits).expect("a file");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let arguments = ["-b", "127.0.0.1:0", "-w", "127.0.0.1:0", "-d", &path("db"), "-c", &path("config")];
    let server = Server::start_as(&arguments.map(ToOwned::to_owned));

    let mut inside: Vec<Client> = (0..3).map(|_| server.client()).collect();
    let mut refused = Client::silent(server.port).expect("the port listens");
    assert_eq!(refused.reply().expect("a reply"), Reply::Line("-ERR too many connections: 3".into()));
    assert!(refused.is_closed());
    for client in &mut inside {
        assert!(matches!(client.call("INFO").expect("INFO"), Reply::Bulk(_)));
    }

    // One leaves, one may come: the server notices within a turn.
    let mut leaver = inside.pop().expect("one of three");
    leaver.send(b"END\r\n").expect("END");
    assert!(leaver.is_closed());
    until("there is room again", || {
        Client::connect(server.port).and_then(|mut client| client.hello(r#"{"v":2}"#)).ok()
    });
}
