//! Points as the server keeps and sends them: column by column.

use std::collections::HashMap;

use mem0_core::{Error, MemoryId, Point, Result, Scope, ScopeKey};

use super::error::unexpected;
use super::proto::{
    ARRAY, ArrayArray, FLOAT_VECTOR, FieldData, FloatArray, INT64, JSON, JsonArray, LongArray, ScalarField,
    StringArray, VARCHAR, VectorField,
};
use super::schema::{ID, LONG, MAX_MEMBERS, MAX_PIECES, MAX_TEXT, PAYLOAD, TERMS, VECTOR, VERSION, place_of};
use crate::shared::{scopes, terms};

/// What a point is read from.
pub(super) fn of_points() -> Vec<String> {
    let scope = ScopeKey::ALL.map(ScopeKey::as_str);
    [ID, VECTOR, VERSION, PAYLOAD, LONG].iter().chain(&scope).map(|name| (*name).to_owned()).collect()
}

/// One point, ready to be written.
pub(super) struct Entry {
    id: String,
    version: i64,
    vector: Vec<f32>,
    payload: Vec<u8>,
    long: Vec<String>,
    scope: [String; ScopeKey::ALL.len()],
    terms: [Vec<String>; TERMS.len()],
}

impl Entry {
    pub(super) fn new(point: &Point) -> Result<Self> {
        let unwritable = |e| Error::invalid("a payload that cannot be written as JSON").with_source(e);
        let payload = serde_json::to_string(&point.payload).map_err(unwritable)?;
        let tags: HashMap<&str, String> = scopes::ids(&point.scope).collect();
        let mut spread: [Vec<String>; TERMS.len()] = Default::default();
        for term in terms::of_payload(&point.payload) {
            if let Some(field) = spread.get_mut(place_of(&term)) {
                field.push(term);
            }
        }
        if spread.iter().any(|field| field.len() > MAX_MEMBERS) {
            return Err(Error::invalid("Milvus keeps payloads of up to some 16000 values"));
        }
        let (payload, long) =
            if payload.len() <= MAX_TEXT { (payload, Vec::new()) } else { ("{}".into(), cut(&payload)) };
        if long.len() > MAX_PIECES {
            return Err(Error::invalid("Milvus keeps payloads of up to 8 MiB"));
        }
        Ok(Self {
            id: point.id.to_string(),
            version: i64::try_from(point.version)
                .map_err(|_| Error::invalid("Milvus keeps versions up to 2^63 - 1"))?,
            vector: point.vector.clone(),
            payload: payload.into_bytes(),
            long,
            scope: ScopeKey::ALL.map(|key| tags.get(key.as_str()).cloned().unwrap_or_default()),
            terms: spread,
        })
    }

    /// About how many bytes it is on the wire.
    pub(super) fn size(&self) -> usize {
        let long: usize = self.long.iter().map(String::len).sum();
        let terms: usize = self.terms.iter().map(|field| 35 * field.len()).sum();
        let scope: usize = self.scope.iter().map(String::len).sum();
        100 + self.payload.len() + long + terms + scope + 4 * self.vector.len()
    }
}

/// A text in pieces that the server takes, none of which ends within a
/// character.
fn cut(text: &str) -> Vec<String> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let end = (0..=rest.len().min(MAX_TEXT)).rev().find(|end| rest.is_char_boundary(*end)).unwrap_or(rest.len());
        let (piece, tail) = rest.split_at(end);
        pieces.push(piece.to_owned());
        rest = tail;
    }
    pieces
}

/// Points as columns.
pub(super) fn columns(entries: &[Entry], dims: usize) -> Vec<FieldData> {
    let texts = |data: Vec<String>| ScalarField { string_data: Some(StringArray { data }), ..ScalarField::default() };
    let scalars = |name: &str, data_type: i32, scalars: ScalarField| FieldData {
        data_type,
        field_name: name.to_owned(),
        scalars: Some(scalars),
        vectors: None,
    };
    let lists = |name: &str, of: &dyn Fn(&Entry) -> Vec<String>| {
        let data = entries.iter().map(|entry| texts(of(entry))).collect();
        let array_data = Some(ArrayArray { data, element_type: VARCHAR });
        scalars(name, ARRAY, ScalarField { array_data, ..ScalarField::default() })
    };
    let vectors = FloatArray { data: entries.iter().flat_map(|entry| entry.vector.iter().copied()).collect() };
    let versions = LongArray { data: entries.iter().map(|entry| entry.version).collect() };
    let payloads = JsonArray { data: entries.iter().map(|entry| entry.payload.clone()).collect() };
    let mut columns = vec![
        scalars(ID, VARCHAR, texts(entries.iter().map(|entry| entry.id.clone()).collect())),
        FieldData {
            data_type: FLOAT_VECTOR,
            field_name: VECTOR.to_owned(),
            scalars: None,
            vectors: Some(VectorField { dim: i64::try_from(dims).unwrap_or(i64::MAX), float_vector: Some(vectors) }),
        },
        scalars(VERSION, INT64, ScalarField { long_data: Some(versions), ..ScalarField::default() }),
        scalars(PAYLOAD, JSON, ScalarField { json_data: Some(payloads), ..ScalarField::default() }),
        lists(LONG, &|entry| entry.long.clone()),
    ];
    for (place, key) in ScopeKey::ALL.into_iter().enumerate() {
        let ids = entries.iter().map(|entry| entry.scope.get(place).cloned().unwrap_or_default()).collect();
        columns.push(scalars(key.as_str(), VARCHAR, texts(ids)));
    }
    for (place, name) in TERMS.into_iter().enumerate() {
        columns.push(lists(name, &|entry| entry.terms.get(place).cloned().unwrap_or_default()));
    }
    columns
}

