//! `#[key(serde)]`: a content key for a type that is only [`Serialize`].

use std::fmt::{self, Write as _};

use serde::ser::{self, Serialize, Serializer};

use super::{Hasher128, hasher::Bag};

/// Writes what the `Serialize` implementation of `value` writes, with a tag for every value and the names of structs,
/// fields and variants, so that `A { x: 1 }` and `B { y: 1 }` have different keys.
///
/// * The order of a map's entries does not matter. A *set* reaches serde as a sequence, so equal hash sets may have
///   different keys here: nothing is merged wrongly, but less is shared. [`Token`](super::Token) has no such gap.
/// * Skipped fields (`#[serde(skip)]`, `skip_serializing_if`) are not seen: values that differ only there share a key.
/// * Like a binary format, this is not human readable (`is_human_readable() == false`).
/// * If `Serialize` fails, the hasher is [poisoned](Hasher128::poison) with its message.
#[doc(hidden)]
#[inline]
pub(crate) fn token_serde<T: Serialize + ?Sized>(value: &T, h: &mut Hasher128) {
    h.write_apart(|own| {
        if let Err(Unkeyable(why)) = value.serialize(SerdeFront(own)) {
            own.poison(why);
        }
    });
}

/// Why a value has no key.
#[derive(Debug)]
struct Unkeyable(String);

impl fmt::Display for Unkeyable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unkeyable {}

impl ser::Error for Unkeyable {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Unkeyable(message.to_string())
    }
}

/// The first byte of every value. It is part of the key: append, never renumber.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Tag {
    /// Not a value: ends a sequence or a struct, whose length need not be known at its beginning.
    End,
    Bool,
    I8,
    I16,
    I32,
    I64,
    I128,
    U8,
    U16,
    U32,
    U64,
    U128,
    F32,
    F64,
    Char,
    Str,
    Bytes,
    None,
    Some,
    Unit,
    UnitStruct,
    UnitVariant,
    NewtypeStruct,
    NewtypeVariant,
    Seq,
    Tuple,
    TupleStruct,
    TupleVariant,
    Map,
    Struct,
    StructVariant,
}

struct SerdeFront<'a>(&'a mut Hasher128);

impl<'a> SerdeFront<'a> {
    #[inline]
    fn tagged(self, tag: Tag) -> &'a mut Hasher128 {
        self.0.u8(tag as u8);
        self.0
    }

    fn variant(self, tag: Tag, of: &str, index: u32, name: &str) -> &'a mut Hasher128 {
        let h = self.tagged(tag);
        put_name(h, of);
        h.u32(index);
        put_name(h, name);
        h
    }
}

/// A name with its length, in one byte where that is enough.
fn put_name(h: &mut Hasher128, name: &str) {
    match u8::try_from(name.len()) {
        Ok(len) if len < u8::MAX => {
            h.u8(len);
            h.raw(name.as_bytes());
        }
        _ => {
            h.u8(u8::MAX);
            h.bytes(name.as_bytes());
        }
    }
}

macro_rules! numbers {
    ($($method:ident: $T:ty = $tag:ident;)*) => {$(
        #[inline]
        fn $method(self, x: $T) -> Result<(), Unkeyable> {
            self.tagged(Tag::$tag).put(x.to_le_bytes());
            Ok(())
        }
    )*};
}

impl<'a> Serializer for SerdeFront<'a> {
    type Ok = ();
    type Error = Unkeyable;
    type SerializeSeq = Sequence<'a>;
    type SerializeTuple = Sequence<'a>;
    type SerializeTupleStruct = Sequence<'a>;
    type SerializeTupleVariant = Sequence<'a>;
    type SerializeMap = MapEntries<'a>;
    type SerializeStruct = Sequence<'a>;
    type SerializeStructVariant = Sequence<'a>;

    numbers! {
        serialize_i8: i8 = I8;
        serialize_i16: i16 = I16;
        serialize_i32: i32 = I32;
        serialize_i64: i64 = I64;
        serialize_i128: i128 = I128;
        serialize_u8: u8 = U8;
        serialize_u16: u16 = U16;
        serialize_u32: u32 = U32;
        serialize_u64: u64 = U64;
        serialize_u128: u128 = U128;
        serialize_f32: f32 = F32;
        serialize_f64: f64 = F64;
    }

    #[inline]
    fn serialize_bool(self, x: bool) -> Result<(), Unkeyable> {
        self.tagged(Tag::Bool).u8(u8::from(x));
        Ok(())
    }

    #[inline]
    fn serialize_char(self, x: char) -> Result<(), Unkeyable> {
        self.tagged(Tag::Char).u32(u32::from(x));
        Ok(())
    }

    #[inline]
    fn serialize_str(self, x: &str) -> Result<(), Unkeyable> {
        self.tagged(Tag::Str).bytes(x.as_bytes());
        Ok(())
    }

    #[inline]
    fn serialize_bytes(self, x: &[u8]) -> Result<(), Unkeyable> {
        self.tagged(Tag::Bytes).bytes(x);
        Ok(())
    }

