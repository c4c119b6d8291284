//! `[otel]`: read in every build, useful in one with the feature.

use super::*;

#[test]
fn what_is_no_endpoint_is_refused_in_every_build() {
    for (text, says) in [
        ("endpoint = 'https://h:4318'", "`otel.endpoint` is \"https://h:4318\": it is such as"),
        ("endpoint = 'http://h'", "it is such as \"http://localhost:4318\""),
        ("endpoint = 'http://:4318'", "it is such as"),
        ("endpoint = 'http://h:4318/a b'", "it is such as"),
        ("sample = '101%'", "`otel.sample` must be from \"0%\" to \"100%\""),
        ("sample = '1'", "`otel.sample` must be from"),
        (&format!("service_name = '{}'", "x".repeat(101)), "`otel.service_name` must have at most 100 bytes"),
        (r#"service_name = "a\u0000b""#, "`otel.service_name` must be one line"),
    ] {
        let line = refused(&format!("[otel]\n{text}"));
        assert!(line.contains(says), "{text}: {line}");
    }
    assert_eq!(accepted(&format!("[otel]\nservice_name = '{}'", "x".repeat(100))).0.otel, None);
}

#[cfg(not(feature = "otel"))]
#[test]
fn a_build_without_the_feature_says_so() {
    let line = refused("[otel]\nendpoint = 'http://localhost:4318'");
    assert!(
        line.ends_with("`otel.endpoint` is set, and this program was built without the feature `otel`"),
        "{line}"
    );
}

#[cfg(feature = "otel")]
#[test]
fn an_endpoint_is_a_place_and_a_path() {
    let text =
        "[otel]\nendpoint = 'http://collector.example:4318/traces/'\nservice_name = 'jobs'\nsample = '5 %'";
    let config = accepted(text).0.otel.expect("it is on");
    assert_eq!(config.collector, "collector.example:4318".parse().expect("a place"));
    assert_eq!((config.path.as_str(), config.service_name.as_str(), config.percent), ("/traces", "jobs", 5));
}