/// The columns of an answer.
pub(super) struct Columns<'a>(HashMap<&'a str, &'a FieldData>);

impl<'a> Columns<'a> {
    pub(super) fn new(fields: &'a [FieldData]) -> Self {
        Self(fields.iter().map(|field| (field.field_name.as_str(), field)).collect())
    }

    fn scalars(&self, name: &str) -> Result<&'a ScalarField> {
        self.0.get(name).and_then(|field| field.scalars.as_ref()).ok_or_else(unexpected)
    }

    fn texts(&self, name: &str) -> Result<&'a [String]> {
        Ok(self.scalars(name)?.string_data.as_ref().map_or(&[], |texts| &texts.data))
    }

    pub(super) fn ids(&self) -> Result<Vec<MemoryId>> {
        self.texts(ID)?.iter().map(|id| parse(id)).collect()
    }

    pub(super) fn versions(&self) -> Result<Vec<u64>> {
        let versions = self.scalars(VERSION)?.long_data.as_ref().map_or(&[][..], |longs| &longs.data);
        versions.iter().map(|version| u64::try_from(*version).map_err(|_| damaged())).collect()
    }

    /// The number in a column of one.
    pub(super) fn number(&self, name: &str) -> Result<u64> {
        let numbers = self.scalars(name)?.long_data.as_ref().and_then(|longs| longs.data.first());
        numbers.and_then(|number| u64::try_from(*number).ok()).ok_or_else(unexpected)
    }

    pub(super) fn points(&self, dims: usize) -> Result<Vec<Point>> {
        let (ids, versions) = (self.ids()?, self.versions()?);
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let vectors = self.0.get(VECTOR).and_then(|field| field.vectors.as_ref()?.float_vector.as_ref());
        let vectors = vectors.map_or(&[][..], |vectors| &vectors.data).chunks(dims.max(1));
        let payloads = self.scalars(PAYLOAD)?.json_data.as_ref().map_or(&[][..], |payloads| &payloads.data);
        let long = self.scalars(LONG)?.array_data.as_ref().map_or(&[][..], |arrays| &arrays.data);
        let mut scopes = Vec::new();
        for key in ScopeKey::ALL {
            scopes.push((key, self.texts(key.as_str())?));
        }
        let all = ids.len();
        let whole = [versions.len(), vectors.len(), payloads.len(), long.len()].iter().all(|rows| *rows == all);
        if !whole || scopes.iter().any(|(_, ids)| ids.len() != all) {
            return Err(unexpected());
        }
        let rows = ids.into_iter().zip(versions).zip(vectors).zip(payloads.iter().zip(long)).enumerate();
        rows.map(|(place, (((id, version), vector), (payload, long)))| {
            let pieces = long.string_data.as_ref().map_or(&[][..], |pieces| &pieces.data);
            let payload = if pieces.is_empty() {
                serde_json::from_slice(payload)
            } else {
                serde_json::from_str(&pieces.concat())
            };
            let ids = scopes.iter().filter_map(|(key, ids)| Some((*key, ids.get(place)?.as_str())));
            let scope: Scope = scopes::read(ids).ok_or_else(damaged)?;
            let payload = payload.map_err(|e| damaged().with_source(e))?;
            Ok(Point { id, version, scope, vector: vector.to_vec(), payload })
        })
        .collect()
    }
}

/// An id as it is kept.
pub(super) fn parse(id: &str) -> Result<MemoryId> {
    id.parse().map_err(|_| damaged())
}

fn damaged() -> Error {
    Error::corrupt("a stored point cannot be read")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    fn point(n: u128, payload: Value) -> Point {
        let Value::Object(payload) = payload else { unreachable!() };
        Point {
            id: MemoryId::from_uuid(Uuid::from_u128(n)),
            version: 3,
            scope: Scope::user("alice").unwrap().with_app("é").unwrap(),
            vector: vec![0.5, -0.5],
            payload,
        }
    }

    #[test]
    fn points_survive_the_trip() {
        let long = "é".repeat(70_000);
        let payloads = [json!({}), json!({"data": "x", "n": u64::MAX}), json!({"data": long, "list": [1, null]})];
        let points: Vec<_> = (0..).zip(payloads).map(|(n, payload)| point(n, payload)).collect();
        let entries: Vec<_> = points.iter().map(|point| Entry::new(point).unwrap()).collect();
        let columns = columns(&entries, 2);
        assert_eq!(Columns::new(&columns).points(2).unwrap(), points);
        assert_eq!(Columns::new(&columns).versions().unwrap(), [3, 3, 3]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let values: Vec<u32> = (0..20_000).collect();
        assert!(Entry::new(&point(1, json!({"list": values}))).is_err());
        assert!(Entry::new(&Point { version: u64::MAX, ..point(1, json!({})) }).is_err());
    }

    #[test]
    fn what_has_another_shape_is_an_error() {
        let entries = [Entry::new(&point(1, json!({}))).unwrap()];
        let whole = columns(&entries, 2);
        for left_out in 0..10 {
            let mut fields = whole.clone();
            fields.remove(left_out);
            assert!(Columns::new(&fields).points(2).is_err(), "without column {left_out}");
        }
    }

    proptest! {
        #[test]
        fn pieces_make_the_text_again(text in "[aé€😀]{0,40000}") {
            let pieces = cut(&text);
            prop_assert_eq!(pieces.concat(), text);
            prop_assert!(pieces.iter().all(|piece| piece.len() <= MAX_TEXT));
        }
    }
}
