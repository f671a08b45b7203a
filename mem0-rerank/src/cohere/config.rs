//! Settings of the `cohere` provider.

use crate::shared::rerank_config;

rerank_config! {
    /// Settings of the `cohere` provider.
    CohereConfig {
        /// Where a document is cut, in tokens; the provider's 4,096 where it is
        /// not set.
        max_tokens_per_doc: Option<u32>,
        /// The Python library's key of the API's first version; accepted and
        /// without effect: the second has `max_tokens_per_doc` instead.
        max_chunks_per_doc: Option<u32>,
        /// The Python library's key; accepted and without effect: documents are
        /// never asked for.
        return_documents: Option<bool>,
    }
}
