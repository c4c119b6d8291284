//! Hands down what the program was built from, for `bessemer -v`: `packaging/release` says it, nobody else does.

fn main() {
    println!("cargo::rerun-if-env-changed=BESSEMER_BUILD");
    let build = std::env::var("BESSEMER_BUILD").unwrap_or_else(|_| "a working tree".into());
    println!("cargo::rustc-env=BESSEMER_BUILD={build}");
}
