//! What has to happen in one step, as scripts on the server.

use std::sync::LazyLock;

use redis::Script;

use super::config::Layout;

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident $($file:literal)+;)+) => {$(
        $(#[$doc])*
        pub(super) static $name: LazyLock<Script> = LazyLock::new(|| Script::new(concat!($(include_str!($file)),+)));
    )+};
}

scripts! {
    DROP "scripts/drop.lua";

    OPEN "scripts/search/open.lua";
    FILL "scripts/search/fill.lua";

    OWN_GET "scripts/own.lua" "scripts/get.lua";
    OWN_UPSERT "scripts/own.lua" "scripts/search/upsert.lua";
    OWN_DELETE_IDS "scripts/own.lua" "scripts/search/delete_ids.lua";
    OWN_DELETE_SCOPE "scripts/own.lua" "scripts/search/delete_scope.lua";

    MEM0AI_GET "scripts/mem0ai.lua" "scripts/get.lua";
    MEM0AI_UPSERT "scripts/mem0ai.lua" "scripts/search/upsert.lua";
    MEM0AI_DELETE_IDS "scripts/mem0ai.lua" "scripts/search/delete_ids.lua";
    MEM0AI_DELETE_SCOPE "scripts/mem0ai.lua" "scripts/search/delete_scope.lua";

    SETS_OPEN "scripts/vector_sets/open.lua";
    SETS_UPSERT "scripts/vector_sets/common.lua" "scripts/vector_sets/upsert.lua";
    SETS_SEARCH "scripts/vector_sets/common.lua" "scripts/vector_sets/search.lua";
    SETS_WALK "scripts/vector_sets/common.lua" "scripts/vector_sets/walk.lua";
    SETS_DELETE_IDS "scripts/vector_sets/common.lua" "scripts/vector_sets/delete_ids.lua";
}

/// The scripts of points in one layout.
#[derive(Clone, Copy)]
pub(super) struct OfPoints {
    pub(super) get: &'static Script,
    pub(super) upsert: &'static Script,
    pub(super) delete_ids: &'static Script,
    pub(super) delete_scope: &'static Script,
}

pub(super) fn of_points(layout: Layout) -> OfPoints {
    match layout {
        Layout::Own => OfPoints {
            get: &OWN_GET,
            upsert: &OWN_UPSERT,
            delete_ids: &OWN_DELETE_IDS,
            delete_scope: &OWN_DELETE_SCOPE,
        },
        Layout::Mem0ai => OfPoints {
            get: &MEM0AI_GET,
            upsert: &MEM0AI_UPSERT,
            delete_ids: &MEM0AI_DELETE_IDS,
            delete_scope: &MEM0AI_DELETE_SCOPE,
        },
    }
}
