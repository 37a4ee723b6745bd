use std::path::Path;

use jwt_bearer::LocalSigner;
use jwt_bearer::keyfile::PrivateKey;

/// A key of the files that the tests of `keyfile` read.
pub(crate) fn key(name: &str) -> PrivateKey {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/keyfile/testdata")
        .join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    PrivateKey::read(&bytes, None).unwrap()
}

/// A signer with this key and its usual algorithm.
pub(crate) fn signer(name: &str) -> LocalSigner {
    LocalSigner::new(&key(name)).unwrap()
}
