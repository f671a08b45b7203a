//! The configuration of `aws_bedrock`.

use mem0_http::Secret;
use serde_json::{Map, Value};

use crate::shared::llm_config;

llm_config! {
    /// The configuration of `aws_bedrock`. Without keys of its own it uses a
    /// profile or the usual variables of Amazon's tools. It has no `api_key`.
    BedrockConfig {
        /// The region; else `AWS_REGION`, else `AWS_DEFAULT_REGION`.
        #[serde(alias = "region")]
        aws_region: Option<String>,
        /// Only together with `aws_secret_access_key`.
        aws_access_key_id: Option<Secret>,
        /// Only together with `aws_access_key_id`.
        aws_secret_access_key: Option<Secret>,
        /// For keys that end by themselves.
        aws_session_token: Option<Secret>,
        /// A profile of the shared credentials file.
        aws_profile: Option<String>,
        /// Where the API is; else the host of the region.
        #[serde(alias = "endpoint_url", alias = "aws_bedrock_base_url")]
        base_url: Option<String>,
        /// The maker of the model, where its name does not say it: that of a
        /// provisioned or imported one.
        provider_override: Option<String>,
        /// What only this model knows, handed on as it is
        /// (`additionalModelRequestFields`).
        model_kwargs: Option<Map<String, Value>>,
        /// The guardrail that all calls pass through.
        guardrail_id: Option<String>,
        /// Its version; `DRAFT` where it is not set.
        guardrail_version: Option<String>,
    }
}
