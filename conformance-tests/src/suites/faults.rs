//! What can go wrong on the way to a provider behind HTTP: written once for
//! every kind of provider.
//!
//! In each case the server quotes the key and the text of the call wherever it
//! has room, and neither may show in the error.

use std::time::Duration;

use async_trait::async_trait;
use mem0_core::{Error, ErrorKind, Retry};
use serde_json::{Value, json};

use crate::check::{Stop, Verdict};
use crate::fakes::{Fault, Reply};
use crate::harness::{RETRIES, Remote};
use crate::suite::Case;
use crate::{check, check_eq};

/// A context whose backend may be behind HTTP.
#[async_trait]
pub(crate) trait Distant: Send + Sync + 'static {
    /// A fresh server and a handle on it whose tries take this long at most.
    async fn remote(&self, timeout: Duration) -> Verdict<Remote>;
}

/// Long enough for an answer of this machine when it is busy.
const PATIENT: Duration = Duration::from_secs(20);
/// So short that a case which waits for it is over soon.
const BRIEF: Duration = Duration::from_millis(250);

macro_rules! fault_cases {
    ($($timeout:ident $name:ident,)+) => {
        /// The cases, for any family.
        pub(crate) fn cases<C: Distant>() -> Vec<Case<C>> {
            vec![$(Case {
                rule: 0,
                name: stringify!($name),
                run: |context| Box::pin(async move { $name(&Called::new(context.remote($timeout).await?).await?).await }),
            },)+]
        }
    };
}

fault_cases! {
    PATIENT all_a_refused_key_is_unauthenticated,
    PATIENT all_a_key_without_rights_is_permission_denied,
    PATIENT all_a_refused_request_is_not_repeated,
    PATIENT all_a_request_to_wait_is_honoured,
    PATIENT all_a_long_wait_is_handed_on,
    PATIENT all_a_limit_on_the_rate_that_stays_is_told,
    PATIENT all_what_passes_is_repeated,
    PATIENT all_what_stays_is_repeated_so_often_only,
    PATIENT all_a_broken_answer_is_unavailable,
    PATIENT all_a_closed_connection_is_unavailable,
    PATIENT all_a_strange_answer_is_bad_output,
    PATIENT all_an_endless_answer_is_cut,
    BRIEF all_silence_is_a_timeout,
    PATIENT all_nobody_there_is_unavailable,
    PATIENT all_redirects_are_not_followed,
}

/// A remote that has worked once, so that what it fetches only once (a token,
/// the length of a vector) is there.
struct Called {
    remote: Remote,
    /// The requests of one call.
    usual: usize,
}

impl Called {
    async fn new(remote: Remote) -> Verdict<Self> {
        (remote.call)().await?;
        let before = remote.server.seen().len();
        (remote.call)().await?;
        let usual = remote.server.seen().len() - before;
        check_eq!(usual, 1, "requests of one small call");
        Ok(Self { remote, usual })
    }

    /// A refusal that quotes what it must not.
    fn refusal(&self, status: u16) -> Reply {
        let quote = format!("you sent {} and {}", self.remote.key, self.remote.text);
        let error = json!({
            "message": quote, "code": self.remote.key, "type": quote, "status": quote, "param": self.remote.text,
        });
        let body = json!({"error": error, "message": quote, "detail": quote, "__type": quote, "code": self.remote.key});
        Reply::json(status, &body).with_header("x-quote", self.remote.key)
    }

    /// Calls, and counts the requests.
    async fn call(&self) -> Verdict<(Result<(), Error>, usize)> {
        let before = self.remote.server.seen().len();
        // Not a measurement: what hangs for ever is to fail with these words.
        let answer = match tokio::time::timeout(Duration::from_secs(60), (self.remote.call)()).await {
            Ok(answer) => answer,
            Err(_) => return Err(Stop::Failed("a call did not end within a minute".to_owned())),
        };
        Ok((answer, self.remote.server.seen().len() - before))
    }

    /// A call with a fault must end with this kind after so many requests.
    async fn fails(&self, kind: ErrorKind, requests: usize) -> Verdict<Error> {
        let (answer, seen) = self.call().await?;
        let Err(error) = answer else {
            return Err(Stop::Failed(format!("a call succeeded; due was an error of kind {kind:?}")));
        };
        self.is_discreet(&error)?;
        check_eq!(error.kind(), kind, "the kind of the error {error}");
        check_eq!(seen, requests, "requests of a call that ended with {error}");
        check!(error.provider().is_some(), "the error names no provider: {error}");
        Ok(error)
    }

    /// As `fails`, with this fault from now on; afterwards the handle works.
    async fn fails_with(&self, fault: Fault, kind: ErrorKind, requests: usize) -> Verdict<Error> {
        self.remote.server.fail_always(Some(fault));
        let error = self.fails(kind, requests).await?;
        self.remote.server.fail_always(None);
        self.works(self.usual).await?;
        Ok(error)
    }

    async fn works(&self, requests: usize) -> Verdict {
        let (answer, seen) = self.call().await?;
        answer?;
        check_eq!(seen, requests, "requests of a call that succeeds");
        Ok(())
    }

    fn is_discreet(&self, error: &Error) -> Verdict {
        for (what, hidden) in [("key", self.remote.key), ("text", self.remote.text)] {
            let shown = format!("{error}\n{error:?}").contains(hidden);
            // The error itself would print what must not show.
            check!(!shown, "an error of kind {:?} shows the {what}", error.kind());
        }
        Ok(())
    }
}

