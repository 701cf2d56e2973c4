//! Writes a value as text.

use std::fmt::Write;

use serde::Serialize;
use serde::ser::{self, Serializer};

use super::{Broken, Shape};

#[derive(Debug, Default)]
pub struct Writer {
    pub text: String,
}

impl Writer {
    fn number(&mut self, number: impl std::fmt::Display) -> Result<(), Broken> {
        write!(self.text, "{number}|").map_err(|_| Broken)
    }

    /// Characters that mean something here, `<` (it would end a script) and control characters are written as `~` and another.
    fn string(&mut self, text: &str) {
        let mut plain = 0;
        for (at, byte) in text.bytes().enumerate() {
            let instead = match byte {
                b'|' => b'p',
                b'~' => b't',
                b'<' => b'l',
                0x7f => b'd',
                0..0x20 => byte + 0x40,
                _ => continue,
            };
            self.text.push_str(&text[plain..at]);
            self.text.push('~');
            self.text.push(char::from(instead));
            plain = at + 1;
        }
        self.text.push_str(&text[plain..]);
        self.text.push('|');
    }

    fn length(&mut self, length: Option<usize>) -> Result<(), Broken> {
        self.number(length.ok_or(Broken)?)
    }
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Broken;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Fields<'a>;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, value: bool) -> Result<(), Broken> {
        self.serialize_u64(value.into())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Broken> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Broken> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Broken> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Broken> {
        self.number(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), Broken> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Broken> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Broken> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Broken> {
        self.number(value)
    }

    fn serialize_f32(self, _: f32) -> Result<(), Broken> {
        Err(Broken)
    }

    fn serialize_f64(self, _: f64) -> Result<(), Broken> {
        Err(Broken)
    }

    fn serialize_char(self, value: char) -> Result<(), Broken> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<(), Broken> {
        self.string(text);
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Broken> {
        Err(Broken)
    }

    fn serialize_none(self) -> Result<(), Broken> {
        self.text.push('-');
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Broken> {
        self.text.push('+');
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Broken> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Broken> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Broken> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Broken> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Broken> {
        self.string(variant);
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Broken> {
        self.length(length)?;
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Broken> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Broken> {
        Ok(self)
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Self, Broken> {
        self.string(variant);
        Ok(self)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self, Broken> {
        self.length(length)?;
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'a>, Broken> {
        Ok(Fields { writer: self, shape: Shape::new() })
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Fields<'a>, Broken> {
        self.string(variant);
        Ok(Fields { writer: self, shape: Shape::new() })
    }

    fn collect_str<T: std::fmt::Display + ?Sized>(self, value: &T) -> Result<(), Broken> {
        let mut text = String::new();
        write!(text, "{value}").map_err(|_| Broken)?;
        self.serialize_str(&text)
    }
}

macro_rules! items {
    ($($kind:ident $item:ident)+) => {$(
        impl ser::$kind for &mut Writer {
            type Ok = ();
            type Error = Broken;

            fn $item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Broken> {
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), Broken> {
                Ok(())
            }
        }
    )+};
}

items! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

impl ser::SerializeMap for &mut Writer {
    type Ok = ();
    type Error = Broken;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Broken> {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Broken> {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), Broken> {
        Ok(())
    }
}

/// Fields of a struct, and then their shape.
#[derive(Debug)]
pub struct Fields<'a> {
    writer: &'a mut Writer,
    shape: Shape,
}

impl Fields<'_> {
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Broken> {
        self.shape = self.shape.with(name);
        value.serialize(&mut *self.writer)
    }

    fn finish(self) {
        self.writer.text.extend(self.shape.letters());
    }
}

impl ser::SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Broken;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Broken> {
        self.field(name, value)
    }

    fn skip_field(&mut self, _: &'static str) -> Result<(), Broken> {
        Err(Broken)
    }

    fn end(self) -> Result<(), Broken> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeStructVariant for Fields<'_> {
    type Ok = ();
    type Error = Broken;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Broken> {
        self.field(name, value)
    }

    fn skip_field(&mut self, _: &'static str) -> Result<(), Broken> {
        Err(Broken)
    }

    fn end(self) -> Result<(), Broken> {
        self.finish();
        Ok(())
    }
}
