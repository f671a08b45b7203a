//! What has to happen in one step, as scripts on the server.

use std::sync::LazyLock;

use redis::Script;

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident $($file:literal)+;)+) => {$(
        $(#[$doc])*
        pub(super) static $name: LazyLock<Script> = LazyLock::new(|| Script::new(concat!($(include_str!($file)),+)));
    )+};
}

scripts! {
    GET "scripts/get.lua";
    DROP "scripts/drop.lua";

    OPEN "scripts/search/open.lua";
    FILL "scripts/search/fill.lua";
    UPSERT "scripts/search/upsert.lua";
    DELETE_IDS "scripts/search/delete_ids.lua";
    DELETE_SCOPE "scripts/search/delete_scope.lua";

    SETS_OPEN "scripts/vector_sets/open.lua";
    SETS_UPSERT "scripts/vector_sets/common.lua" "scripts/vector_sets/upsert.lua";
    SETS_SEARCH "scripts/vector_sets/common.lua" "scripts/vector_sets/search.lua";
    SETS_WALK "scripts/vector_sets/common.lua" "scripts/vector_sets/walk.lua";
    SETS_DELETE_IDS "scripts/vector_sets/common.lua" "scripts/vector_sets/delete_ids.lua";
}
