//! Text of strangers, made fit to be looked at. Escaping is the template's affair.

/// The text with control characters made visible: a NUL or an ESC has no business in a page, but its place may matter
/// to whoever reads a message.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
            '\u{7f}' => '\u{2421}',
            '\u{80}'..='\u{9f}' | '\u{fdd0}'..='\u{fdef}' => '\u{fffd}',
            // What Unicode says is no character is none in HTML either.
            c if u32::from(c) & 0xfffe == 0xfffe => '\u{fffd}',
            _ => c,
        })
        .collect()
}

/// A name that a link may consist of: where nothing of it could be seen, its escapes are.
pub(crate) fn name(text: &str) -> String {
    let blank = |c: char| c.is_whitespace() || UNSEEN.iter().any(|unseen| unseen.contains(&c));
    if text.chars().all(blank) { text.escape_unicode().to_string() } else { visible(text) }
}

/// Characters that leave no mark: joiners, marks of direction, fillers, selectors, tags.
const UNSEEN: [std::ops::RangeInclusive<char>; 13] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{2800}'..='\u{2800}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{feff}',
    '\u{e0000}'..='\u{e0fff}',
];

/// At most `max` bytes of the text, whole characters, and `…` where something is missing.
pub(crate) fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        text.truncate(boundary(&text, max));
        text.push('…');
    }
    text
}

/// A stranger's text inside a sentence of ours: visible, and at most 64 bytes of it.
pub(crate) fn quoted(text: &str) -> String {
    cut(visible(&text[..boundary(text, 64)]), 64)
}

/// The last place at or before `max` that does not split a character.
fn boundary(text: &str, max: usize) -> usize {
    (0..=max.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_pictures() {
        assert_eq!(visible("a\0b\x1b[31m\r\n\tc\x7f\u{85}"), "a␀b␛[31m␍\n\tc␡\u{fffd}");
        assert_eq!(visible("\u{fffe}\u{10ffff}\u{fdd0}\u{fffd}"), "\u{fffd}".repeat(4));
    }

    #[test]
    fn a_name_that_cannot_be_seen_is_escaped() {
        assert_eq!(name("\u{200b} \u{3164}"), r"\u{200b}\u{20}\u{3164}");
        assert_eq!([name("a\u{200b}"), name("\0"), name("")], ["a\u{200b}", "␀", ""]);
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("äöü".into(), 6), "äöü");
        assert_eq!(cut("äöü".into(), 5), "äö…");
        assert_eq!(cut("äöü".into(), 1), "…");
    }
}