async fn all_a_refused_key_is_unauthenticated(called: &Called) -> Verdict {
    let error = called.fails_with(Fault::Reply(called.refusal(401)), ErrorKind::Unauthenticated, 1).await?;
    check_eq!(error.retry(), Retry::Never, "whether trying again helps");
    Ok(())
}

async fn all_a_key_without_rights_is_permission_denied(called: &Called) -> Verdict {
    called.fails_with(Fault::Reply(called.refusal(403)), ErrorKind::PermissionDenied, 1).await?;
    Ok(())
}

async fn all_a_refused_request_is_not_repeated(called: &Called) -> Verdict {
    for status in [400, 422] {
        let error = called.fails_with(Fault::Reply(called.refusal(status)), ErrorKind::InvalidInput, 1).await?;
        check_eq!(error.retry(), Retry::Never, "whether trying again helps");
    }
    Ok(())
}

async fn all_a_request_to_wait_is_honoured(called: &Called) -> Verdict {
    for (name, value) in [("retry-after", "0"), ("retry-after-ms", "1")] {
        called.remote.server.fail_next(Fault::Reply(called.refusal(429).with_header(name, value)));
        called.works(2).await?;
    }
    Ok(())
}

async fn all_a_long_wait_is_handed_on(called: &Called) -> Verdict {
    for status in [429, 503] {
        let reply = called.refusal(status).with_header("retry-after", "3600");
        let kind = if status == 429 { ErrorKind::RateLimited } else { ErrorKind::Unavailable };
        let error = called.fails_with(Fault::Reply(reply), kind, 1).await?;
        check_eq!(error.retry_after(), Some(Duration::from_secs(3_600)), "the wait that the provider asked for");
    }
    Ok(())
}

async fn all_a_limit_on_the_rate_that_stays_is_told(called: &Called) -> Verdict {
    let reply = called.refusal(429).with_header("retry-after-ms", "1");
    let error = called.fails_with(Fault::Reply(reply), ErrorKind::RateLimited, 1 + RETRIES).await?;
    check_eq!(error.retry(), Retry::Exhausted, "whether trying again helps");
    check_eq!(error.retry_after(), Some(Duration::from_millis(1)), "the wait that the provider asked for");
    Ok(())
}

async fn all_what_passes_is_repeated(called: &Called) -> Verdict {
    for failures in 1..=RETRIES {
        for status in [500, 502, 503].into_iter().cycle().take(failures) {
            called.remote.server.fail_next(Fault::Reply(called.refusal(status)));
        }
        called.works(failures + 1).await?;
    }
    for fault in [Fault::Close, Fault::Truncate] {
        called.remote.server.fail_next(fault);
        called.works(2).await?;
    }
    Ok(())
}

async fn all_what_stays_is_repeated_so_often_only(called: &Called) -> Verdict {
    for status in [500, 503] {
        let reply = Fault::Reply(called.refusal(status));
        let error = called.fails_with(reply, ErrorKind::Unavailable, 1 + RETRIES).await?;
        check_eq!(error.retry(), Retry::Exhausted, "whether trying again helps");
    }
    Ok(())
}

async fn all_a_broken_answer_is_unavailable(called: &Called) -> Verdict {
    called.fails_with(Fault::Truncate, ErrorKind::Unavailable, 1 + RETRIES).await?;
    Ok(())
}

async fn all_a_closed_connection_is_unavailable(called: &Called) -> Verdict {
    called.fails_with(Fault::Close, ErrorKind::Unavailable, 1 + RETRIES).await?;
    Ok(())
}

async fn all_a_strange_answer_is_bad_output(called: &Called) -> Verdict {
    let (key, text) = (called.remote.key, called.remote.text);
    let quote = json!(format!("{key} {text}"));
    let mut bodies: Vec<String> = ["", "{", "<html>", "\u{feff}{}", "nul\0l"].map(str::to_owned).into();
    let odd: [Value; 8] = [
        Value::Null,
        json!([]),
        json!({}),
        json!(17),
        quote.clone(),
        json!([quote]),
        json!({"error": {"message": quote}}),
        json!({quote.to_string(): quote}),
    ];
    bodies.extend(odd.map(|body| body.to_string()));
    for body in bodies {
        let reply = Reply { status: 200, headers: Vec::new(), body: body.into() };
        called.fails_with(Fault::Reply(reply), ErrorKind::BadModelOutput, 1).await?;
    }
    Ok(())
}

async fn all_an_endless_answer_is_cut(called: &Called) -> Verdict {
    called.fails_with(Fault::Endless, ErrorKind::BadModelOutput, 1).await?;
    Ok(())
}

async fn all_silence_is_a_timeout(called: &Called) -> Verdict {
    called.remote.server.fail_always(Some(Fault::Hang));
    called.fails(ErrorKind::Timeout, 1 + RETRIES).await?;
    Ok(())
}

async fn all_nobody_there_is_unavailable(called: &Called) -> Verdict {
    called.remote.server.stop().await;
    called.fails(ErrorKind::Unavailable, 0).await?;
    Ok(())
}

async fn all_redirects_are_not_followed(called: &Called) -> Verdict {
    for status in [301, 302, 307, 308] {
        let elsewhere = format!("{}/elsewhere", called.remote.server.url());
        let reply = called.refusal(status).with_header("location", &elsewhere);
        called.fails_with(Fault::Reply(reply), ErrorKind::Config, 1).await?;
    }
    Ok(())
}
