//! Reads a value from text.

use serde::de::value::U32Deserializer;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::{Broken, Shape};

/// What is left to read.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    pub const fn of(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub fn end(&self) -> Result<(), Broken> {
        if self.rest.is_empty() { Ok(()) } else { Err(Broken) }
    }

    /// Everything before the next `|`.
    fn next(&mut self) -> Result<&'a str, Broken> {
        let at = self.rest.bytes().position(|byte| byte == b'|').ok_or(Broken)?;
        let (next, rest) = (self.rest.get(..at).ok_or(Broken)?, self.rest.get(at + 1..).ok_or(Broken)?);
        self.rest = rest;
        Ok(next)
    }

    /// One character that is not followed by `|`.
    fn mark(&mut self) -> Result<u8, Broken> {
        let mark = *self.rest.as_bytes().first().ok_or(Broken)?;
        self.rest = self.rest.get(1..).ok_or(Broken)?;
        Ok(mark)
    }

    fn signed(&mut self) -> Result<i64, Broken> {
        self.next()?.parse().map_err(|_| Broken)
    }

    fn unsigned(&mut self) -> Result<u64, Broken> {
        self.next()?.parse().map_err(|_| Broken)
    }

    fn length(&mut self) -> Result<usize, Broken> {
        let length = usize::try_from(self.unsigned()?).map_err(|_| Broken)?;
        // Whatever is counted takes room: a damaged length is refused before anything is made of it.
        if length > self.rest.len() { Err(Broken) } else { Ok(length) }
    }

    fn string(&mut self) -> Result<String, Broken> {
        let mut pieces = self.next()?.split('~');
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let escaped = match piece.bytes().next().ok_or(Broken)? {
                b'p' => b'|',
                b't' => b'~',
                b'l' => b'<',
                b'd' => 0x7f,
                control @ 0x40..0x60 => control - 0x40,
                _ => return Err(Broken),
            };
            text.push(char::from(escaped));
            text.push_str(&piece[1..]);
        }
        Ok(text)
    }

    fn fields<'b>(&'b mut self, left: usize) -> Items<'a, 'b> {
        Items { reader: self, left }
    }

    fn shape(&mut self, fields: &[&str]) -> Result<(), Broken> {
        let letters = fields.iter().fold(Shape::new(), |shape, field| shape.with(field)).letters();
        for letter in letters {
            if char::from(self.mark()?) != letter {
                return Err(Broken);
            }
        }
        Ok(())
    }
}

macro_rules! numbers {
    ($read:ident $visit:ident: $($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
            visitor.$visit(self.$read()?)
        }
    )+};
}

macro_rules! unknown {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Broken> {
            Err(Broken)
        }
    )+};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Broken;

    fn is_human_readable(&self) -> bool {
        false
    }

    numbers! { signed visit_i64: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 }
    numbers! { unsigned visit_u64: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 }
    numbers! { string visit_string: deserialize_str deserialize_string deserialize_char }
    unknown! { deserialize_any deserialize_f32 deserialize_f64 deserialize_bytes deserialize_byte_buf deserialize_identifier deserialize_ignored_any }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        match self.next()? {
            "0" => visitor.visit_bool(false),
            "1" => visitor.visit_bool(true),
            _ => Err(Broken),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        match self.mark()? {
            b'-' => visitor.visit_none(),
            b'+' => visitor.visit_some(self),
            _ => Err(Broken),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        let left = self.length()?;
        visitor.visit_seq(self.fields(left))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, items: usize, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_seq(self.fields(items))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, items: usize, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_seq(self.fields(items))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        let left = self.length()?;
        visitor.visit_map(self.fields(left))
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Broken> {
        let value = visitor.visit_seq(self.fields(fields.len()))?;
        self.shape(fields)?;
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, variants: &'static [&'static str], visitor: V) -> Result<V::Value, Broken> {
        let name = self.next()?;
        let index = variants.iter().position(|variant| *variant == name).and_then(|index| u32::try_from(index).ok());
        visitor.visit_enum(Variant { reader: self, index: index.ok_or(Broken)? })
    }
}

/// Items of a list, a tuple or a struct.
struct Items<'a, 'b> {
    reader: &'b mut Reader<'a>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Broken;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Broken> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for Items<'de, '_> {
    type Error = Broken;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Broken> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Broken> {
        seed.deserialize(&mut *self.reader)
    }
}

struct Variant<'a, 'b> {
    reader: &'b mut Reader<'a>,
    index: u32,
}

impl<'de, 'b> EnumAccess<'de> for Variant<'de, 'b> {
    type Error = Broken;
    type Variant = &'b mut Reader<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), Broken> {
        let index: U32Deserializer<Broken> = self.index.into_deserializer();
        Ok((seed.deserialize(index)?, self.reader))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = Broken;

    fn unit_variant(self) -> Result<(), Broken> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Broken> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, items: usize, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_seq(self.fields(items))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Broken> {
        self.deserialize_struct("", fields, visitor)
    }
}
