//! The settings of Cassandra.

use std::collections::BTreeMap;
use std::path::PathBuf;

use mem0_core::{Error, Result, Secret};
use scylla::frame::types::Consistency as DriverConsistency;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use crate::shared::collection::is_plain_name;

/// How many copies must answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Consistency {
    /// Any one.
    One,
    /// One of the local datacentre.
    LocalOne,
    /// Most of all.
    Quorum,
    /// Most of the local datacentre.
    #[default]
    LocalQuorum,
    /// Most in each datacentre; for writes only.
    EachQuorum,
    /// All of them.
    All,
}

impl Consistency {
    pub(super) const fn driver(self) -> DriverConsistency {
        match self {
            Self::One => DriverConsistency::One,
            Self::LocalOne => DriverConsistency::LocalOne,
            Self::Quorum => DriverConsistency::Quorum,
            Self::LocalQuorum => DriverConsistency::LocalQuorum,
            Self::EachQuorum => DriverConsistency::EachQuorum,
            Self::All => DriverConsistency::All,
        }
    }
}

/// How a cluster of Cassandra is used. Unknown keys are refused; those of the
/// Python library are known.
///
/// ```
/// use mem0_stores::vector::cassandra::CassandraConfig;
///
/// let config: CassandraConfig =
///     serde_json::from_str(r#"{"contact_points": ["db1", "db2:9043"], "username": "ada", "password": "hush"}"#)?;
/// assert!(!format!("{config:?}").contains("hush"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CassandraConfig {
    /// Where the cluster is found: hosts, each with a port or without, as a list
    /// or separated by commas; `127.0.0.1` by default.
    #[serde(alias = "hosts", alias = "url", deserialize_with = "one_or_many")]
    pub contact_points: Vec<String>,
    /// The port of the hosts without one; 9042 by default.
    pub port: u16,
    /// The user, if the cluster asks for one. Also `user`.
    #[serde(alias = "user")]
    pub username: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// Whether the connections are secured. Also `ssl`.
    #[serde(alias = "ssl")]
    pub tls: bool,
    /// A file of PEM certificates of the authorities that are trusted; those of
    /// the operating system without it.
    pub tls_ca_file: Option<PathBuf>,
    /// The name that the certificate of every node bears; by default the host in
    /// `contact_points`, and the address of each node that the cluster names.
    pub tls_server_name: Option<String>,
    /// The keyspace; `mem0` by default. It is made if it is not there.
    pub keyspace: String,
    /// The datacentre whose nodes are asked, and that a new keyspace is kept in.
    /// Without it every node is asked.
    pub local_datacenter: Option<String>,
    /// How many copies a new keyspace keeps; 1 by default. What `immediate`
    /// rests on as well: see `write_consistency`.
    pub replication_factor: u32,
    /// The options of a new keyspace's replication, where the two keys above do
    /// not say enough: `{"class": "NetworkTopologyStrategy", "east": "3"}`.
    pub replication: BTreeMap<String, String>,
    /// How many copies a read asks; `local_quorum` by default. A search by the
    /// index always asks one: the server can do no other.
    pub consistency: Consistency,
    /// How many copies a write waits for; `local_quorum` by default. Where there
    /// are more copies than one, only `all` lets a search see every write at
    /// once.
    pub write_consistency: Consistency,
    /// The first part of every table's name; `mem0` by default. 1 to 16
    /// characters of `a-z 0-9 _`.
    pub collection_name: String,
    /// If given, opening a collection of other dimensions is an error.
    pub embedding_model_dims: Option<usize>,
    /// Partitions of a new collection, 1 to 1024; 16 by default. More for more
    /// nodes and millions of points; a walk asks each of them.
    pub partitions: u32,
    /// A scope of up to so many points is searched by a scan, which is exact;
    /// 1,000 by default, 100,000 at most.
    pub exact_up_to: u32,
    /// Writes of this store that are under way at once, 1 to 64; 4 by default. A
    /// server fails writes of vectors beyond one more than its processors.
    pub max_concurrent_writes: usize,
    /// How long connecting may take, in milliseconds; 5,000 by default.
    pub connect_timeout_ms: u64,
    /// How long a request may take, in milliseconds; 30,000 by default.
    pub timeout_ms: u64,
    /// Taken since the Python library has it: the version is agreed with the
    /// server. 4 or 5.
    pub protocol_version: Option<u8>,
    /// Refused: Astra's bundle needs another way to connect.
    pub secure_connect_bundle: Option<Value>,
    /// Refused: the driver's own is used; see `local_datacenter`.
    pub load_balancing_policy: Option<Value>,
}

