//! Amazon's credentials and Signature Version 4, for every service that is
//! spoken to without its SDK.

mod credentials;
mod sign;

pub use credentials::{Credentials, Given, region};
pub use sign::{body_hash, sign};