    /// The provided method panics when `Display` fails.
    fn collect_str<T: fmt::Display + ?Sized>(self, x: &T) -> Result<(), Unkeyable> {
        let mut text = String::new();
        write!(text, "{x}").map_err(ser::Error::custom)?;
        self.serialize_str(&text)
    }

    #[inline]
    fn serialize_none(self) -> Result<(), Unkeyable> {
        self.tagged(Tag::None);
        Ok(())
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, x: &T) -> Result<(), Unkeyable> {
        x.serialize(SerdeFront(self.tagged(Tag::Some)))
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), Unkeyable> {
        self.tagged(Tag::Unit);
        Ok(())
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), Unkeyable> {
        put_name(self.tagged(Tag::UnitStruct), name);
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        of: &'static str,
        index: u32,
        name: &'static str,
    ) -> Result<(), Unkeyable> {
        self.variant(Tag::UnitVariant, of, index, name);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        x: &T,
    ) -> Result<(), Unkeyable> {
        let h = self.tagged(Tag::NewtypeStruct);
        put_name(h, name);
        x.serialize(SerdeFront(h))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        of: &'static str,
        index: u32,
        name: &'static str,
        x: &T,
    ) -> Result<(), Unkeyable> {
        x.serialize(SerdeFront(self.variant(
            Tag::NewtypeVariant,
            of,
            index,
            name,
        )))
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Sequence<'a>, Unkeyable> {
        Ok(Sequence(self.tagged(Tag::Seq)))
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Sequence<'a>, Unkeyable> {
        Ok(Sequence(self.tagged(Tag::Tuple)))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> Result<Sequence<'a>, Unkeyable> {
        let h = self.tagged(Tag::TupleStruct);
        put_name(h, name);
        Ok(Sequence(h))
    }

    fn serialize_tuple_variant(
        self,
        of: &'static str,
        index: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Sequence<'a>, Unkeyable> {
        Ok(Sequence(self.variant(Tag::TupleVariant, of, index, name)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<MapEntries<'a>, Unkeyable> {
        Ok(MapEntries {
            h: self.tagged(Tag::Map),
            bag: Bag::new(),
            open: false,
        })
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Sequence<'a>, Unkeyable> {
        let h = self.tagged(Tag::Struct);
        put_name(h, name);
        Ok(Sequence(h))
    }

    fn serialize_struct_variant(
        self,
        of: &'static str,
        index: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Sequence<'a>, Unkeyable> {
        Ok(Sequence(self.variant(Tag::StructVariant, of, index, name)))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// A sequence, tuple or struct: values in order.
struct Sequence<'a>(&'a mut Hasher128);

impl Sequence<'_> {
    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, x: &T) -> Result<(), Unkeyable> {
        x.serialize(SerdeFront(self.0))
    }

    /// A field begins with `Some`, so that a field name cannot be taken for the end.
    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, x: &T) -> Result<(), Unkeyable> {
        self.0.u8(Tag::Some as u8);
        put_name(self.0, name);
        self.element(x)
    }

    #[inline]
    fn close(self) -> Result<(), Unkeyable> {
        self.0.u8(Tag::End as u8);
        Ok(())
    }
}

macro_rules! sequences {
    ($($Trait:ident: $method:ident($($name:ident: $Name:ty)?) = $write:ident;)*) => {$(
        impl ser::$Trait for Sequence<'_> {
            type Ok = ();
            type Error = Unkeyable;

            #[inline]
            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($name: $Name,)?
                x: &T,
            ) -> Result<(), Unkeyable> {
                self.$write($($name,)? x)
            }

            #[inline]
            fn end(self) -> Result<(), Unkeyable> {
                self.close()
            }
        }
    )*};
}

sequences! {
    SerializeSeq: serialize_element() = element;
    SerializeTuple: serialize_element() = element;
    SerializeTupleStruct: serialize_field() = element;
    SerializeTupleVariant: serialize_field() = element;
    SerializeStruct: serialize_field(name: &'static str) = field;
    SerializeStructVariant: serialize_field(name: &'static str) = field;
}

/// The entries of a map, whose order does not matter.
struct MapEntries<'a> {
    h: &'a mut Hasher128,
    bag: Bag,
    /// A key was written, its value was not.
    open: bool,
}

impl ser::SerializeMap for MapEntries<'_> {
    type Ok = ();
    type Error = Unkeyable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unkeyable> {
        if self.open {
            return Err(ser::Error::custom("a map has a key without a value"));
        }
        self.open = true;
        key.serialize(SerdeFront(&mut self.bag.item))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, x: &T) -> Result<(), Unkeyable> {
        if !self.open {
            return Err(ser::Error::custom("a map has a value without a key"));
        }
        self.open = false;
        x.serialize(SerdeFront(&mut self.bag.item))?;
        self.bag.close_item();
        Ok(())
    }

    fn end(self) -> Result<(), Unkeyable> {
        if self.open {
            return Err(ser::Error::custom("a map has a key without a value"));
        }
        self.bag.pour(self.h);
        Ok(())
    }
}
