//! How much memory something took.

/// Carries `work` out, and fails if it ever held more than `bound` bytes above what was held before.
///
/// # Panics
/// When it did, with the figures.
pub fn bounded<T>(what: &str, bound: usize, work: impl FnOnce() -> T) -> T {
    let mut result = None;
    let peak = peak(|| result = Some(work()));
    assert!(peak <= bound, "{what} held {peak} bytes at once; {bound} are allowed");
    result.expect("what was to be done is done")
}

/// The most bytes that were held at once by this thread, above what was held before.
pub fn peak(work: impl FnOnce()) -> usize {
    let info = allocation_counter::measure(work);
    usize::try_from(info.bytes_max).unwrap_or(usize::MAX)
}

/// What may be held for `length` bytes of input: four times as much, and `fixed` for what is there without any input.
pub const fn fourfold(length: usize, fixed: usize) -> usize {
    4 * length + fixed
}
