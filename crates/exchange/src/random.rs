use std::time::Duration;

/// A random part of a time, from none of it to all of it.
pub(crate) fn part_of(time: Duration) -> Duration {
    let mut octets = [0; 4];
    // Without random numbers no assertion is made either; the waits may then be equal.
    if getrandom::fill(&mut octets).is_err() {
        return time / 2;
    }
    let part = f64::from(u32::from_be_bytes(octets)) / f64::from(u32::MAX);
    Duration::try_from_secs_f64(time.as_secs_f64() * part).map_or(time, |part| part.min(time))
}