impl Default for CassandraConfig {
    fn default() -> Self {
        Self {
            contact_points: vec!["127.0.0.1".to_owned()],
            port: 9042,
            username: None,
            password: None,
            tls: false,
            tls_ca_file: None,
            tls_server_name: None,
            keyspace: "mem0".to_owned(),
            local_datacenter: None,
            replication_factor: 1,
            replication: BTreeMap::new(),
            consistency: Consistency::default(),
            write_consistency: Consistency::default(),
            collection_name: "mem0".to_owned(),
            embedding_model_dims: None,
            partitions: 16,
            exact_up_to: 1_000,
            max_concurrent_writes: 4,
            connect_timeout_ms: 5_000,
            timeout_ms: 30_000,
            protocol_version: None,
            secure_connect_bundle: None,
            load_balancing_policy: None,
        }
    }
}

/// The Python library's list, or one text.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Points {
        One(String),
        Many(Vec<String>),
    }
    let points: Vec<String> = match Points::deserialize(deserializer)? {
        Points::One(text) => text.split(',').map(|host| host.trim().to_owned()).collect(),
        Points::Many(hosts) => hosts,
    };
    if points.iter().any(|host| host.is_empty() || host.contains(['/', '@'])) {
        return Err(de::Error::custom("contact_points are hosts, each with a port or without: \"db1\", \"db2:9042\""));
    }
    Ok(points)
}

impl CassandraConfig {
    /// Another cluster than the default one.
    #[must_use]
    pub fn with_contact_points(mut self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.contact_points = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// With a user.
    #[must_use]
    pub fn with_login(mut self, username: impl Into<String>, password: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self.password = Some(Secret::new(password));
        self
    }

    /// With secured connections, to nodes whose certificates the authorities of
    /// a file have signed.
    #[must_use]
    pub fn with_tls(mut self, ca_file: impl Into<PathBuf>) -> Self {
        self.tls = true;
        self.tls_ca_file = Some(ca_file.into());
        self
    }

    /// Another keyspace.
    #[must_use]
    pub fn with_keyspace(mut self, keyspace: impl Into<String>) -> Self {
        self.keyspace = keyspace.into();
        self
    }

    /// Up to how many points a scope is searched exactly.
    #[must_use]
    pub fn with_exact_up_to(mut self, points: u32) -> Self {
        self.exact_up_to = points;
        self
    }

    /// The hosts with their ports.
    pub(super) fn nodes(&self) -> impl Iterator<Item = String> {
        self.contact_points.iter().map(|host| {
            // A bare IPv6 address holds colons and no port.
            let bare = host.matches(':').count() > 1 && !host.starts_with('[');
            match () {
                () if bare => format!("[{host}]:{}", self.port),
                () if host.ends_with(']') || !host.contains(':') => format!("{host}:{}", self.port),
                () => host.clone(),
            }
        })
    }

    /// The replication of a new keyspace, as a map of CQL.
    pub(super) fn replication(&self) -> String {
        let copies = self.replication_factor.to_string();
        let options: Vec<(&str, &str)> = match (&self.local_datacenter, self.replication.is_empty()) {
            (_, false) => self.replication.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
            (Some(name), true) => vec![("class", "NetworkTopologyStrategy"), (name, &copies)],
            (None, true) => vec![("class", "SimpleStrategy"), ("replication_factor", &copies)],
        };
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let options: Vec<_> =
            options.into_iter().map(|(key, value)| format!("{}: {}", quoted(key), quoted(value))).collect();
        format!("{{{}}}", options.join(", "))
    }

    /// Whether every search sees every write that returned, if the keyspace
    /// keeps as many copies as is said here.
    pub(super) fn is_immediate(&self) -> bool {
        self.write_consistency == Consistency::All || (self.replication_factor == 1 && self.replication.is_empty())
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.secure_connect_bundle.is_some() {
            return Err(Error::config("secure_connect_bundle is not supported; give contact_points"));
        }
        if self.load_balancing_policy.is_some() {
            return Err(Error::config("load_balancing_policy is not supported; set local_datacenter"));
        }
        if self.protocol_version.is_some_and(|version| !(4..=5).contains(&version)) {
            return Err(Error::config("protocol_version is 4 or 5, and may be left out"));
        }
        if self.contact_points.is_empty() {
            return Err(Error::config("contact_points names no host"));
        }
        if self.username.is_some() != self.password.is_some() {
            return Err(Error::config("username and password go together"));
        }
        if !self.tls && (self.tls_ca_file.is_some() || self.tls_server_name.is_some()) {
            return Err(Error::config("tls_ca_file and tls_server_name go with tls"));
        }
        if !is_table_name(&self.keyspace, 48) {
            return Err(Error::config("keyspace is 1 to 48 characters of a-z 0-9 _, a letter first"));
        }
        if !is_table_name(&self.collection_name, 16) {
            return Err(Error::config("collection_name is 1 to 16 characters of a-z 0-9 _, a letter first"));
        }
        if self.consistency == Consistency::EachQuorum {
            return Err(Error::config("consistency cannot be each_quorum: that is for writes only"));
        }
        let ranges = [
            ("replication_factor is 1 to 100", u64::from(self.replication_factor), 1..=100),
            ("partitions is 1 to 1024", u64::from(self.partitions), 1..=1_024),
            ("exact_up_to is at most 100000", u64::from(self.exact_up_to), 0..=100_000),
            ("max_concurrent_writes is 1 to 64", self.max_concurrent_writes as u64, 1..=64),
            ("connect_timeout_ms is at least 1", self.connect_timeout_ms, 1..=u64::MAX),
            ("timeout_ms is at least 1", self.timeout_ms, 1..=u64::MAX),
        ];
        match ranges.into_iter().find(|(_, number, range)| !range.contains(number)) {
            Some((message, ..)) => Err(Error::config(message)),
            None => Ok(()),
        }
    }
}

fn is_table_name(name: &str, most: usize) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_';
    is_plain_name(name)
        && name.len() <= most
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<CassandraConfig> {
        let config: CassandraConfig = mem0_core::provider_config(value)?;
        config.check().map(|()| config)
    }

