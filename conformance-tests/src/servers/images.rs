//! The images of the products, as their vendors publish them.

/// How to see that a server answers: what it is sent on a new connection, and
/// what its answer begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// `GET` of this path is answered with 200.
    Http(&'static str),
    /// These bytes are answered with those.
    Bytes(&'static [u8], &'static [u8]),
}

/// `PING` of Redis.
const PING: Ready = Ready::Bytes(b"PING\r\n", b"+PONG");

/// The start of a session of PostgreSQL 3.0 as `postgres`: a server that takes
/// it asks for a password or says that none is needed, both with `R`.
const SESSION: Ready = Ready::Bytes(b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0", b"R");

/// `OPTIONS` of CQL 4, which is answered with `SUPPORTED`.
const OPTIONS: Ready = Ready::Bytes(b"\x04\0\0\0\x05\0\0\0\0", b"\x84\0\0\0\x06");

/// How one product is started.
#[derive(Clone, Copy, Debug)]
pub struct Image {
    /// The backend's name.
    pub name: &'static str,
    /// The image, pinned by its tag; none if no vendor publishes one that has
    /// what the backend needs.
    pub image: Option<&'static str>,
    /// The port within the container.
    pub port: u16,
    /// The variables that it needs.
    pub variables: &'static [(&'static str, &'static str)],
    /// Its arguments, if not those of the image.
    pub arguments: &'static [&'static str],
    /// The address, where `PORT` stands for the port on this machine.
    pub url: &'static str,
    /// When it is up.
    pub ready: Ready,
}

const fn image(name: &'static str, image: &'static str, port: u16, url: &'static str, ready: Ready) -> Image {
    Image { name, image: Some(image), port, variables: &[], arguments: &[], url, ready }
}

impl Image {
    const fn with(mut self, variables: &'static [(&'static str, &'static str)]) -> Self {
        self.variables = variables;
        self
    }
}

/// Every product that has an image; one line each.
pub const IMAGES: &[Image] = &[
    image("pgvector", "pgvector/pgvector:0.8.6-pg18-trixie", 5432, POSTGRES, SESSION)
        .with(&[("POSTGRES_PASSWORD", "postgres")]),
    image("redis", "redis:8.2", 6379, REDIS, PING),
    // The vendor's bundle has valkey-search, which is not RediSearch.
    Image { image: None, ..image("valkey", "", 6379, REDIS, PING) },
    image("opensearch", "opensearchproject/opensearch:2.19.1", 9200, HTTP, Ready::Http("/_cluster/health")).with(&[
        ("discovery.type", "single-node"),
        ("DISABLE_SECURITY_PLUGIN", "true"),
        ("OPENSEARCH_JAVA_OPTS", "-Xms512m -Xmx512m"),
    ]),
    image(
        "elasticsearch",
        "docker.elastic.co/elasticsearch/elasticsearch:8.19.4",
        9200,
        HTTP,
        Ready::Http("/_cluster/health"),
    )
    .with(&[
        ("discovery.type", "single-node"),
        ("xpack.security.enabled", "false"),
        ("ES_JAVA_OPTS", "-Xms512m -Xmx512m"),
    ]),
    image("cassandra", "cassandra:5.0", 9042, "127.0.0.1:PORT", OPTIONS)
        .with(&[("MAX_HEAP_SIZE", "512M"), ("HEAP_NEWSIZE", "128M")]),
    image(
        "weaviate",
        "cr.weaviate.io/semitechnologies/weaviate:1.36.2",
        8080,
        HTTP,
        Ready::Http("/v1/.well-known/ready"),
    )
    .with(&[
        ("AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED", "true"),
        ("PERSISTENCE_DATA_PATH", "/var/lib/weaviate"),
        ("DISABLE_TELEMETRY", "true"),
        ("CLUSTER_HOSTNAME", "node1"),
    ]),
    image("chroma", "chromadb/chroma:1.5.9", 8000, HTTP, Ready::Http("/api/v2/heartbeat")),
    Image {
        arguments: &["milvus", "run", "standalone"],
        ..image("milvus", "milvusdb/milvus:v2.6.0", 19530, HTTP, Ready::Http("/healthz")).with(&[
            ("ETCD_USE_EMBED", "true"),
            ("ETCD_DATA_DIR", "/var/lib/milvus/etcd"),
            ("COMMON_STORAGETYPE", "local"),
            ("DEPLOY_MODE", "STANDALONE"),
        ])
    },
    image("qdrant", "qdrant/qdrant:v1.19.1", 6333, HTTP, Ready::Http("/readyz")),
];

const HTTP: &str = "http://127.0.0.1:PORT";
const REDIS: &str = "redis://127.0.0.1:PORT";
const POSTGRES: &str = "postgres://postgres:postgres@127.0.0.1:PORT/postgres";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_is_pinned_and_every_name_its_own() {
        for (place, image) in IMAGES.iter().enumerate() {
            if let Some(name) = image.image {
                let (_, tag) = name.rsplit_once(':').unwrap();
                assert!(!tag.contains('/') && tag != "latest", "{name}");
            }
            assert!(image.url.contains("PORT"), "{}", image.name);
            assert!(IMAGES.iter().take(place).all(|other| other.name != image.name), "{}", image.name);
        }
    }

    #[test]
    fn the_session_of_postgres_says_its_length() {
        let Ready::Bytes(sent, _) = SESSION else { panic!() };
        assert_eq!(u32::from_be_bytes(sent[..4].try_into().unwrap()) as usize, sent.len());
    }
}
