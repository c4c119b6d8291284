//! What limits queues: seen, set, lifted, reset, refused (rule `E-60`).

use bessemer_web::Site;
use serde_json::{Value, json};

use super::{call, failed, read};
use crate::throttles::narrow;

#[tokio::test]
async fn the_api_does_the_same_e60() {
    let router = narrow().router(Site::default());
    let limits = |listed: &Value| listed["throttles"][0]["limits"].clone();
    let listed = read(&router, "/throttles").await;
    assert_eq!(limits(&listed), json!({"concurrency": 1, "timeout": 60}));
    let mail = &listed["throttles"][0];
    assert_eq!(mail["holders"], json!([{"wid": "w<1>", "jobs": 1}]));
    assert_eq!(
        (&mail["full"], &mail["working"], &mail["waiting"], &mail["set"], &mail["tokens"]),
        (&true.into(), &1.into(), &1.into(), &false.into(), &Value::Null)
    );
    assert_eq!(read(&router, "/queues/mail").await["full"], true);
    let put = call(&router, "PUT", "/throttles/mail", Some(r#"{"rate":1,"per":3600}"#)).await;
    assert_eq!(put.status, 200, "{}", put.body);
    put.says(r#""limits":{"rate":1,"per":3600,"burst":1}"#).says(r#""tokens":1"#);
    let put = call(&router, "PUT", "/throttles/other", Some("{}")).await;
    put.says(r#""limits":{}"#).says(r#""configured":null"#);
    assert_eq!(
        read(&router, "/throttles/mail").await["configured"],
        json!({"concurrency": 1, "timeout": 60})
    );
    assert_eq!(call(&router, "DELETE", "/throttles/mail", None).await.status, 200);
    assert_eq!(call(&router, "DELETE", "/throttles/other", None).await.status, 200);
    assert_eq!(limits(&read(&router, "/throttles").await), json!({"concurrency": 1, "timeout": 60}));
    for (method, path, body, status) in [
        ("GET", "/throttles/other", None, 404),
        ("DELETE", "/throttles/other", None, 404),
        ("PUT", "/throttles/a b", Some(r#"{"worker":1}"#), 400),
        ("PUT", "/throttles/mail", Some(r#"{"worker":0}"#), 400),
        ("PUT", "/throttles/mail", Some(r#"{"worker":1000001}"#), 400),
        ("PUT", "/throttles/mail", Some(r#"{"workers":1}"#), 400),
        ("PUT", "/throttles/mail", Some("{"), 400),
    ] {
        let path = path.replace(' ', "%20");
        assert_eq!(failed(&call(&router, method, &path, body).await).0, status, "{method} {path} {body:?}");
    }
}
