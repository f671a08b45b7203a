//! Ollama's own API.

pub(crate) fn register(registry: &mut mem0_core::Registry) {
    let _ = registry;
}
