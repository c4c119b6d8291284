//! Which known name somebody meant who wrote another.

/// The known name that is fewest changes away, if they are few for its length.
pub(super) fn nearest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let (changes, near) = known.iter().map(|name| (changes(written, name), *name)).min()?;
    (changes <= near.len().max(written.len()) / 3 + 1).then_some(near)
}

/// Letters to insert, to delete or to replace until one is the other.
fn changes(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut above_left = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replaced = above_left + usize::from(a != *b);
            above_left = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_another_word_does_not() {
        let known = ["queue", "retry", "reserve_for", "backtrace", "custom", "name"];
        for (written, meant) in [
            ("queu", Some("queue")),
            ("Queue", Some("queue")),
            ("retries", Some("retry")),
            ("reservefor", Some("reserve_for")),
            ("reserve", Some("reserve_for")),
            ("back_trace", Some("backtrace")),
            ("priority", None),
        ] {
            assert_eq!(nearest(written, &known), meant, "{written}");
        }
        assert_eq!((changes("", "abc"), changes("abc", "abc"), changes("abc", "acb")), (3, 0, 2));
    }
}
