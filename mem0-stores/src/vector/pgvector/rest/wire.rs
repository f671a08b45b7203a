//! Questions and answers of the functions in `functions.sql`, and what
//! PostgREST's refusals mean.
//!
//! By PostgREST 14's pages "Functions as RPC" and "Errors", and Supabase's page
//! on API keys: a function is called by `POST /rest/v1/rpc/NAME` with its
//! arguments as a JSON object and the key in two headers; an error is an object
//! whose `code` is PostgreSQL's, or one of PostgREST's own.

use mem0_core::filter::{CompareOp, Scalar};
use mem0_core::{Error, ErrorKind, Filter, MemoryId, Point, Result, Scope};
use mem0_http::{Request, Response, Secret, check_status, parse_json};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::shared::postgres::of_code;
use crate::vector::pgvector::filter::{DOTTED, FOLDS};
use crate::vector::pgvector::payload::{self, digits, encode, scalar_to_json};
use crate::vector::pgvector::write::{dropped, stored_version};

/// A call of a function, whose one argument is `p`.
pub(super) fn request(url: &str, key: &Secret, function: &str, p: &Value) -> Result<Request> {
    let url = format!("{}/rest/v1/rpc/{function}", url.trim_end_matches('/'));
    let request = Request::post_json(url, &json!({ "p": p }))?;
    Ok(request.with_header("apikey", key.expose()).with_bearer(key))
}

/// What the function returned.
pub(super) fn answer(response: &Response) -> Result<Value> {
    if (200..300).contains(&response.status) { parse_json(&response.body) } else { Err(refused(response)) }
}

fn refused(response: &Response) -> Error {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let code = body.get("code").and_then(Value::as_str).unwrap_or_default();
    let error = match code {
        "PGRST202" | "PGRST203" => Error::config(
            "the functions of mem0 are not in this project, or older ones: run `functions.sql` in its SQL editor",
        ),
        "P0002" => dropped(),
        _ if code.starts_with("PGRST3") => Error::new(ErrorKind::Unauthenticated, "Supabase refuses the key"),
        _ if code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()) => return of_code(code),
        _ => match check_status(response, |_| None) {
            Err(error) => error,
            Ok(()) => Error::internal("a refusal with the status of a success"),
        },
    };
    error.with_context("status", response.status)
}

/// An object with one key more.
pub(super) fn with(mut object: Value, key: &str, value: Value) -> Value {
    if let Value::Object(keys) = &mut object {
        keys.insert(key.to_owned(), value);
    }
    object
}

/// A scope and a filter beside the other keys of a question; a filter that
/// matches everything is left out.
pub(super) fn within(mut question: Value, scope: Option<&Scope>, filter: &Filter) -> Result<Value> {
    if let Some(scope) = scope {
        question = with(question, "scope", scope_json(scope));
    }
    if *filter != Filter::All {
        question = with(question, "filter", condition(filter)?);
    }
    Ok(question)
}

fn scope_json(scope: &Scope) -> Value {
    scope.ids().map(|(key, id)| (key.as_str().to_owned(), Value::from(id))).collect::<serde_json::Map<_, _>>().into()
}

/// A filter as `mem0.matches` reads it. Values are JSON in texts, so that no
/// number changes on the way.
fn condition(filter: &Filter) -> Result<Value> {
    let several = |op: &str, members: &[Filter]| {
        let members = members.iter().map(condition).collect::<Result<Vec<_>>>()?;
        Ok(json!({"op": op, "of": members}))
    };
    let not = |inner: Value| json!({"op": "not", "of": inner});
    let exists = |field: &str| json!({"op": "exists", "field": encode(field)});
    Ok(match filter {
        Filter::All => json!({"op": "and", "of": []}),
        Filter::Nothing => json!({"op": "or", "of": []}),
        Filter::And(members) => several("and", members)?,
        Filter::Or(members) => several("or", members)?,
        Filter::Not(inner) => not(condition(inner)?),
        Filter::Compare { field, op: CompareOp::Eq, value } => one_of(field, std::slice::from_ref(value))?,
        Filter::Compare { field, op: CompareOp::Ne, value } => not(one_of(field, std::slice::from_ref(value))?),
        Filter::Compare { field, op, value } => ordered(field, *op, value),
        Filter::In { field, values } => one_of(field, values)?,
        Filter::NotIn { field, values } => not(one_of(field, values)?),
        Filter::Contains { field, text, ignore_case: false } => {
            json!({"op": "contains", "field": encode(field), "value": encode(text)})
        }
        Filter::Contains { field, text, ignore_case: true } => folded(field, text),
        Filter::Exists { field } => exists(field),
        Filter::IsNull { field } => not(exists(field)),
        _ => return Err(Error::new(ErrorKind::Unsupported, "a kind of filter that this store does not know")),
    })
}

