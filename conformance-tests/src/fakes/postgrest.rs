//! A stand-in for PostgREST: it calls functions of a real PostgreSQL, as the
//! role of the key, and answers as PostgREST does.
//!
//! By PostgREST 14's pages "Functions as RPC" and "Errors". Of its interface
//! only `POST /rest/v1/rpc/NAME` is there.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio_postgres::{Client, Error, NoTls};

use crate::fakes::{FakeServer, Reply, Seen};

/// The role of the secret key, which may call the functions and nothing else.
const ROLE: &str = "service_role";

/// The database that the functions are in.
const DATABASE: &str = "mem0_rest";

/// The stand-in, until it is dropped.
#[derive(Debug)]
pub struct PostgRest {
    server: FakeServer,
}

impl PostgRest {
    /// Starts one on the server of this address, with these functions installed
    /// in a database that it makes if it is not there.
    ///
    /// # Errors
    /// What the server says.
    pub async fn start(url: &str, functions: &str, key: &'static str) -> Result<Self, Box<dyn std::error::Error>> {
        let made = connect(url.to_owned()).await?;
        let role = format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN CREATE ROLE {ROLE}; END IF;
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        );
        made.batch_execute(&role).await?;
        // It may be there from another run, or be made by one at this moment.
        let _ = made.batch_execute(&format!("CREATE DATABASE {DATABASE}")).await;
        let (server, _) = url.rsplit_once('/').unwrap_or((url, ""));
        let url = format!("{server}/{DATABASE}");
        let owner = connect(url.clone()).await?;
        owner.batch_execute(&format!("SELECT pg_advisory_lock(1); {functions}; SELECT pg_advisory_unlock(1)")).await?;
        let free: Arc<Mutex<Vec<Client>>> = Arc::default();
        let answer = move |seen: &Seen| {
            let taken = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let runtime = tokio::runtime::Handle::current();
            let (reply, client) = tokio::task::block_in_place(|| {
                runtime.block_on(async {
                    let client = match taken {
                        Some(client) => client,
                        None => match connect(url.clone()).await {
                            Ok(client) => client,
                            Err(error) => return (refused(&error), None),
                        },
                    };
                    (call(&client, seen, key).await, Some(client))
                })
            });
            free.lock().unwrap_or_else(PoisonError::into_inner).extend(client);
            reply
        };
        let server = FakeServer::start(answer).await?;
        Ok(Self { server })
    }

    /// Its address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }
}

async fn connect(url: String) -> Result<Client, Error> {
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
    // It ends with the client.
    tokio::spawn(connection);
    Ok(client)
}

async fn call(client: &Client, seen: &Seen, key: &str) -> Reply {
    let bearer = format!("Bearer {key}");
    if seen.header("apikey") != Some(key) || seen.header("authorization") != Some(&bearer) {
        return Reply::json(401, &json!({"message": "Invalid API key"}));
    }
    let name = seen.path.strip_prefix("/rest/v1/rpc/").unwrap_or_default();
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if seen.method != "POST" || !plain {
        return Reply::json(404, &json!({"code": "PGRST125", "message": "Invalid path"}));
    }
    let body = seen.json();
    let (Some(p), Some(1)) = (body.get("p"), body.as_object().map(serde_json::Map::len)) else {
        return Reply::json(404, &json!({"code": "PGRST202", "message": "no function of these arguments"}));
    };
    let work = async {
        client.batch_execute(&format!("BEGIN; SET LOCAL ROLE {ROLE}")).await?;
        let text = p.to_string();
        let kind = tokio_postgres::types::Type::TEXT;
        let sql = format!("SELECT public.{name}(p => $1::jsonb)::text");
        let row = client.query_typed_one(&sql, &[(&text, kind)]).await?;
        client.batch_execute("COMMIT").await?;
        row.try_get::<_, String>(0)
    };
    match work.await {
        Ok(text) => Reply::json(200, &serde_json::from_str(&text).unwrap_or(Value::Null)),
        Err(error) => {
            let _ = client.batch_execute("ROLLBACK").await;
            refused(&error)
        }
    }
}

/// The status of a code, by the table of PostgREST's documentation.
fn refused(error: &Error) -> Reply {
    let code = error.code().map_or("08006", |code| code.code());
    let (status, code) = match code {
        "42883" => (404, "PGRST202"),
        "42501" => (403, code),
        "42P01" => (404, code),
        "23503" | "23505" => (409, code),
        _ => match code.get(..2).unwrap_or_default() {
            "08" | "53" => (503, code),
            "25" | "40" | "54" | "55" | "57" | "58" | "XX" => (500, code),
            "28" => (403, code),
            _ => (400, code),
        },
    };
    let message = error.as_db_error().map_or("", tokio_postgres::error::DbError::message);
    Reply::json(status, &json!({"code": code, "message": message, "details": null, "hint": null}))
}
