//! Marked places of a document: `<!--=sora-2.price-->US$0.49<!--/-->`. Nobody who reads the document sees the marks.

use std::fmt;

use super::figures::Figures;

const OPEN: &str = "<!--=";
const OPENED: &str = "-->";
const CLOSE: &str = "<!--/-->";

/// A line that is false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// From 1.
    pub line: usize,
    pub name: String,
    pub is: String,
    /// `None` where nothing can be written: there is no such figure, or the mark has no end.
    pub should: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, name, is, should } = self;
        match should {
            Some(should) => write!(f, "{line}: {name} is {is:?} and should be {should:?}"),
            None => write!(f, "{line}: {name} cannot be written: {is}"),
        }
    }
}

/// A document with its figures written in.
#[derive(Debug)]
pub struct Mended {
    pub text: String,
    /// Marked places.
    pub marks: usize,
    pub findings: Vec<Finding>,
}

pub fn mend(text: &str, figures: &Figures) -> Mended {
    let mut mended = Mended { text: String::with_capacity(text.len()), marks: 0, findings: Vec::new() };
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        mended.text.push_str(before);
        let line = 1 + text[..text.len() - after.len()].matches('\n').count();
        let Some((name, after_name)) = after.split_once(OPENED) else {
            mended.lost(line, after, "the mark does not end with -->");
            return mended;
        };
        let Some((is, after_end)) = after_name.split_once(CLOSE).filter(|(is, _)| !is.contains(OPEN)) else {
            mended.lost(line, name, "there is no <!--/--> before the next mark");
            mended.text.push_str(&after[name.len()..]);
            return mended;
        };
        mended.marks += 1;
        let should = figures.get(name);
        match should {
            Some(should) => mended.compare(line, name, is, should),
            None => mended.findings.push(Finding {
                line,
                name: name.to_owned(),
                is: "there is no figure of this name".to_owned(),
                should: None,
            }),
        }
        let value = should.map_or(is, String::as_str);
        mended.text.extend([OPEN, name, OPENED, value, CLOSE]);
        rest = after_end;
    }
    mended.text.push_str(rest);
    mended
}

impl Mended {
    /// Says line by line what differs.
    fn compare(&mut self, line: usize, name: &str, is: &str, should: &str) {
        let (mut old, mut new) = (is.split('\n'), should.split('\n'));
        for line in line.. {
            match (old.next(), new.next()) {
                (None, None) => break,
                (old, new) if old != new => {
                    let (is, should) = (old.unwrap_or_default().to_owned(), Some(new.unwrap_or_default().to_owned()));
                    self.findings.push(Finding { line, name: name.to_owned(), is, should });
                }
                _ => {}
            }
        }
    }

    fn lost(&mut self, line: usize, name: &str, why: &str) {
        let name: String = name.chars().take(40).collect();
        self.text.extend([OPEN, &name]);
        self.findings.push(Finding { line, name, is: why.to_owned(), should: None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Figures {
        let pairs = [("a.price", "US$0.49"), ("table", "\n| a |\n| b |\n")];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn names_what_is_false_and_mends_it() {
        let text = "One\ncosts <!--=a.price-->US$0.48<!--/-->, really <!--=a.price-->US$0.49<!--/-->.\n";
        let mended = mend(text, &figures());
        assert_eq!(mended.marks, 2);
        assert_eq!(
            mended.findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [r#"2: a.price is "US$0.48" and should be "US$0.49""#]
        );
        assert_eq!(mended.text, text.replace("0.48", "0.49"));
        assert_eq!(mend(&mended.text, &figures()).findings, []);
    }

    #[test]
    fn a_table_is_compared_line_by_line() {
        let mended = mend("<!--=table-->\n| a |\n| c |\n<!--/-->", &figures());
        assert_eq!((mended.findings.len(), mended.findings[0].line), (1, 3));
        assert!(mended.text.contains("\n| b |\n"));
    }

    #[test]
    fn what_cannot_be_written_is_left_as_it_is_and_said() {
        for text in ["<!--=nosuch-->1<!--/-->", "<!--=a.price-->1 <!--=a.price-->2<!--/-->", "<!--=a.price"] {
            let mended = mend(text, &figures());
            assert!(mended.findings.iter().any(|finding| finding.should.is_none()), "{text}");
            assert_eq!(mended.text, text);
        }
    }
}
