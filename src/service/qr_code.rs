//! QR codes, for what a phone is to read off a screen.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// Light squares around it, as the standard (ISO/IEC 18004) wants.
const MARGIN: usize = 4;

/// Dark squares, as the path of an SVG.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Squares on each side, with the margin.
    pub side: i64,
    pub path: String,
}

impl std::fmt::Debug for Drawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drawn").field("side", &self.side).finish_non_exhaustive()
    }
}

/// Nothing is drawn of a text that is too long for any QR code.
pub fn draw(text: &str) -> Drawn {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else { return Drawn::default() };
    let mut path = String::new();
    for (row, colors) in code.to_colors().chunks(code.width()).enumerate() {
        let mut column = 0;
        // Neighbours make one stroke.
        for run in colors.chunk_by(|one, next| one == next) {
            if run.first() == Some(&Color::Dark) {
                // Writing to a String cannot fail.
                _ = write!(path, "M{} {}h{}v1h-{}z", column + MARGIN, row + MARGIN, run.len(), run.len());
            }
            column += run.len();
        }
    }
    Drawn { side: i64::try_from(code.width() + 2 * MARGIN).unwrap_or(i64::MAX), path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_the_dark_squares_inside_of_the_margin() {
        let text = "otpauth://totp/Batchbook:anna%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let drawn = draw(text);
        // Version 5 has 37 squares on a side; every QR code begins with the seven squares of its corner.
        assert_eq!(drawn.side, 37 + 8);
        assert!(drawn.path.starts_with("M4 4h7v1h-7z"), "{}", drawn.path);
        // The path has each dark square once.
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        let mut squares = vec![Color::Light; 37 * 37];
        for stroke in drawn.path.split('z').filter(|stroke| !stroke.is_empty()) {
            let (at, run) = stroke.trim_start_matches('M').split_once('h').unwrap();
            let (column, row) = at.split_once(' ').unwrap();
            let [column, row] = [column, row].map(|at| at.parse::<usize>().unwrap() - MARGIN);
            let run: usize = run.split('v').next().unwrap().parse().unwrap();
            squares[row * 37 + column..][..run].fill(Color::Dark);
        }
        assert_eq!(squares, code.to_colors());
        assert_eq!(draw(&"x".repeat(10_000)), Drawn::default());
    }
}
