//! The one form in which data travels between the two halves of the console: arguments and answers of server functions, and
//! what a page has loaded on the server and the browser takes over.
//!
//! It is text without names, written and read by serde: numbers and strings end with `|`, an `Option` begins with `-` or `+`,
//! a list with its length, an enum with the name of its variant, and a struct ends with two letters made of the names of its
//! fields. So it is short, repeats in a page what its rows say (and compresses to little), needs almost no code in the browser,
//! and an older page that asks a newer server reads an error instead of wrong figures.
//!
//! It knows no floats, no maps without length, and no fields that are sometimes left out (`skip_serializing_if`, `flatten`).

mod read;
mod write;

use std::fmt;

use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};
use serde::de::DeserializeOwned;
use serde::{Serialize, de, ser};

use self::read::Reader;
use self::write::Writer;

/// The text is not what was asked for, or a value has a shape that does not travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

pub fn write<T: Serialize + ?Sized>(value: &T) -> Result<String, Broken> {
    let mut writer = Writer::default();
    value.serialize(&mut writer)?;
    Ok(writer.text)
}

pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Broken> {
    let mut reader = Reader::of(text);
    let value = T::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not in the form in which data travels")
    }
}

impl std::error::Error for Broken {}

// What serde has to say is left out: nobody reads it in a browser, and the code that puts it into words is large.
impl ser::Error for Broken {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl de::Error for Broken {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Names this form to Leptos.
#[derive(Clone, Copy, Debug)]
pub struct Wire;

impl ContentType for Wire {
    const CONTENT_TYPE: &'static str = "text/plain; charset=utf-8";
}

impl FormatType for Wire {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for Wire {
    type Error = Broken;

    fn encode(value: &T) -> Result<Bytes, Broken> {
        write(value).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for Wire {
    type Error = Broken;

    fn decode(bytes: Bytes) -> Result<T, Broken> {
        read(std::str::from_utf8(&bytes).map_err(|_| Broken)?)
    }
}

/// Two letters that say which fields a struct has, in which order.
#[derive(Clone, Copy, Debug)]
struct Shape(u32);

impl Shape {
    /// FNV-1a.
    const fn new() -> Self {
        Self(0x811c_9dc5)
    }

    fn with(self, field: &str) -> Self {
        let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        Self(mix(field.bytes().fold(self.0, mix), 0xff))
    }

    fn letters(self) -> [char; 2] {
        let letter = |number: u32| char::from(b'a' + u8::try_from(number % 26).unwrap_or(0));
        [letter(self.0), letter(self.0 / 26)]
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::console::api::ConsoleError;
    use crate::domain::credits::Credits;
    use crate::domain::id::{BatchId, Random};
    use crate::domain::task::TaskStatus;
    use crate::domain::time::Time;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        number: i32,
        status: TaskStatus,
        prompt: String,
        failure: Option<(TaskStatus, Option<u8>)>,
        price: Credits,
        created_at: Time,
        yes: bool,
        rows: Vec<Option<String>>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Many {
        One,
        Two(i64),
        Three(i64, String),
        Four { a: i64 },
    }

    #[derive(Debug)]
    struct Sevens;

    impl Random for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn row() -> Row {
        Row {
            number: -7,
            status: TaskStatus::Failed,
            prompt: "<b>|~\u{0}\n</script> 你好 🎬 “q” \\ \u{7f}\u{202e}".to_owned(),
            failure: Some((TaskStatus::Pending, None)),
            price: Credits::new(i64::MIN),
            created_at: Time::from_micros(i64::MAX),
            yes: true,
            rows: vec![None, Some(String::new()), Some("x".to_owned())],
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let text = write(&row()).unwrap();
        assert_eq!(read(&text), Ok(row()));
        for many in [Many::One, Many::Two(2), Many::Three(3, "|".to_owned()), Many::Four { a: 4 }] {
            assert_eq!(read(&write(&many).unwrap()), Ok(many));
        }
        let id = BatchId::new(Time::from_micros(1_795_000_000_000_000), &Sevens);
        assert_eq!(read::<BatchId>(&write(&id).unwrap()), Ok(id));
        let answer: Result<Vec<Row>, ConsoleError> = Err(ConsoleError::Internal { request_id: None });
        assert_eq!(read(&write(&answer).unwrap()), Ok(answer));
    }

    /// Leptos puts it into a script as it is, save for `<`.
    #[test]
    fn is_inert_in_a_script() {
        let text = write(&row()).unwrap();
        assert!(!text.contains('<') && !text.chars().any(char::is_control), "{text}");
    }

    #[test]
    fn is_short() {
        assert_eq!(write(&(1, true, "a", Some(2), None::<i32>, Many::Two(3))).unwrap(), "1|1|a|+2|-Two|3|");
    }

    #[test]
    fn another_shape_is_refused() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Old {
            charged: i64,
            refunded: i64,
        }
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct New {
            refunded: i64,
            charged: i64,
        }
        let text = write(&Old { charged: 1, refunded: 2 }).unwrap();
        assert_eq!(read::<New>(&text), Err(Broken));
        assert_eq!(read::<Old>(&text), Ok(Old { charged: 1, refunded: 2 }));
        assert_eq!(read::<Many>("Five|"), Err(Broken));
    }

    #[test]
    fn damaged_text_is_refused() {
        let text = write(&row()).unwrap();
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            assert_eq!(read::<Row>(&text[..end]), Err(Broken), "cut at {end}");
        }
        for wrong in ["", "x|", "1", "1|2|", "99999999999999999999|", "~|", "1.5|"] {
            assert_eq!(read::<i64>(wrong), Err(Broken), "{wrong}");
        }
        assert_eq!(read::<Vec<i64>>("9999999999|1|"), Err(Broken));
        assert_eq!(read::<String>("a~zb|"), Err(Broken));
        assert_eq!(read::<String>("a~|"), Err(Broken));
        assert!(write(&1.5).is_err());
    }
}
