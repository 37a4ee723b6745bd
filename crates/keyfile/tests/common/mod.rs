use std::path::Path;

/// A file of the folder `testdata`.
pub(crate) fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The same as text.
pub(crate) fn text(name: &str) -> String {
    String::from_utf8(file(name)).unwrap()
}
