//! Reads Rust as text: enough to see which paths it uses. Not a parser: what a macro writes is not seen.

/// A file below `src/`, its path with `/`.
pub struct Source {
    pub path: String,
    pub text: String,
}

/// A path that begins at the root of the crate, written like a file's: `console/api/batch`.
pub struct Used {
    pub path: String,
    pub line: usize,
}

/// Parts of the console that have rules of their own.
const CONSOLE_PARTS: &[&str] = &["api", "pages", "components", "query", "i18n", "preferences", "part"];

/// The layer of a file or of a used path.
pub fn layer_of(path: &str) -> String {
    let mut names = path.trim_end_matches(".rs").split('/');
    let first = names.next().unwrap_or_default();
    match names.next() {
        Some(part) if first == "console" && CONSOLE_PARTS.contains(&part) => format!("console/{part}"),
        _ => first.to_owned(),
    }
}

/// Every path of this crate that a file uses, by `crate::` or by `super::`, groups in braces taken apart. Inside of an inline
/// module `super::` is taken as one step too far, which matters only for a module that is called like a layer.
pub fn used_paths(source: &Source) -> Vec<Used> {
    let code = code_only(&source.text);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if !ends_in_word(&code[..at]) {
            let mut rest = &code[at + "crate::".len()..];
            tree(&mut rest, "", at, &code, &mut found);
        }
    }
    for (at, _) in code.match_indices("super::") {
        if ends_in_word(&code[..at]) || code[..at].ends_with("super::") {
            continue;
        }
        let mut module = module_of(&source.path);
        let mut rest = &code[at..];
        while let Some(above) = rest.strip_prefix("super::") {
            module.pop();
            rest = above;
        }
        tree(&mut rest, &module.join("/"), at, &code, &mut found);
    }
    found
}

fn module_of(path: &str) -> Vec<&str> {
    let mut names: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
    if names.last() == Some(&"mod") {
        names.pop();
    }
    names
}

/// Reads one use tree: `a::b`, `a::{b, c::d}`, `*`; also the beginning of an expression or a type.
fn tree(rest: &mut &str, prefix: &str, at: usize, code: &str, found: &mut Vec<Used>) {
    *rest = rest.trim_start();
    if let Some(inside) = rest.strip_prefix('{') {
        *rest = inside;
        loop {
            *rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('}') {
                *rest = after;
                return;
            }
            let before = rest.len();
            tree(rest, prefix, at, code, found);
            // `as name` and whatever else is not of interest, up to the next member.
            let end = rest.find([',', '}']).unwrap_or(rest.len());
            *rest = rest[end..].strip_prefix(',').unwrap_or(&rest[end..]);
            if rest.is_empty() || rest.len() == before {
                return;
            }
        }
    }
    let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
    let name = &rest[..end];
    *rest = &rest[end..];
    let path = if prefix.is_empty() || name.is_empty() { format!("{prefix}{name}") } else { format!("{prefix}/{name}") };
    match rest.strip_prefix("::") {
        Some(below) if !name.is_empty() => {
            *rest = below;
            tree(rest, &path, at, code, found);
        }
        _ => found.push(Used { path, line: line_of(code, at) }),
    }
}

/// Where a word stands on its own.
pub fn has_word(code: &str, word: &str) -> Option<usize> {
    code.match_indices(word).map(|(at, _)| at).find(|&at| !ends_in_word(&code[..at]) && !code[at + word.len()..].starts_with(is_word))
}

/// What stands in the first pair of brackets.
pub fn in_brackets(code: &str) -> &str {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if c == ')' && depth == 0 {
            return &code[..at];
        }
    }
    code
}

fn ends_in_word(text: &str) -> bool {
    text.ends_with(is_word)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Counted from 1.
pub fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// The text without comments and without what stands in strings; lines stay where they are.
pub fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment_len(rest)
        } else if c == '"' {
            string_len(rest)
        } else if rest.starts_with('r') && !ends_in_word(&code) {
            raw_string_len(rest)
        } else if c == '\'' {
            char_len(rest)
        } else {
            0
        };
        if skipped == 0 {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            code.push(' ');
            code.extend(rest[..skipped].chars().filter(|c| *c == '\n'));
            rest = &rest[skipped..];
        }
    }
    code
}

fn block_comment_len(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// `r"…"`, `r#"…"#`; 0 for a word that begins with r and for `r#word`.
fn raw_string_len(text: &str) -> usize {
    let hashes = text[1..].chars().take_while(|c| *c == '#').count();
    if !text[1 + hashes..].starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let begin = 2 + hashes;
    text[begin..].find(&end).map_or(text.len(), |at| begin + at + end.len())
}

/// `'a'`, `'\n'`, `'"'`; 0 for a lifetime.
fn char_len(text: &str) -> usize {
    let inside = &text[1..];
    if inside.starts_with('\\') {
        return inside[2..].find('\'').map_or(0, |at| 1 + 2 + at + 1);
    }
    let Some(c) = inside.chars().next() else { return 0 };
    if inside[c.len_utf8()..].starts_with('\'') { 1 + c.len_utf8() + 1 } else { 0 }
}
