//! A filter as a condition in SQL.
//!
//! Every condition is true or false, never null, so that NOT is the complement.
//! A field's elements are those of its list, or itself; a missing field has one
//! element, null, which meets nothing.

use std::sync::LazyLock;

use mem0_core::filter::{CompareOp, Scalar};
use mem0_core::{Error, ErrorKind, Filter, Result};
use tokio_postgres::types::Type;

use super::payload::{digits, encode, scalar_to_json};
use crate::shared::postgres::Sql;

/// The condition on a row whose values are bound in `sql`.
pub(super) fn condition(sql: &mut Sql, filter: &Filter) -> Result<String> {
    Ok(match filter {
        Filter::All => "TRUE".to_owned(),
        Filter::Nothing => "FALSE".to_owned(),
        Filter::And(members) => join(sql, members, " AND ", "TRUE")?,
        Filter::Or(members) => join(sql, members, " OR ", "FALSE")?,
        Filter::Not(inner) => format!("NOT {}", condition(sql, inner)?),
        Filter::Compare { field, op: CompareOp::Eq, value } => equal(sql, field, value)?,
        Filter::Compare { field, op: CompareOp::Ne, value } => format!("NOT {}", equal(sql, field, value)?),
        Filter::Compare { field, op, value } => ordered(sql, field, *op, value),
        Filter::In { field, values } => one_of(sql, field, values)?,
        Filter::NotIn { field, values } => format!("NOT {}", one_of(sql, field, values)?),
        Filter::Contains { field, text, ignore_case } => {
            let looked_at = if *ignore_case { folded(sql, text) } else { literal(sql, text) };
            any_text(sql, field, &looked_at)
        }
        Filter::Exists { field } => {
            format!("coalesce(jsonb_typeof({}) <> 'null', FALSE)", value_of(sql, field))
        }
        Filter::IsNull { field } => {
            format!("coalesce(jsonb_typeof({}) = 'null', TRUE)", value_of(sql, field))
        }
        _ => return Err(Error::new(ErrorKind::Unsupported, "a kind of filter that this store does not know")),
    })
}

fn join(sql: &mut Sql, members: &[Filter], word: &str, empty: &str) -> Result<String> {
    let members = members.iter().map(|member| condition(sql, member)).collect::<Result<Vec<_>>>()?;
    Ok(if members.is_empty() { empty.to_owned() } else { format!("({})", members.join(word)) })
}

fn value_of(sql: &mut Sql, field: &str) -> String {
    format!("(payload -> {})", sql.bind(encode(field), Type::TEXT))
}

/// Whether one of the field's elements, `v`, is as it should be.
fn any(sql: &mut Sql, field: &str, test: &str) -> String {
    let value = value_of(sql, field);
    format!(
        "EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof({value}) WHEN 'array' THEN {value} \
         ELSE jsonb_build_array({value}) END) AS e(v) WHERE {test})"
    )
}

/// The same for its elements that are texts, `t`. The collation is that of the
/// code points.
fn any_text(sql: &mut Sql, field: &str, test: &str) -> String {
    let test = test.replace("{t}", "(v #>> '{}') COLLATE \"C\"");
    any(sql, field, &format!("CASE jsonb_typeof(v) WHEN 'string' THEN {test} ELSE FALSE END"))
}

fn equal(sql: &mut Sql, field: &str, value: &Scalar) -> Result<String> {
    let Some(json) = scalar_to_json(value)? else { return Ok("FALSE".to_owned()) };
    let place = sql.bind(json, Type::TEXT);
    Ok(any(sql, field, &format!("v = {place}::jsonb")))
}

fn one_of(sql: &mut Sql, field: &str, values: &[Scalar]) -> Result<String> {
    let values: Vec<String> =
        values.iter().filter_map(|value| scalar_to_json(value).transpose()).collect::<Result<_>>()?;
    let place = sql.bind(values, Type::TEXT_ARRAY);
    Ok(any(sql, field, &format!("v = ANY({place}::jsonb[])")))
}

fn ordered(sql: &mut Sql, field: &str, op: CompareOp, value: &Scalar) -> String {
    let op = match op {
        CompareOp::Gt => ">",
        CompareOp::Gte => ">=",
        CompareOp::Lt => "<",
        CompareOp::Lte => "<=",
        CompareOp::Eq => "=",
        CompareOp::Ne => "<>",
    };
    let number = match value {
        Scalar::Bool(_) => return "FALSE".to_owned(),
        Scalar::Str(text) => {
            return match value.as_time() {
                Some(time) => {
                    let times = sql.bind(encode(field), Type::TEXT);
                    let time = sql.bind(time.as_micros(), Type::INT8);
                    format!(
                        "EXISTS (SELECT FROM jsonb_array_elements(times -> {times}) AS e(v) WHERE v::bigint {op} {time})"
                    )
                }
                None => {
                    let place = sql.bind(encode(text), Type::TEXT);
                    any_text(sql, field, &format!("{{t}} {op} {place}"))
                }
            };
        }
        Scalar::Float(float) if float.is_nan() => return "FALSE".to_owned(),
        Scalar::Float(float) if float.is_infinite() => if *float > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        Scalar::Float(float) => digits(*float),
        Scalar::Int(int) => int.to_string(),
        Scalar::UInt(uint) => uint.to_string(),
    };
    let place = sql.bind(number, Type::TEXT);
    any(sql, field, &format!("CASE jsonb_typeof(v) WHEN 'number' THEN v::numeric {op} {place}::numeric ELSE FALSE END"))
}

