//! What has to happen in one step, as scripts on the server.

use std::sync::LazyLock;

use redis::Script;

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident $file:literal;)+) => {$(
        $(#[$doc])*
        pub(super) static $name: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!($file)));
    )+};
}

scripts! {
    OPEN "scripts/open.lua";
    UPSERT "scripts/upsert.lua";
    GET "scripts/get.lua";
    DELETE_IDS "scripts/delete_ids.lua";
    DELETE_SCOPE "scripts/delete_scope.lua";
    DROP "scripts/drop.lua";
}
