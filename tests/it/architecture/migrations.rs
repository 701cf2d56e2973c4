//! Migrations come in pairs: the same files for SQLite and PostgreSQL, with the same tables and columns, each of which says
//! what it is for.

use std::collections::BTreeMap;
use std::fs;

use super::{entries, root};

/// Table → its columns, in order.
type Tables = BTreeMap<String, Vec<String>>;

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |database: &str| -> Vec<String> {
        let paths = entries(&root().join("migrations").join(database));
        paths.iter().map(|path| path.file_name().expect("a file").to_string_lossy().into_owned()).collect()
    };
    let sqlite = names("sqlite");
    assert_eq!(sqlite, names("postgres"), "every migration exists for both databases");
    for (index, name) in sqlite.iter().enumerate() {
        assert!(name.starts_with(&format!("{:04}_", index + 1)), "{name}: migrations are numbered 0001, 0002 … without gaps");
        assert_eq!(tables(&read("sqlite", name)), tables(&read("postgres", name)), "tables and columns of {name}");
    }
}

#[test]
fn every_table_and_column_is_commented() {
    for database in ["sqlite", "postgres"] {
        for path in entries(&root().join("migrations").join(database)) {
            let bare = uncommented(&fs::read_to_string(&path).expect("a text file"));
            assert!(bare.is_empty(), "{}: no comment on: {}", path.display(), bare.join(", "));
        }
    }
}

fn read(database: &str, name: &str) -> String {
    fs::read_to_string(root().join("migrations").join(database).join(name)).expect("a text file")
}

/// What `CREATE TABLE` and `ALTER TABLE … ADD COLUMN` name.
fn tables(sql: &str) -> Tables {
    let code = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let mut tables = Tables::new();
    for statement in code.split(';') {
        let words: Vec<&str> = statement.split_whitespace().collect();
        let upper: Vec<String> = words.iter().map(|word| word.to_uppercase()).collect();
        if upper.starts_with(&["ALTER".to_owned(), "TABLE".to_owned()]) {
            for (index, word) in upper.iter().enumerate() {
                if word == "COLUMN" && upper[index - 1] == "ADD" {
                    tables.entry(words[2].to_owned()).or_default().push(words[index + 1].to_owned());
                }
            }
        } else if let Some((head, body)) = statement.split_once('(')
            && upper.starts_with(&["CREATE".to_owned(), "TABLE".to_owned()])
        {
            let name = head.split_whitespace().last().unwrap_or_default().to_owned();
            let columns = members(body).into_iter().filter_map(|member| column_of(&member).map(str::to_owned)).collect();
            tables.insert(name, columns);
        }
    }
    tables
}

/// The parts of a table's body: up to the bracket that closes it, parted by the commas that are not inside of another one.
fn members(body: &str) -> Vec<String> {
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for c in body.chars() {
        match c {
            ')' if depth == 0 => break,
            ',' if depth == 0 => parts.push(String::new()),
            _ => {
                depth += i32::from(c == '(') - i32::from(c == ')');
                parts.last_mut().expect("never empty").push(c);
            }
        }
    }
    parts
}

/// The column that a member declares; none for a constraint of the table.
fn column_of(member: &str) -> Option<&str> {
    const CONSTRAINTS: [&str; 6] = ["PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT", "EXCLUDE"];
    let name = member.split(|c: char| c.is_whitespace() || c == '(').find(|word| !word.is_empty())?;
    (!CONSTRAINTS.contains(&name.to_uppercase().as_str())).then_some(name)
}

/// Tables without a comment on the line above, columns without one on their line or above.
fn uncommented(sql: &str) -> Vec<String> {
    let known = tables(sql);
    let mut bare = Vec::new();
    let mut inside: Option<&str> = None;
    let mut above = "";
    for line in sql.lines().map(str::trim) {
        let commented = line.contains("--") || above.starts_with("--");
        if line.to_uppercase().starts_with("CREATE TABLE") {
            let name = line.split('(').next().and_then(|head| head.split_whitespace().last()).unwrap_or_default();
            inside = known.keys().map(String::as_str).find(|table| *table == name);
            if !commented {
                bare.push(name.to_owned());
            }
        } else if line.starts_with(')') {
            inside = None;
        } else if let Some(table) = inside
            && let Some(column) = line.split_whitespace().next().filter(|word| known[table].iter().any(|known| known == word))
            && !commented
        {
            bare.push(format!("{table}.{column}"));
        }
        above = line;
    }
    bare
}

#[test]
fn reads_tables_and_columns() {
    let sql = "-- Things.\nCREATE TABLE things (\n  id BIGINT PRIMARY KEY, -- a, b; c (d\n  kind TEXT CHECK (kind IN ('a', 'b')),\n  UNIQUE (id, kind)\n) STRICT;\n\
               CREATE INDEX i ON things (kind); ALTER TABLE things ADD COLUMN more TEXT;";
    let read = tables(sql);
    assert_eq!(read.len(), 1);
    assert_eq!(read["things"], ["id", "kind", "more"]);
    assert_ne!(read, tables(&sql.replace("kind TEXT", "sort TEXT")), "another column is another table");
    assert_eq!(uncommented(sql), ["things.kind"]);
    assert_eq!(uncommented(&sql.replace("-- Things.\n", "")), ["things", "things.kind"]);
}
