//! The messages of Milvus' gRPC interface that are used here, by hand: of
//! `milvus.proto`, `schema.proto` and `common.proto` (milvus-proto, whose
//! numbers are the same from 2.3 to 2.6) the fields that are written or read.
//! What is not named is left out on one side and passed over on the other.
//! Members of a `oneof` are optional fields here, which is the same on the
//! wire.

/// `schema.DataType`.
pub(super) const INT64: i32 = 5;
pub(super) const VARCHAR: i32 = 21;
pub(super) const ARRAY: i32 = 22;
pub(super) const JSON: i32 = 23;
pub(super) const FLOAT_VECTOR: i32 = 101;

/// `common.LoadState.LoadStateLoaded`.
pub(super) const LOADED: i32 = 3;

/// `common.DslType.BoolExprV1`.
pub(super) const BOOL_EXPR: i32 = 1;

macro_rules! messages {
    ($($name:ident { $($field:ident: $type:ty = ($($tag:tt)+);)* })+) => {$(
        #[derive(Clone, PartialEq, ::prost::Message)]
        pub(super) struct $name {
            $(#[prost($($tag)+)] pub(super) $field: $type,)*
        }
    )+};
}

messages! {
    Status {
        error_code: i32 = (int32, tag = "1");
        reason: String = (string, tag = "2");
        code: i32 = (int32, tag = "3");
    }
    KeyValue {
        key: String = (string, tag = "1");
        value: String = (string, tag = "2");
    }
    FieldSchema {
        name: String = (string, tag = "2");
        is_primary_key: bool = (bool, tag = "3");
        data_type: i32 = (int32, tag = "5");
        type_params: Vec<KeyValue> = (message, repeated, tag = "6");
        element_type: i32 = (int32, tag = "10");
    }
    CollectionSchema {
        name: String = (string, tag = "1");
        description: String = (string, tag = "2");
        fields: Vec<FieldSchema> = (message, repeated, tag = "4");
    }
    CreateCollection {
        collection_name: String = (string, tag = "3");
        schema: Vec<u8> = (bytes = "vec", tag = "4");
        shards_num: i32 = (int32, tag = "5");
        consistency_level: i32 = (int32, tag = "6");
    }
    DropCollection {
        collection_name: String = (string, tag = "3");
    }
    DescribeCollection {
        collection_name: String = (string, tag = "3");
    }
    CollectionDescription {
        status: Option<Status> = (message, optional, tag = "1");
        schema: Option<CollectionSchema> = (message, optional, tag = "2");
    }
    CreateIndex {
        collection_name: String = (string, tag = "3");
        field_name: String = (string, tag = "4");
        extra_params: Vec<KeyValue> = (message, repeated, tag = "5");
    }
    LoadCollection {
        collection_name: String = (string, tag = "3");
        replica_number: i32 = (int32, tag = "4");
    }
    GetLoadState {
        collection_name: String = (string, tag = "2");
    }
    LoadState {
        status: Option<Status> = (message, optional, tag = "1");
        state: i32 = (int32, tag = "2");
    }
    LongArray {
        data: Vec<i64> = (int64, repeated, tag = "1");
    }
    FloatArray {
        data: Vec<f32> = (float, repeated, tag = "1");
    }
    StringArray {
        data: Vec<String> = (string, repeated, tag = "1");
    }
    JsonArray {
        data: Vec<Vec<u8>> = (bytes = "vec", repeated, tag = "1");
    }
    ArrayArray {
        data: Vec<ScalarField> = (message, repeated, tag = "1");
        element_type: i32 = (int32, tag = "2");
    }
    ScalarField {
        long_data: Option<LongArray> = (message, optional, tag = "3");
        string_data: Option<StringArray> = (message, optional, tag = "6");
        array_data: Option<ArrayArray> = (message, optional, tag = "8");
        json_data: Option<JsonArray> = (message, optional, tag = "9");
    }
    VectorField {
        dim: i64 = (int64, tag = "1");
        float_vector: Option<FloatArray> = (message, optional, tag = "2");
    }
    FieldData {
        data_type: i32 = (int32, tag = "1");
        field_name: String = (string, tag = "2");
        scalars: Option<ScalarField> = (message, optional, tag = "3");
        vectors: Option<VectorField> = (message, optional, tag = "4");
    }
    Upsert {
        collection_name: String = (string, tag = "3");
        fields_data: Vec<FieldData> = (message, repeated, tag = "5");
        num_rows: u32 = (uint32, tag = "7");
    }
    Delete {
        collection_name: String = (string, tag = "3");
        expr: String = (string, tag = "5");
    }
    Mutation {
        status: Option<Status> = (message, optional, tag = "1");
        timestamp: u64 = (uint64, tag = "9");
    }
    PlaceholderGroup {
        placeholders: Vec<Placeholder> = (message, repeated, tag = "1");
    }
    Placeholder {
        tag: String = (string, tag = "1");
        data_type: i32 = (int32, tag = "2");
        values: Vec<Vec<u8>> = (bytes = "vec", repeated, tag = "3");
    }
    Search {
        collection_name: String = (string, tag = "3");
        dsl: String = (string, tag = "5");
        placeholder_group: Vec<u8> = (bytes = "vec", tag = "6");
        dsl_type: i32 = (int32, tag = "7");
        output_fields: Vec<String> = (string, repeated, tag = "8");
        search_params: Vec<KeyValue> = (message, repeated, tag = "9");
        guarantee_timestamp: u64 = (uint64, tag = "11");
        nq: i64 = (int64, tag = "12");
        consistency_level: i32 = (int32, tag = "14");
    }
    Ids {
        str_id: Option<StringArray> = (message, optional, tag = "2");
    }
    Hits {
        fields_data: Vec<FieldData> = (message, repeated, tag = "3");
        scores: Vec<f32> = (float, repeated, tag = "4");
        ids: Option<Ids> = (message, optional, tag = "5");
        topks: Vec<i64> = (int64, repeated, tag = "6");
    }
    Found {
        status: Option<Status> = (message, optional, tag = "1");
        results: Option<Hits> = (message, optional, tag = "2");
    }
    Query {
        collection_name: String = (string, tag = "3");
        expr: String = (string, tag = "4");
        output_fields: Vec<String> = (string, repeated, tag = "5");
        guarantee_timestamp: u64 = (uint64, tag = "8");
        query_params: Vec<KeyValue> = (message, repeated, tag = "9");
        consistency_level: i32 = (int32, tag = "11");
    }
    Rows {
        status: Option<Status> = (message, optional, tag = "1");
        fields_data: Vec<FieldData> = (message, repeated, tag = "2");
    }
}

/// One call of the service: its request, its answer, and where it is.
pub(super) trait Call: prost::Message + Default + 'static {
    type Answer: Answer;
    const PATH: &'static str;
}

