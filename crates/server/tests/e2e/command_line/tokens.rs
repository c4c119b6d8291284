//! Tokens of the dashboard, made and revoked from a terminal.

use serde_json::{Value, json};

use super::Person;
use crate::server::Server;

#[test]
fn tokens_are_made_listed_used_and_revoked() {
    let server = Server::start_on(None, "web.password = 'correct horse battery'\n");
    let person = Person { server: &server };
    let at = |name: &str, password: &str| format!("http://{name}:{password}@127.0.0.1:{}", server.web);
    let web = at("anna", "correct%20horse%20battery");
    let tokens = |arguments: &[&'static str]| [&["tokens", "--web", &web][..], arguments].concat().join("\n");
    let says = |arguments: &[&'static str]| person.says(&tokens(arguments).split('\n').collect::<Vec<_>>());
    let wrong = |arguments: &[&'static str]| person.wrong(&tokens(arguments).split('\n').collect::<Vec<_>>());

    assert_eq!(says(&["list"]), "no tokens\n");
    let secret = says(&["create", "deploy\u{e9}", "--scope", "read", "--scope", "admin"]);
    let secret = secret.trim_end();
    assert!(secret.starts_with("bsm_") && !secret.contains(' '), "{secret}");
    let made: Value =
        serde_json::from_str(&says(&["create", "ci", "--scope", "push", "--days", "7", "--json"]))
            .expect("JSON");
    assert_eq!(made["token"]["scopes"], json!(["push"]));
    let table = says(&[]);
    assert!(table.starts_with("ID") && table.contains("deploy\u{e9}  read admin"), "{table}");
    assert!(!table.contains(secret.rsplit('_').next().expect("a secret")), "{table}");

    let all: Value = serde_json::from_str(&says(&["list", "--json"])).expect("JSON");
    let id = all["tokens"].as_array().expect("tokens").iter().find(|token| token["name"] == "ci");
    let id = id.expect("the token")["id"].as_str().expect("an id").to_owned();
    let revoke = ["tokens", "revoke", &id, "--web", &web];
    assert_eq!(person.says(&revoke), "revoked ci\n");
    assert_eq!(person.wrong(&revoke), (66, "There is no such token".into()));

    let (code, line) = wrong(&["create", "x", "--scope", "push", "--days", "0"]);
    assert_eq!((code, &*line), (76, "invalid days: a token is good for 1 to 3650"));
    assert_eq!(wrong(&["create", "x"]).0, 2);
    assert_eq!(wrong(&["create", "x", "--scope", "all"]).0, 2);
    let other = at("anna", "wrong");
    assert_eq!(person.wrong(&["tokens", "--web", &other]), (77, "Authorization failed".into()));
    let jobs = format!("http://127.0.0.1:{}", server.port);
    assert_eq!(person.wrong(&["tokens", "--web", &jobs]).0, 69, "the port for jobs");
    let (code, line) = person.wrong(&["tokens", "--web", "http://127.0.0.1:1"]);
    assert!(code == 69 && line.starts_with("cannot ask the dashboard http://127.0.0.1:1: "), "{line}");
}

#[test]
fn the_dashboard_of_this_machine_needs_its_port_and_no_more() {
    let server = Server::start();
    let person = Person { server: &server };
    let place = format!("127.0.0.1:{}", server.web);
    let secret = person.says(&["tokens", "create", "x", "--scope", "read,push", "--web", &place]);
    assert!(secret.starts_with("bsm_"), "{secret}");
    assert_eq!(person.json(&["tokens", "--web", &place])["tokens"][0]["scopes"], json!(["read", "push"]));
}
