use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// None of the ways in which a `Debug` writes octets is in the text, for any eight octets in a row.
pub(crate) fn shows_nothing_of(debug: &str, private: &[u8]) {
    let text: String = debug.chars().filter(|c| !c.is_whitespace()).collect();
    let lower = text.to_lowercase();
    for octets in private.windows(8) {
        let join = |separator: &str, one: fn(&u8) -> String| {
            octets.iter().map(one).collect::<Vec<_>>().join(separator)
        };
        for shown in [
            join(",", ToString::to_string),
            join(",", |octet| format!("{octet:x}")),
            join(",", |octet| format!("{octet:02x}")),
            join(",", |octet| format!("0x{octet:02x}")),
            join("", |octet| format!("{octet:02x}")),
        ] {
            assert!(!lower.contains(&shown), "private octets in {debug}");
        }
        // Six octets are eight characters wherever a group of three begins, which some of the windows do.
        let base64 = STANDARD_NO_PAD.encode(&octets[..6]);
        let url = base64.replace('+', "-").replace('/', "_");
        assert!(
            !text.contains(&base64) && !text.contains(&url),
            "private octets in {debug}"
        );
    }
}