    #[test]
    fn the_python_librarys_keys_are_read() {
        let config = read(json!({
            "contact_points": ["a", "b"], "port": 9043, "username": "u", "password": "p", "keyspace": "mem0",
            "collection_name": "memories", "embedding_model_dims": 1536, "secure_connect_bundle": null,
            "protocol_version": 4, "load_balancing_policy": null,
        }));
        assert_eq!(config.unwrap().nodes().collect::<Vec<_>>(), ["a:9043", "b:9043"]);
    }

    #[test]
    fn hosts_are_read_with_and_without_a_port() {
        let config = read(json!({"url": "a, b:1,::1, [::2], [::3]:4"})).unwrap();
        assert_eq!(config.nodes().collect::<Vec<_>>(), ["a:9042", "b:1", "[::1]:9042", "[::2]:9042", "[::3]:4"]);
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for wrong in [
            json!({"host": "h"}),
            json!({"contact_points": []}),
            json!({"contact_points": "cassandra://h"}),
            json!({"username": "u"}),
            json!({"tls_server_name": "h"}),
            json!({"keyspace": "a-b"}),
            json!({"keyspace": "1a"}),
            json!({"collection_name": "Mem0"}),
            json!({"replication_factor": 0}),
            json!({"partitions": 0}),
            json!({"exact_up_to": 100_001}),
            json!({"max_concurrent_writes": 0}),
            json!({"timeout_ms": 0}),
            json!({"consistency": "each_quorum"}),
            json!({"consistency": "most"}),
            json!({"secure_connect_bundle": "b.zip"}),
            json!({"load_balancing_policy": "x"}),
            json!({"protocol_version": 3}),
        ] {
            let error = read(wrong.clone()).unwrap_err();
            assert_eq!(error.kind(), mem0_core::ErrorKind::Config, "{wrong}");
        }
    }

    #[test]
    fn a_new_keyspace_is_kept_where_it_is_said() {
        let replication = |value| read(value).unwrap().replication();
        assert_eq!(replication(json!({})), "{'class': 'SimpleStrategy', 'replication_factor': '1'}");
        assert_eq!(
            replication(json!({"local_datacenter": "it's", "replication_factor": 3})),
            "{'class': 'NetworkTopologyStrategy', 'it''s': '3'}"
        );
        let map = json!({"replication": {"class": "NetworkTopologyStrategy", "east": "3", "west": "2"}});
        assert_eq!(replication(map), "{'class': 'NetworkTopologyStrategy', 'east': '3', 'west': '2'}");
    }

    #[test]
    fn a_search_sees_all_writes_only_where_it_asks_every_copy_that_took_them() {
        let immediate = |value| read(value).unwrap().is_immediate();
        assert!(immediate(json!({})));
        assert!(!immediate(json!({"replication_factor": 3})));
        assert!(!immediate(json!({"replication": {"class": "NetworkTopologyStrategy", "east": "3"}})));
        assert!(immediate(json!({"replication_factor": 3, "write_consistency": "all"})));
    }

    #[test]
    fn no_secret_shows() {
        let config = read(json!({"username": "u", "password": "hidden"})).unwrap();
        let shown = format!("{config:?} {}", serde_json::to_string(&config).unwrap());
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
