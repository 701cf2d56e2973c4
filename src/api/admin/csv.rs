//! CSV (RFC 4180) that a spreadsheet may open without harm: UTF-8 with the mark that says so; money in US$ with a plain dot and
//! all six decimals, so that columns add up to their totals; times RFC 3339 UTC; and no text of somebody else that a spreadsheet
//! would run as a formula.

use crate::domain::money::Money;

/// Spreadsheets read a file as UTF-8 only if it begins so.
pub(super) const BOM: &str = "\u{feff}";

/// A line of cells that are written as they are to stand there.
pub(super) fn row(cells: &[impl AsRef<str>]) -> String {
    let mut line = String::new();
    for (index, cell) in cells.iter().enumerate() {
        line.push_str(if index == 0 { "" } else { "," });
        line.push_str(cell.as_ref());
    }
    line.push_str("\r\n");
    line
}

/// `-12.010000`.
pub(super) fn dollars(money: Money) -> String {
    let micros = money.micros();
    let sign = if micros < 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000)
}

/// Somebody else's text: quoted where it must be, and with an apostrophe before what a spreadsheet would run as a formula, in
/// full width too, and after spaces that it would leave out.
pub(super) fn text(text: &str) -> String {
    const STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let is_formula = text.trim_start().starts_with(STARTS) || text.starts_with(['\t', '\r', '\n']);
    if is_formula || text.contains([',', '"', '\r', '\n', ';', '\t']) {
        return format!("\"{}{}\"", if is_formula { "'" } else { "" }, text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_a_formula_and_never_another_cell() {
        for (plain, written) in [
            ("Acme", "Acme"),
            ("Acme, \"Inc\"", "\"Acme, \"\"Inc\"\"\""),
            ("a \"cat\", two\r\nlines", "\"a \"\"cat\"\", two\r\nlines\""),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
        ] {
            assert_eq!(text(plain), written);
        }
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u{a0}=1", "＝1", "＋1", "－1", "＠a"] {
            assert!(text(formula).starts_with("\"'"), "{formula:?}: {}", text(formula));
        }
    }

    #[test]
    fn money_has_a_plain_dot_and_all_its_decimals() {
        let shown = [412_300_000, -12_010_001, 0, 1].map(|micros| dollars(Money::from_micros(micros)));
        assert_eq!(shown, ["412.300000", "-12.010001", "0.000000", "0.000001"]);
        assert_eq!(row(&["a", "b"]), "a,b\r\n");
    }
}
