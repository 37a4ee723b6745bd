//! Colours are for terminals, and for whoever wants them.

use crate::support::Folder;

const ESCAPE: char = '\u{1b}';
/// Header `{"alg":"none"}`, no claims, no signature: something is wrong with it.
const UNSIGNED: &str = "inspect eyJhbGciOiJub25lIn0.e30.";

#[test]
fn pipes_get_none() {
    let folder = Folder::new();
    let output = folder.run(UNSIGNED).success();
    assert!(output.contains("wrong: `alg` is `none`"), "{output}");
    assert!(!output.contains(ESCAPE));
    assert!(!folder.run("token").failure(2).contains(ESCAPE));
    assert!(!folder.run("token --nothing").failure(2).contains(ESCAPE));
}

#[test]
fn they_can_be_forced() {
    let folder = Folder::new();
    for arguments in [UNSIGNED, "demo"] {
        let run = folder.command(arguments).env("CLICOLOR_FORCE", "1").run();
        assert!(run.success().contains(ESCAPE), "{arguments}");
    }
    let run = folder.command("token").env("CLICOLOR_FORCE", "1").run();
    assert!(run.failure(2).contains(ESCAPE));
}

#[test]
fn no_color_is_obeyed() {
    let run = Folder::new().command(UNSIGNED).env("NO_COLOR", "1").run();
    assert!(!run.success().contains(ESCAPE));
}