fn one_of(field: &str, values: &[Scalar]) -> Result<Value> {
    let values: Vec<String> =
        values.iter().filter_map(|value| scalar_to_json(value).transpose()).collect::<Result<_>>()?;
    Ok(json!({"op": "in", "field": encode(field), "values": values}))
}

fn ordered(field: &str, op: CompareOp, value: &Scalar) -> Value {
    let signs: &[i8] = match op {
        CompareOp::Gt => &[1],
        CompareOp::Gte => &[0, 1],
        CompareOp::Lt => &[-1],
        CompareOp::Lte => &[-1, 0],
        CompareOp::Eq => &[0],
        CompareOp::Ne => &[-1, 1],
    };
    let (by, value) = match value {
        Scalar::Bool(_) => return json!({"op": "or", "of": []}),
        Scalar::Str(text) => match value.as_time() {
            Some(time) => ("time", time.as_micros().to_string()),
            None => ("text", encode(text)),
        },
        Scalar::Float(float) if float.is_nan() => return json!({"op": "or", "of": []}),
        Scalar::Float(float) if float.is_infinite() => {
            ("number", if *float > 0.0 { "Infinity" } else { "-Infinity" }.to_owned())
        }
        Scalar::Float(float) => ("number", digits(*float)),
        Scalar::Int(int) => ("number", int.to_string()),
        Scalar::UInt(uint) => ("number", uint.to_string()),
    };
    json!({"op": by, "field": encode(field), "value": value, "signs": signs})
}

fn folded(field: &str, text: &str) -> Value {
    let wanted: String = text.chars().flat_map(char::to_lowercase).collect();
    let (upper, lower): (String, String) = FOLDS.iter().filter(|(_, lower)| wanted.contains(*lower)).copied().unzip();
    let condition = json!({
        "op": "contains", "field": encode(field), "value": encode(&wanted), "upper": upper, "lower": lower,
    });
    if !wanted.contains(['i', '\u{307}']) {
        return condition;
    }
    with(with(condition, "one", DOTTED.0.into()), "two", DOTTED.1.into())
}

/// A point as `mem0_upsert` reads it, and about how many bytes it is.
pub(super) fn written(point: &Point) -> Result<(Value, usize)> {
    let payload = payload::to_json(&point.payload)?;
    let size = 200 + payload.len() + point.vector.len() * 20;
    let value = json!({
        "id": point.id.to_string(), "version": stored_version(point.version)?, "scope": scope_json(&point.scope),
        "vector": point.vector, "payload": payload, "times": payload::times(&point.payload)?,
    });
    Ok((value, size))
}

/// A point as `mem0_points` tells it.
#[derive(Deserialize)]
struct Told {
    id: MemoryId,
    version: u64,
    scope: Scope,
    vector: String,
    payload: String,
}

pub(super) fn points(answer: Value) -> Result<Vec<Point>> {
    let damaged = |e: serde_json::Error| Error::corrupt("a row that this adapter did not write").with_source(e);
    let told: Vec<Told> = serde_json::from_value(answer).map_err(damaged)?;
    let point = |told: Told| {
        let vector = serde_json::from_str(&told.vector).map_err(damaged)?;
        let payload = payload::from_json(&told.payload)?;
        Ok(Point { id: told.id, version: told.version, scope: told.scope, vector, payload })
    };
    told.into_iter().map(point).collect()
}

