//! JSON for people: in lines, with the same keys in the same order. Copies are of the text itself.

/// Deeper is not indented further.
const DEPTH_MAX: usize = 12;

/// The text in lines. Text that is no JSON keeps its letters all the same.
pub fn indented(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() * 2);
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if in_text {
            lines.push(c);
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                lines.push(c);
                in_text = true;
            }
            '{' | '[' => {
                lines.push(c);
                if matches!((c, rest.peek()), ('{', Some('}')) | ('[', Some(']'))) {
                    lines.extend(rest.next());
                } else {
                    depth += 1;
                    new_line(&mut lines, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut lines, depth);
                lines.push(c);
            }
            ',' => {
                lines.push(c);
                new_line(&mut lines, depth);
            }
            ':' => lines.push_str(": "),
            c if c.is_whitespace() => {}
            c => lines.push(c),
        }
    }
    lines
}

fn new_line(lines: &mut String, depth: usize) {
    lines.push('\n');
    lines.extend(std::iter::repeat_n("  ", depth.min(DEPTH_MAX)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_same_json_in_lines() {
        let text = r#"{"z":{"a":[1,-2.5,true,null],"e":{},"f":[]},"b":"a \"quoted\", {text}: \\","你":"好"}"#;
        let lines = indented(text);
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&lines), read(text));
        assert!(lines.starts_with("{\n  \"z\": {\n    \"a\": [\n      1,\n"), "{lines}");
        assert!(lines.contains("\"e\": {},") && lines.contains("\"f\": []") && lines.contains("{text}: \\\\"), "{lines}");
    }

    #[test]
    fn text_that_is_none_loses_no_letter() {
        for text in ["thanks", "<html>", "\"open", "]]{{", ""] {
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            assert_eq!(letters(&indented(text)), letters(text));
        }
    }
}
