//! Tag, length, value: the encoding inside of PIV commands and answers.

use crate::apdu::Status;

/// One element: its tag as written (one or two bytes) and its value.
pub(crate) type Element<'a> = (u16, &'a [u8]);

/// All elements of `bytes`, in order.
pub(crate) fn read(mut bytes: &[u8]) -> Result<Vec<Element<'_>>, Status> {
    let mut elements = Vec::new();
    while !bytes.is_empty() {
        let tag = read_tag(&mut bytes)?;
        let length = read_length(&mut bytes)?;
        let (value, rest) = bytes.split_at_checked(length).ok_or(Status::WRONG_DATA)?;
        elements.push((tag, value));
        bytes = rest;
    }
    Ok(elements)
}

/// The value of the first element with this tag.
pub(crate) fn find<'a>(elements: &[Element<'a>], tag: u16) -> Option<&'a [u8]> {
    elements
        .iter()
        .find(|element| element.0 == tag)
        .map(|element| element.1)
}

/// Appends one element.
pub(crate) fn push(out: &mut Vec<u8>, tag: u16, value: &[u8]) {
    let [high, low] = tag.to_be_bytes();
    if high != 0 {
        out.push(high);
    }
    out.push(low);
    match u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes() {
        [0, short @ 0..=0x7f] => out.push(short),
        [0, byte] => out.extend([0x81, byte]),
        [high, low] => out.extend([0x82, high, low]),
    }
    out.extend(value);
}

/// One element as bytes of its own.
pub(crate) fn element(tag: u16, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    push(&mut out, tag, value);
    out
}

fn read_tag(bytes: &mut &[u8]) -> Result<u16, Status> {
    let first = read_byte(bytes)?;
    if first & 0x1f != 0x1f {
        return Ok(u16::from(first));
    }
    Ok(u16::from_be_bytes([first, read_byte(bytes)?]))
}

fn read_length(bytes: &mut &[u8]) -> Result<usize, Status> {
    match read_byte(bytes)? {
        short @ 0..=0x7f => Ok(usize::from(short)),
        0x81 => Ok(usize::from(read_byte(bytes)?)),
        0x82 => {
            let high = read_byte(bytes)?;
            Ok(usize::from(u16::from_be_bytes([high, read_byte(bytes)?])))
        }
        _ => Err(Status::WRONG_DATA),
    }
}

fn read_byte(bytes: &mut &[u8]) -> Result<u8, Status> {
    let (first, rest) = bytes.split_first().ok_or(Status::WRONG_DATA)?;
    *bytes = rest;
    Ok(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_at_every_size_of_length() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff] {
            let value = vec![7; length];
            for tag in [0x53, 0x7f49] {
                assert_eq!(
                    read(&element(tag, &value)),
                    Ok(vec![(tag, &value[..])]),
                    "{length}"
                );
            }
        }
    }

    #[test]
    fn a_length_beyond_the_end_is_refused() {
        for bytes in [
            &[0x53][..],
            &[0x53, 2, 0],
            &[0x53, 0x81],
            &[0x53, 0x83, 0, 0, 0],
            &[0x7f],
        ] {
            assert_eq!(read(bytes), Err(Status::WRONG_DATA), "{bytes:02x?}");
        }
    }
}
