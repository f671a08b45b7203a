//! Settings of the `vertexai` provider.

use mem0_http::Secret;
use mem0_http::google::Account;
use serde::{Deserialize, Serialize};

use crate::shared::embedder_config;

embedder_config! {
    /// Settings of the `vertexai` provider. There is no `api_key`.
    VertexAiConfig {
        /// The service account: its JSON or the path of its file.
        #[serde(alias = "google_service_account_json", alias = "credentials")]
        vertex_credentials_json: Option<Account>,
        /// A token that is good for as long as the program runs, in place of
        /// an account.
        access_token: Option<Secret>,
        /// The project.
        #[serde(alias = "google_project_id", alias = "project_id")]
        project: Option<String>,
        /// The location; `global` is one too.
        #[serde(alias = "google_location")]
        location: Option<String>,
        /// The address; that of the location where it is not set.
        base_url: Option<String>,
        /// What stored texts are embedded as; `RETRIEVAL_DOCUMENT` where it is
        /// not set.
        memory_add_embedding_type: Option<TaskType>,
        /// What changed texts are embedded as; it must be the one before,
        /// since both are searched together.
        memory_update_embedding_type: Option<TaskType>,
        /// What questions are embedded as; `RETRIEVAL_QUERY` where it is not
        /// set.
        memory_search_embedding_type: Option<TaskType>,
    }
}

/// What a text is embedded for, in the provider's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum TaskType {
    /// A question.
    RetrievalQuery,
    /// A text that is to be found.
    RetrievalDocument,
    /// Texts that are compared with each other.
    SemanticSimilarity,
    /// A text that gets a label.
    Classification,
    /// Texts that are grouped.
    Clustering,
    /// A question that a text answers.
    QuestionAnswering,
    /// A claim that a text supports or refutes.
    FactVerification,
    /// A question about code.
    CodeRetrievalQuery,
}
