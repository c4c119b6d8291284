//! The binary.
fn main() {
    tracing_subscriber::fmt().init();
    let mut a = std::env::args().skip(1);
    let c =
        bessemer_server::config::Config::standin(&a.next().unwrap(), &a.next().unwrap(), &a.next().unwrap());
    bessemer_server::run(c).unwrap();
}
