//! The configuration of `vertexai`.

use mem0_http::Secret;
use mem0_http::google::Account;

use crate::shared::llm_config;

llm_config! {
    /// The configuration of `vertexai`. It has no key: requests carry an access
    /// token, so that `api_key` is refused.
    VertexAiConfig {
        /// The project; else `GOOGLE_CLOUD_PROJECT`, else that of the account.
        #[serde(alias = "project_id")]
        project: Option<String>,
        /// The region, or `global`; else `GOOGLE_CLOUD_LOCATION`, else
        /// `us-central1`.
        #[serde(alias = "region")]
        location: Option<String>,
        /// A service account, as JSON or as the path of its file; else the file
        /// in `GOOGLE_APPLICATION_CREDENTIALS`.
        #[serde(alias = "vertex_credentials_json", alias = "google_service_account_json")]
        credentials: Option<Account>,
        /// A token that something else renews, instead of an account.
        access_token: Option<Secret>,
        /// Where the API is; else the host of the location.
        base_url: Option<String>,
    }
}
