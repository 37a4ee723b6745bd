//! Checks the catalogue, and makes constants of it.
#![expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script by the environment where to write"
)]

#[path = "build/catalogue.rs"]
mod catalogue;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=catalogue");
    println!("cargo::rerun-if-changed=build");
    let files = match read(Path::new("catalogue")) {
        Ok(files) => files,
        Err(error) => return failed(&[format!("the catalogue cannot be read: {error}")]),
    };
    let code = match catalogue::generate(&files) {
        Ok(code) => code,
        Err(errors) => return failed(&errors),
    };
    let directory = env::var_os("OUT_DIR").unwrap_or_default();
    match fs::write(Path::new(&directory).join("catalogue.rs"), code) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&[format!("the catalogue cannot be written: {error}")]),
    }
}

fn failed(errors: &[String]) -> ExitCode {
    for line in errors.iter().flat_map(|error| error.lines()) {
        println!("cargo::error={line}");
    }
    ExitCode::FAILURE
}

/// Every `*.toml`, by name.
fn read(directory: &Path) -> io::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            files.push((name.to_owned(), fs::read_to_string(&path)?));
        }
    }
    files.sort();
    Ok(files)
}