fn literal(sql: &mut Sql, text: &str) -> String {
    format!("strpos({{t}}, {}) > 0", sql.bind(encode(text), Type::TEXT))
}

/// The one character that is more than one in lower case, and that.
pub(super) const DOTTED: (&str, &str) = ("\u{130}", "i\u{307}");

/// Every other character with its lower case, where that is another one.
pub(super) static FOLDS: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let folds = ('\0'..=char::MAX).filter_map(|char| {
        let mut lower = char.to_lowercase();
        let one = lower.next()?;
        (one != char && lower.next().is_none()).then_some((char, one))
    });
    folds.collect()
});

/// Whether a text contains another in upper or lower case. Only the characters
/// whose lower case is looked for are lower-cased, so that the list of them is
/// short, and so that the server's own idea of lower case plays no part.
fn folded(sql: &mut Sql, text: &str) -> String {
    let wanted: String = text.chars().flat_map(char::to_lowercase).collect();
    let (upper, lower): (String, String) = FOLDS.iter().filter(|(_, lower)| wanted.contains(*lower)).copied().unzip();
    let mut looked_at = "{t}".to_owned();
    if wanted.contains(['i', '\u{307}']) {
        let (one, two) = (sql.bind(DOTTED.0.to_owned(), Type::TEXT), sql.bind(DOTTED.1.to_owned(), Type::TEXT));
        looked_at = format!("replace({looked_at}, {one}, {two})");
    }
    if !upper.is_empty() {
        let (upper, lower) = (sql.bind(upper, Type::TEXT), sql.bind(lower, Type::TEXT));
        looked_at = format!("translate({looked_at}, {upper}, {lower})");
    }
    format!("strpos({looked_at}, {}) > 0", sql.bind(encode(&wanted), Type::TEXT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(filter: &Filter) -> String {
        let mut sql = Sql::default();
        let condition = condition(&mut sql, filter).unwrap();
        format!("{} values: {condition}", sql.len())
    }

    #[test]
    fn every_operator() {
        let filters = [
            Filter::All,
            Filter::Nothing,
            Filter::And(vec![]),
            Filter::Or(vec![]),
            Filter::eq("k", "v"),
            Filter::ne("k", 1),
            Filter::gt("k", 1.5),
            Filter::gte("k", "apple"),
            Filter::lt("k", "2023-05-08"),
            Filter::lte("k", -1),
            Filter::gt("k", true),
            Filter::eq("k", f64::NAN),
            Filter::lt("k", f64::INFINITY),
            Filter::is_in("k", [1, 2]),
            Filter::not_in("k", ["a"]),
            Filter::contains("k", "part"),
            Filter::icontains("k", "Part"),
            Filter::icontains("k", "喝"),
            Filter::exists("k"),
            Filter::is_null("k"),
            Filter::eq("a", 1).and(Filter::eq("b", 2).or(!Filter::exists("c"))),
        ];
        let lines: Vec<_> = filters.iter().map(|filter| format!("{filter}\n  {}", text_of(filter))).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn what_a_filter_says_is_never_part_of_the_statement() {
        let plain = |make: &dyn Fn(&str) -> Filter| text_of(&make("plain"));
        let hostile = [
            "'",
            "''; DROP TABLE mem0; --",
            "\\",
            "\\'",
            "$1",
            "$$",
            "{t}",
            "{}",
            "\"",
            "payload",
            "/*",
            "*/",
            "%",
            "\n",
            "::jsonb",
            "ключ",
        ];
        for text in hostile {
            for make in [
                &(|text: &str| Filter::eq("k", text)) as &dyn Fn(&str) -> Filter,
                &|text| Filter::eq(text, 1),
                &|text| Filter::gt("k", text),
                &|text| Filter::gt(text, "2023-05-08"),
                &|text| Filter::is_in(text, [text]),
                &|text| Filter::contains(text, text),
                &|text| Filter::exists(text),
            ] {
                assert_eq!(text_of(&make(text)), plain(make), "{text:?}");
            }
        }
    }

    /// What `folded` builds on.
    #[test]
    fn lower_case_is_one_character_but_for_one_and_stays_what_it_is() {
        for char in '\0'..=char::MAX {
            let lower: String = char.to_lowercase().collect();
            let again: String = lower.chars().flat_map(char::to_lowercase).collect();
            assert_eq!(lower, again, "{char:?}");
            let one = lower.chars().count() == 1;
            assert_eq!(one, char.to_string() != DOTTED.0, "{char:?}");
            assert!(one || lower == DOTTED.1);
        }
    }
}
