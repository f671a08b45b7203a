//! OpenAI and every host of its shape.

pub(crate) fn register(registry: &mut mem0_core::Registry) {
    let _ = registry;
}
