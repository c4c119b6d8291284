//! Tables for people: columns under their names, or values beside theirs. Whatever is in a cell is made harmless.

use bessemer_protocol::text::shown;

use super::output;
use crate::exit::Failure;

/// Columns of text that the last column keeps, however narrow the terminal is.
const LAST_MIN: usize = 16;

/// A column.
pub(super) struct Column {
    name: &'static str,
    is_number: bool,
}

/// A column of texts.
pub(super) const fn text(name: &'static str) -> Column {
    Column { name, is_number: false }
}

/// A column of numbers, which stand under each other.
pub(super) const fn number(name: &'static str) -> Column {
    Column { name, is_number: true }
}

/// The table.
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub(super) fn row<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) {
        let cells: Vec<_> = cells.into_iter().map(|cell| shown(cell.as_ref()).into_owned()).collect();
        assert_eq!(cells.len(), self.columns.len(), "a row has a cell for each column");
        self.rows.push(cells);
    }

    /// Writes it to standard output, as wide as the terminal is.
    pub(super) fn print(&self) -> Result<(), Failure> {
        self.lines(output::width()).iter().try_for_each(|line| output::line(line))
    }

    /// Its lines. Only the last column is cut where they are too long.
    pub(super) fn lines(&self, width: Option<usize>) -> Vec<String> {
        let names: Vec<String> = self.columns.iter().map(|column| column.name.to_owned()).collect();
        let all = || std::iter::once(&names).chain(&self.rows);
        let last = self.columns.len() - 1;
        let widths: Vec<usize> =
            (0..last).map(|at| all().map(|row| columns(&row[at])).max().unwrap_or(0)).collect();
        let before: usize = widths.iter().map(|width| width + 2).sum();
        let most = width.map(|width| width.saturating_sub(before).max(LAST_MIN));
        all()
            .map(|row| {
                let mut line = String::new();
                for (at, width) in widths.iter().enumerate() {
                    let gap = " ".repeat(width - columns(&row[at]));
                    let (left, right) = if self.columns[at].is_number { (&*gap, "") } else { ("", &*gap) };
                    line.extend([left, &row[at], right, "  "]);
                }
                let rest = most.map_or_else(|| row[last].clone(), |most| cut(&row[last], most));
                line.push_str(&rest);
                line.truncate(line.trim_end().len());
                line
            })
            .collect()
    }
}

/// Writes values beside their names.
pub(super) fn facts<V: AsRef<str>>(facts: &[(&str, V)]) -> Result<(), Failure> {
    let width = facts.iter().map(|(name, _)| columns(name)).max().unwrap_or(0);
    for (name, value) in facts {
        let line = format!("{name:width$}  {}", shown(value.as_ref()));
        output::line(line.trim_end())?;
    }
    Ok(())
}

/// How many columns of a terminal a text takes.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

/// Ideographs, syllables of Hangul and pictures, which are drawn two columns wide. The rest is near enough to one.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f9ff}' | '\u{20000}'..='\u{3fffd}')
}

/// A text that takes at most so many columns.
pub(super) fn cut(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let mut taken = 0;
    let mut out = String::new();
    for c in text.chars() {
        taken += if is_wide(c) { 2 } else { 1 };
        if taken >= most {
            break;
        }
        out.push(c);
    }
    out + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new([text("NAME"), number("JOBS"), text("ARGS")]);
        table.row(["default", "1,234", "[1]"]);
        table.row(["漢字", "5", "\u{1b}[31m a long text in red"]);
        table.row(["x", "0", ""]);
        table
    }

    #[test]
    fn texts_stand_left_and_numbers_right() {
        let lines = table().lines(None);
        let expected = [
            "NAME      JOBS  ARGS",
            "default  1,234  [1]",
            "漢字         5  \\u{1b}[31m a long text in red",
            "x            0",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn the_last_column_gives_way_to_a_narrow_terminal_but_not_all_of_it() {
        assert_eq!(table().lines(Some(34))[2], "漢字         5  \\u{1b}[31m a long…");
        assert_eq!(table().lines(Some(3))[2], "漢字         5  \\u{1b}[31m a lo…");
        assert_eq!(cut("漢字漢", 5), "漢字…");
        assert_eq!(cut("漢字", 4), "漢字");
    }
}
