//! Settings of the `aws_bedrock` provider.

use mem0_http::Secret;

use crate::shared::embedder_config;

embedder_config! {
    /// Settings of the `aws_bedrock` provider.
    BedrockConfig {
        /// Whose key it is; only together with the next.
        aws_access_key_id: Option<Secret>,
        /// Signs.
        aws_secret_access_key: Option<Secret>,
        /// For credentials that end by themselves.
        aws_session_token: Option<Secret>,
        /// A profile of the shared credentials file.
        aws_profile: Option<String>,
        /// The region.
        aws_region: Option<String>,
        /// The address; that of the region where it is not set.
        base_url: Option<String>,
    }
}
