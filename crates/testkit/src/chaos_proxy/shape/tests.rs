use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A shaper with the faults of a script.
fn shaper(faults: &[&str]) -> Shaper {
    let mut shaper = Shaper::default();
    for fault in faults {
        shaper.shape(&serde_json::from_str(fault).expect("it is a fault"), Dice::new(7));
    }
    shaper
}

/// Writes as they come out, when they are due: time in milliseconds, and the bytes.
fn out(shaper: &mut Shaper, counted: &mut Counters) -> Vec<(u128, Bytes)> {
    let mut out = Vec::new();
    while let Some(due) = shaper.due() {
        let bytes = shaper.pop(due, counted);
        out.extend(bytes.map(|bytes| (due.as_millis(), bytes)));
    }
    assert_eq!(shaper.waiting(), 0);
    out
}

fn push(shaper: &mut Shaper, now: Duration, bytes: &[u8]) -> Counters {
    let mut counted = Counters::default();
    shaper.push(now, bytes.into(), &mut counted);
    counted
}

fn all(out: &[(u128, Bytes)]) -> Vec<u8> {
    out.iter().flat_map(|(_, bytes)| bytes.to_vec()).collect()
}

#[test]
fn without_a_fault_bytes_pass_at_once_and_as_they_came() {
    let mut shaper = shaper(&[]);
    let mut counted = push(&mut shaper, ms(5), b"one");
    counted.add(&push(&mut shaper, ms(5), b"two"));
    assert_eq!(shaper.pop(ms(5), &mut counted).unwrap(), "one");
    assert_eq!(shaper.pop(ms(5), &mut counted).unwrap(), "two");
    assert_eq!(counted, Counters::default());
}

#[test]
fn latency_delays_within_its_jitter_and_keeps_the_order() {
    let mut shaper = shaper(&[r#"{"latency": {"ms": 100, "jitter_ms": 50}}"#]);
    let mut counted = Counters::default();
    for number in 0..100 {
        counted.add(&push(&mut shaper, ms(number), &[u8::try_from(number).unwrap()]));
    }
    let out = out(&mut shaper, &mut counted);
    assert_eq!(all(&out), (0..100).collect::<Vec<u8>>());
    assert_eq!(counted.delayed, 100);
    assert!(out.iter().zip(0..).all(|((due, _), sent)| *due >= sent + 100 && *due <= 99 + 150));
    assert!(out.windows(2).any(|pair| pair[0].0 == pair[1].0), "the later waited for the earlier");
}

#[test]
fn bandwidth_spreads_bytes_over_time() {
    let mut shaper = shaper(&[r#"{"bandwidth": {"bytes_per_second": 1000}}"#]);
    let mut counted = push(&mut shaper, ms(0), &[1; 500]);
    counted.add(&push(&mut shaper, ms(100), &[2; 500]));
    let out = out(&mut shaper, &mut counted);
    let until = |end: u128| out.iter().filter(|(due, _)| *due <= end).map(|(_, bytes)| bytes.len()).sum::<usize>();
    assert_eq!([0, 100, 500, 1000].map(until), [0, 100, 500, 1000]);
    assert_eq!(counted.throttled, 100);
}

#[test]
fn slices_are_small_and_pause() {
    let mut shaper = shaper(&[r#"{"slice": {"pause_ms": 10}}"#]);
    let mut counted = push(&mut shaper, ms(0), b"abc");
    let out = out(&mut shaper, &mut counted);
    assert_eq!(out, [(0, "a".into()), (10, "b".into()), (20, "c".into())]);
    assert_eq!(counted.slices, 3);
}

#[test]
fn small_writes_are_gathered_until_there_are_enough_or_the_time_is_over() {
    let mut shaper = shaper(&[r#"{"coalesce": {"bytes": 4, "ms": 50}}"#]);
    let mut counted = Counters::default();
    for (at, bytes) in [(0, "a"), (10, "b"), (20, "cd"), (30, "e"), (40, "f")] {
        counted.add(&push(&mut shaper, ms(at), bytes.as_bytes()));
    }
    assert_eq!(shaper.pop(ms(40), &mut counted).unwrap(), "abcd");
    assert_eq!(shaper.pop(ms(79), &mut counted), None);
    assert_eq!(shaper.due(), Some(ms(80)));
    assert_eq!(shaper.pop(ms(80), &mut counted).unwrap(), "ef");
    assert_eq!(counted.coalesced, 3);
}

#[test]
fn the_same_bytes_are_corrupted_in_any_slicing() {
    let of = |size: usize| {
        let mut shaper = shaper(&[r#"{"corrupt": {"one_in": 50}}"#]);
        let mut counted = Counters::default();
        for chunk in [0; 10_000].chunks(size) {
            counted.add(&push(&mut shaper, ms(0), chunk));
        }
        let bytes = all(&out(&mut shaper, &mut counted));
        assert_eq!(counted.corrupted, bytes.iter().filter(|byte| **byte != 0).count() as u64);
        assert!((100..400).contains(&counted.corrupted), "{}", counted.corrupted);
        bytes
    };
    let whole = of(10_000);
    assert!([1, 7, 4096].into_iter().all(|size| of(size) == whole));
}

#[test]
fn what_waits_goes_at_once_when_the_shapes_are_lifted() {
    let mut shaper = shaper(&[
        r#"{"latency": {"ms": 3600000}}"#,
        r#"{"slice": {}}"#,
        r#"{"coalesce": {"bytes": 3, "ms": 3600000}}"#,
    ]);
    let mut counted = push(&mut shaper, ms(0), b"abc");
    counted.add(&push(&mut shaper, ms(0), b"de"));
    assert_eq!(shaper.pop(ms(1_000), &mut counted), None);
    shaper.lift();
    assert_eq!(all(&out(&mut shaper, &mut counted)), b"abcde");
    assert_eq!(shaper.due(), None);
}