/// An answer, whose status says whether the call succeeded.
pub(super) trait Answer: prost::Message + Default + 'static {
    fn status(&self) -> Option<&Status>;
}

impl Answer for Status {
    fn status(&self) -> Option<&Status> {
        Some(self)
    }
}

macro_rules! calls {
    ($($call:ident -> $answer:ident $name:literal;)+) => {$(
        impl Call for $call {
            type Answer = $answer;
            const PATH: &'static str = concat!("/milvus.proto.milvus.MilvusService/", $name);
        }
    )+};
}

macro_rules! answers {
    ($($answer:ident)+) => {$(
        impl Answer for $answer {
            fn status(&self) -> Option<&Status> {
                self.status.as_ref()
            }
        }
    )+};
}

calls! {
    CreateCollection -> Status "CreateCollection";
    DropCollection -> Status "DropCollection";
    DescribeCollection -> CollectionDescription "DescribeCollection";
    CreateIndex -> Status "CreateIndex";
    LoadCollection -> Status "LoadCollection";
    GetLoadState -> LoadState "GetLoadState";
    Upsert -> Mutation "Upsert";
    Delete -> Mutation "Delete";
    Search -> Found "Search";
    Query -> Rows "Query";
}
answers! { CollectionDescription LoadState Mutation Found Rows }

/// A key and its value.
pub(super) fn pair(key: &str, value: impl ToString) -> KeyValue {
    KeyValue { key: key.to_owned(), value: value.to_string() }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[test]
    fn messages_are_these_bytes() {
        let delete = Delete { collection_name: "c".into(), expr: "id in []".into() };
        assert_eq!(delete.encode_to_vec(), b"\x1a\x01c\x2a\x08id in []");
        let field = FieldData {
            data_type: FLOAT_VECTOR,
            field_name: "v".into(),
            scalars: None,
            vectors: Some(VectorField { dim: 1, float_vector: Some(FloatArray { data: vec![1.0] }) }),
        };
        let upsert = Upsert { collection_name: "c".into(), fields_data: vec![field], num_rows: 1 };
        let bytes = b"\x1a\x01c\x2a\x11\x08\x65\x12\x01v\x22\x0a\x08\x01\x12\x06\x0a\x04\0\0\x80\x3f\x38\x01";
        assert_eq!(upsert.encode_to_vec(), bytes);
        let search = Search {
            collection_name: "c".into(),
            dsl: "d".into(),
            placeholder_group: PlaceholderGroup {
                placeholders: vec![Placeholder { tag: "$0".into(), data_type: FLOAT_VECTOR, values: vec![vec![7]] }],
            }
            .encode_to_vec(),
            dsl_type: BOOL_EXPR,
            output_fields: vec!["version".into()],
            search_params: vec![pair("topk", 5)],
            guarantee_timestamp: 1,
            nq: 1,
            consistency_level: 3,
        };
        let bytes = b"\x1a\x01c\x2a\x01d\x32\x0b\x0a\x09\x0a\x02$0\x10\x65\x1a\x01\x07\x38\x01\x42\x07version\
                      \x4a\x09\x0a\x04topk\x12\x015\x58\x01\x60\x01\x70\x03";
        assert_eq!(search.encode_to_vec(), bytes);
    }

    #[test]
    fn an_empty_array_is_an_element_all_the_same() {
        let empty = ScalarField { string_data: Some(StringArray::default()), ..ScalarField::default() };
        let arrays = ArrayArray { data: vec![empty.clone(), empty], element_type: VARCHAR };
        assert_eq!(ArrayArray::decode(arrays.encode_to_vec().as_slice()).unwrap().data.len(), 2);
    }

    #[test]
    fn what_is_not_known_is_passed_over() {
        // A status with `retriable` and `detail`.
        let status = Status::decode(b"\x08\x04\x12\x01x\x18\x64\x20\x01\x2a\x01y".as_slice()).unwrap();
        assert_eq!((status.error_code, status.code, status.reason.as_str()), (4, 100, "x"));
    }
}