/// Id, version and a number of each hit, by query.
pub(super) fn hits(answer: Value, queries: usize) -> Result<Vec<Vec<(MemoryId, u64, f64)>>> {
    let hits: Vec<Vec<(MemoryId, u64, f64)>> = serde_json::from_value(answer).map_err(|_| unexpected())?;
    if hits.len() == queries { Ok(hits) } else { Err(unexpected()) }
}

pub(super) fn number(answer: &Value) -> Result<u64> {
    answer.as_u64().ok_or_else(unexpected)
}

pub(super) fn unexpected() -> Error {
    Error::internal("a function of mem0 answers in another shape: run `functions.sql` again")
}

#[cfg(test)]
mod tests {
    use mem0_http::Secret;

    use super::*;

    #[test]
    fn a_request_byte_by_byte() {
        let point = Point {
            id: "018f3a5c-0000-7000-8000-000000000001".parse().unwrap(),
            version: 3,
            scope: Scope::user("it's").unwrap(),
            vector: vec![0.1, -2.0],
            payload: serde_json::from_value(json!({"data": "nul\0", "big": 1e17})).unwrap(),
        };
        let (value, _) = written(&point).unwrap();
        let p = json!({"no": 7, "points": [value]});
        let request = request("https://abc.supabase.co/", &Secret::new("hush"), "mem0_upsert", &p).unwrap();
        let headers: Vec<String> = request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        insta::assert_snapshot!(format!(
            "{} {}\n{}\n\n{}",
            request.method.as_str(),
            request.url,
            headers.join("\n"),
            String::from_utf8_lossy(&request.body)
        ));
        assert!(!format!("{request:?}").contains("hush"));
    }

    #[test]
    fn every_operator() {
        let filters = [
            Filter::All,
            Filter::Nothing,
            Filter::eq("k", "v"),
            Filter::ne("k", 1),
            Filter::gt("k", 1.5),
            Filter::gte("k", "apple"),
            Filter::lt("k", "2023-05-08"),
            Filter::lte("k", f64::INFINITY),
            Filter::gt("k", true),
            Filter::eq("k", f64::NAN),
            Filter::not_in("k", ["a", "\0"]),
            Filter::contains("k", "Part"),
            Filter::icontains("k", "Tart"),
            Filter::icontains("k", "Is"),
            Filter::exists("k"),
            Filter::is_null("k"),
            Filter::eq("a", 1).and(Filter::eq("b", 2).or(!Filter::exists("c"))),
        ];
        let lines: Vec<_> =
            filters.iter().map(|filter| format!("{filter}\n  {}", condition(filter).unwrap())).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn each_refusal_has_its_kind() {
        use ErrorKind::*;
        for (status, body, kind) in [
            (404, r#"{"code": "PGRST202", "message": "x"}"#, Config),
            (400, r#"{"code": "P0002", "message": "x"}"#, NotFound),
            (401, r#"{"code": "PGRST301", "message": "JWT"}"#, Unauthenticated),
            (401, r#"{"message": "Invalid API key"}"#, Unauthenticated),
            (403, r#"{"code": "42501"}"#, PermissionDenied),
            (500, r#"{"code": "57014"}"#, Timeout),
            (500, r#"{"code": "40P01"}"#, Conflict),
            (503, r#"{"code": "53300"}"#, Unavailable),
            (503, r#"{"code": "PGRST001"}"#, Unavailable),
            (502, "<html>", Unavailable),
            (429, "{}", RateLimited),
        ] {
            let response = Response::new(status, Vec::new(), body.to_owned());
            let error = answer(&response).unwrap_err();
            assert_eq!(error.kind(), kind, "{status} {body}: {error}");
        }
        let fine = Response::new(200, Vec::new(), "3");
        assert_eq!(number(&answer(&fine).unwrap()).unwrap(), 3);
        assert!(answer(&Response::new(200, Vec::new(), "<html>")).is_err());
    }
}
