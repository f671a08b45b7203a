//! How the layers are set.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Limits for the calls to one backend.
///
/// ```
/// use mem0_core::layers::LayerOptions;
///
/// let mut options = LayerOptions::default();
/// options.max_retries = 0;
/// options.concurrency = Some(4);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LayerOptions {
    /// The longest that one try may take; 30 seconds by default. A batch has
    /// as long again for every thousand items, and opening or dropping a
    /// collection ten times as long: an index may have to be made.
    pub timeout: Option<Duration>,
    /// How often a call is repeated at most; 3 by default, 0 for never.
    pub max_retries: u32,
    /// The wait before the first repetition is random between zero and this,
    /// and the upper end doubles with each; 100 milliseconds by default.
    pub backoff_base: Duration,
    /// Where the doubling ends; 5 seconds by default.
    pub backoff_max: Duration,
    /// How long a backend may ask to wait. If it asks for longer, the call
    /// fails at once and the caller decides; 60 seconds by default.
    pub longest_wait: Duration,
    /// How many repetitions all calls together may use up before calls succeed
    /// again: ten successes give one back. Keeps a backend that is down from
    /// getting several times its usual load; 20 by default.
    pub retry_budget: u32,
    /// How many calls run at a time, others wait for their turn; 32 by default.
    /// 0 counts as 1.
    pub concurrency: Option<usize>,
    /// Where the random waits start, so that a test can know them. By default
    /// it is drawn anew for each value, so that processes do not retry in step.
    pub seed: Option<u64>,
}

impl Default for LayerOptions {
    fn default() -> Self {
        Self {
            timeout: Some(Duration::from_secs(30)),
            max_retries: 3,
            backoff_base: Duration::from_millis(100),
            backoff_max: Duration::from_secs(5),
            longest_wait: Duration::from_secs(60),
            retry_budget: 20,
            concurrency: Some(32),
            seed: None,
        }
    }
}

/// [`LayerOptions`] as a configuration says them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CallLimits {
    /// The longest that one try may take, in seconds; 30 by default, 0 for no
    /// limit.
    pub timeout_s: f64,
    /// How often a call that may pass is repeated; once by default.
    pub max_retries: u32,
    /// How many calls run at a time; 32 by default.
    pub concurrency: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self { timeout_s: 30.0, max_retries: 1, concurrency: 32 }
    }
}

impl CallLimits {
    /// # Errors
    /// `Config` if the time is negative or no time at all.
    pub(crate) fn layers(&self) -> Result<LayerOptions> {
        let timeout = Duration::try_from_secs_f64(self.timeout_s)
            .map_err(|_| Error::config("timeout_s is a number of seconds, 0 or more"))?;
        let timeout = (!timeout.is_zero()).then_some(timeout);
        let (max_retries, concurrency) = (self.max_retries, Some(self.concurrency));
        Ok(LayerOptions { timeout, max_retries, concurrency, ..LayerOptions::default() })
    }
}
