//! What is sent to Box.

use std::time::Duration;

use jwt_bearer::assertion::{Claims, Header};

pub(crate) fn header() -> Header {
    Header::new().key_id("abcdefgh")
}

pub(crate) fn claims() -> Claims {
    Claims::new("abcdefghijklmnopqrstuvwxyz012345")
        .subject("1234567")
        .claim("box_sub_type", "enterprise")
        .audience("https://api.box.com/oauth2/token")
        .lifetime(Duration::from_secs(45))
}
