//! Tables for people: columns that stand in line, in the form of Markdown, so that they can be taken into a text.

/// A table, row by row. The first columns hold names, the others numbers.
pub(super) struct Table {
    names: usize,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(names: &[&str], numbers: &[&str]) -> Self {
        let head = names.iter().chain(numbers).map(|text| (*text).to_owned()).collect();
        Self { names: names.len(), rows: vec![head] }
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.rows[0].len(), "a row has a cell for each column");
        self.rows.push(cells);
    }

    /// Whether it has a head only.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }

    /// Every line of it.
    pub(super) fn lines(&self) -> Vec<String> {
        let columns = self.rows[0].len();
        let width =
            |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (text, width))| {
                if column < self.names { format!(" {text:<width$} |") } else { format!(" {text:>width$} |") }
            });
            format!("|{}", cells.collect::<String>())
        };
        let rule = |(column, width): (usize, &usize)| {
            format!("{}{}|", "-".repeat(width + 1), if column < self.names { '-' } else { ':' })
        };
        let mut lines: Vec<String> = self.rows.iter().map(line).collect();
        lines.insert(1, format!("|{}", widths.iter().enumerate().map(rule).collect::<String>()));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_in_line_names_left_and_numbers_right() {
        let mut table = Table::new(&["load"], &["µs"]);
        assert!(table.is_empty());
        table.row(vec!["push".into(), "12.5".into()]);
        table.row(vec!["×".into(), "3".into()]);
        assert_eq!(
            table.lines(),
            ["| load |   µs |", "|------|-----:|", "| push | 12.5 |", "| ×    |    3 |"]
        );
    }
}
