//! Proxies in the spelling of the Python library.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::client::ClientOptions;
use mem0_core::Secret;

/// A proxy for everything, or one for each scheme (`http_client_proxies`).
/// Hidden like a key, since a proxy's URL can hold a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Proxies {
    /// For everything.
    One(Secret),
    /// By scheme: `https://`, `https`, `all://`, `http://`.
    Each(BTreeMap<String, Secret>),
}

impl Proxies {
    fn url(&self) -> Option<&Secret> {
        match self {
            Self::One(url) => Some(url),
            Self::Each(urls) => {
                let of = |scheme: &str| urls.iter().find(|(name, _)| name.trim_end_matches("://") == scheme);
                of("https").or_else(|| of("all")).or_else(|| of("http")).map(|(_, url)| url)
            }
        }
    }
}

impl ClientOptions {
    /// With the proxy of the other spelling, if [`ClientOptions::proxy`] names
    /// none.
    #[must_use]
    pub fn with_proxies(mut self, proxies: Option<&Proxies>) -> Self {
        let other = || proxies.and_then(Proxies::url).map(|url| url.expose().to_owned());
        self.proxy = self.proxy.or_else(other);
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: &Value) -> Proxies {
        serde_json::from_value(value.clone()).unwrap()
    }

    fn used(value: &Value) -> Option<String> {
        ClientOptions::default().with_proxies(Some(&read(value))).proxy
    }

    #[test]
    fn one_url_or_one_for_each_scheme() {
        assert_eq!(used(&json!("http://p:1")).as_deref(), Some("http://p:1"));
        let each = json!({"http://": "http://p:1", "https://": "http://p:2"});
        assert_eq!(used(&each).as_deref(), Some("http://p:2"));
        assert_eq!(used(&json!({"http": "http://p:1", "all": "http://p:3"})).as_deref(), Some("http://p:3"));
        assert_eq!(used(&json!({})), None);
        let own = ClientOptions { proxy: Some("http://own".to_owned()), ..ClientOptions::default() };
        assert_eq!(own.with_proxies(Some(&read(&each))).proxy.as_deref(), Some("http://own"));
    }

    #[test]
    fn a_proxy_is_read_when_the_client_is_made() {
        let made = |own: Option<&str>, other: &Value| {
            let options = ClientOptions { proxy: own.map(str::to_owned), ..ClientOptions::default() };
            crate::Client::new(&options.with_proxies(Some(&read(other))))
        };
        assert!(made(None, &json!({"http://": "http://a:1", "https://": "http://u:hush@b:2"})).is_ok());
        assert!(made(None, &json!("no url at all")).is_err());
        assert!(made(Some("http://c:3"), &json!("no url at all")).is_ok());
    }

    #[test]
    fn passwords_do_not_show() {
        let proxies = read(&json!({"https://": "http://user:hush@p:2"}));
        assert!(!format!("{proxies:?}{}", serde_json::to_string(&proxies).unwrap()).contains("hush"));
    }
}
