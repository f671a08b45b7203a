use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::client::ClientOptions;

/// Made for this test; nobody lets it in anywhere.
const KEY: &str = include_str!("test_key.pem");

fn account(token_uri: &str) -> Value {
    json!({
        "type": "service_account",
        "project_id": "my-project",
        "private_key_id": "k1",
        "private_key": KEY,
        "client_email": "mem0@my-project.iam.gserviceaccount.com",
        "token_uri": token_uri,
    })
}

fn read(value: &Value) -> ServiceAccount {
    serde_json::from_value::<Account>(value.clone()).unwrap().read().unwrap()
}

#[derive(Debug)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros_clamped(self.0.load(Ordering::SeqCst))
    }

    fn uuid(&self) -> uuid::Uuid {
        uuid::Uuid::nil()
    }
}

/// A token endpoint whose every token has another number.
async fn endpoint(status: u16) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/token", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut seen = Vec::new();
            while !seen.windows(10).any(|window| window == b"assertion=") {
                let mut chunk = [0; 4_096];
                let read = stream.read(&mut chunk).await.unwrap();
                seen.extend_from_slice(&chunk[..read]);
            }
            let number = counted.fetch_add(1, Ordering::SeqCst);
            let body = match status {
                200 => format!(r#"{{"access_token":"token-{number}","expires_in":3599,"token_type":"Bearer"}}"#),
                _ => r#"{"error":"invalid_grant","error_description":"hush"}"#.to_owned(),
            };
            let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        }
    });
    (uri, count)
}

#[test]
fn the_claim_is_what_google_asks_for_and_is_signed() {
    let account = read(&account("https://oauth2.googleapis.com/token"));
    let request = exchange_request(&account, "2023-11-14T22:13:20.9Z".parse().unwrap()).unwrap();
    assert_eq!(request.url, "https://oauth2.googleapis.com/token");
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    assert_eq!(form[0], ("grant_type".into(), "urn:ietf:params:oauth:grant-type:jwt-bearer".into()));
    assert_eq!(form[1].0, "assertion");
    let parts: Vec<&str> = form[1].1.split('.').collect();
    let json = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    assert_eq!(json(parts[0]), json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
    assert_eq!(
        json(parts[1]),
        json!({
            "iss": "mem0@my-project.iam.gserviceaccount.com",
            "scope": "https://www.googleapis.com/auth/cloud-platform",
            "aud": "https://oauth2.googleapis.com/token",
            "iat": 1_700_000_000,
            "exp": 1_700_003_600,
        })
    );
    let base64: String = KEY.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(base64).unwrap();
    let key = RsaKeyPair::from_pkcs8(&der).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref());
    let signed = format!("{}.{}", parts[0], parts[1]);
    public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(parts[2]).unwrap()).unwrap();
}

#[tokio::test]
async fn a_token_is_fetched_once_for_all_and_again_before_it_ends() {
    let (uri, count) = endpoint(200).await;
    let account: Account = serde_json::from_value(account(&uri)).unwrap();
    let hand = Arc::new(Hand(AtomicI64::new(1_700_000_000_000_000)));
    let source = TokenSource::find(None, Some(&account), Arc::clone(&hand) as Arc<dyn Clock>).unwrap();
    assert_eq!(source.project_id(), Some("my-project"));
    let client = Client::new(&ClientOptions::default()).unwrap();
    let (one, two) = tokio::join!(source.token(&client), source.token(&client));
    assert_eq!((one.unwrap().expose(), two.unwrap().expose()), ("token-0", "token-0"));
    hand.0.fetch_add(3_298_000_000, Ordering::SeqCst);
    assert_eq!(source.token(&client).await.unwrap().expose(), "token-0");
    hand.0.fetch_add(1_000_000, Ordering::SeqCst);
    assert_eq!(source.token(&client).await.unwrap().expose(), "token-1");
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_account_that_is_not_let_in_is_unauthenticated() {
    let (uri, _) = endpoint(400).await;
    let account: Account = serde_json::from_value(account(&uri)).unwrap();
    let source = TokenSource::find(None, Some(&account), Arc::new(mem0_core::SystemClock)).unwrap();
    let client = Client::new(&ClientOptions::default()).unwrap();
    let error = source.token(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let shown = format!("{error:?}");
    assert!(shown.contains("invalid_grant") && !shown.contains("hush"), "{shown}");
}

#[tokio::test]
async fn a_fixed_token_is_given_as_it_is() {
    let token = Secret::new("hush");
    let source = TokenSource::find(Some(&token), None, Arc::new(mem0_core::SystemClock)).unwrap();
    let client = Client::new(&ClientOptions::default()).unwrap();
    assert_eq!(source.token(&client).await.unwrap(), token);
    assert!(!format!("{source:?}").contains("hush"));
}

#[test]
fn an_account_comes_from_a_file_too_and_a_wrong_one_is_refused_without_its_key() {
    let clock = || Arc::new(mem0_core::SystemClock);
    let file = std::env::temp_dir().join(format!("mem0-google-{}", std::process::id()));
    std::fs::write(&file, account("https://x/token").to_string()).unwrap();
    let from_file = Account::File(file.clone());
    let source = TokenSource::find(None, Some(&from_file), clock()).unwrap();
    assert_eq!(source.project_id(), Some("my-project"));
    std::fs::write(&file, r#"{"type": "authorized_user", "refresh_token": "hush"}"#).unwrap();
    let error = TokenSource::find(None, Some(&from_file), clock()).unwrap_err();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    let mut bad = account("https://x/token");
    bad["private_key"] = json!("hush");
    let bad: Account = serde_json::from_value(bad).unwrap();
    let error = TokenSource::find(None, Some(&bad), clock()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let shown = format!("{error:?} {bad:?} {}", serde_json::to_string(&bad).unwrap());
    assert!(!shown.contains("hush"), "{shown}");
}
