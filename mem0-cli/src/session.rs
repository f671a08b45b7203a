//! What the global options say: which memory, and whose.

use clap::ArgMatches;
use clap::parser::ValueSource;
use mem0::{Builder, Config, Error, ErrorKind, Filter, Mem0, Scope, ScopeFields, SearchOptions, Slot};
use serde_json::{Value, json};

use crate::cli::{Globals, ScopeArgs, WhichArgs};
use crate::exit::Failure;

/// The global options, in order.
#[derive(Debug)]
pub(crate) struct Session {
    globals: Globals,
    /// The ids of the command line.
    given: ScopeArgs,
    /// The same, or those of the environment if there are none.
    effective: ScopeArgs,
}

impl Session {
    pub(crate) fn new(globals: Globals, matches: &ArgMatches) -> Self {
        let mut innermost = matches;
        while let Some((_, inner)) = innermost.subcommand() {
            innermost = inner;
        }
        let typed: Vec<&str> = ScopeArgs::NAMES
            .into_iter()
            .filter(|name| innermost.value_source(name) == Some(ValueSource::CommandLine))
            .collect();
        let given = globals.scope.keep(|name, _| typed.contains(&name));
        // A variable that is set to nothing is not set.
        let effective =
            if typed.is_empty() { globals.scope.keep(|_, id| !id.trim().is_empty()) } else { given.clone() };
        Self { globals, given, effective }
    }

    /// The configuration in use.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        let mut config = mem0::read_config(self.globals.config.as_deref()).map_err(|e| {
            if e.kind() != ErrorKind::NotFound {
                return e;
            }
            let path = self.globals.config.as_deref().unwrap_or_else(|| "".as_ref());
            Error::config("there is no such configuration file").with_context("path", path.display())
        })?;
        if let Some(folder) = &self.globals.data_dir {
            config.data_dir = Some(folder.clone());
        }
        if config.data_dir.is_none() {
            config.data_dir = Some(mem0::default_data_dir()?);
        }
        if let Some(name) = &self.globals.llm {
            config.llm = Some(llm(name, config.llm)?);
        }
        Ok(config)
    }

    pub(crate) async fn builder(&self) -> Result<Builder, Failure> {
        Ok(mem0::builder(&self.config()?).await?)
    }

    pub(crate) async fn open(&self) -> Result<Mem0, Failure> {
        Ok(self.builder().await?.open().await?)
    }

    /// Whose memory, if anybody's is named.
    pub(crate) fn scope(&self) -> Result<Option<Scope>, Failure> {
        scope(self.effective.fields())
    }

    /// Whose memory, if the command line names anybody.
    pub(crate) fn given_scope(&self) -> Result<Option<Scope>, Failure> {
        scope(self.given.fields())
    }

    /// Whose memory; somebody must be named.
    pub(crate) fn needed_scope(&self) -> Result<Scope, Failure> {
        needed(self.scope()?)
    }

    /// The ids of the options, not yet checked.
    pub(crate) fn scope_fields(&self) -> ScopeFields {
        self.effective.fields()
    }

    /// The scope of a search, and how to search it.
    pub(crate) fn scope_and_search(&self, which: &WhichArgs, limit: usize) -> Result<(Scope, SearchOptions), Failure> {
        let (scope, filter) = self.scope_and_filter(which.filter.as_deref())?;
        let search = SearchOptions::default().filter(filter).limit(limit).threshold(which.threshold);
        Ok((scope, search.when(which.when.when())))
    }

    /// Whose memory and which, where a filter may say both.
    pub(crate) fn scope_and_filter(&self, filter: Option<&str>) -> Result<(Scope, Filter), Failure> {
        let Some(text) = filter else { return Ok((self.needed_scope()?, Filter::All)) };
        let (ids, filter) = Filter::split_scope_json_str(text)
            .map_err(|e| Failure::from(e).hint("`mem0 search --help` shows how filters are written"))?;
        if ids.is_empty() {
            return Ok((self.needed_scope()?, filter));
        }
        let mut fields = self.given.fields();
        for (key, id) in ids {
            let slot = match key.as_str() {
                "org_id" => &mut fields.org_id,
                "app_id" => &mut fields.app_id,
                "user_id" => &mut fields.user_id,
                "agent_id" => &mut fields.agent_id,
                _ => &mut fields.run_id,
            };
            if slot.as_ref().is_some_and(|given| given.trim() != id.trim()) {
                return Err(Failure::usage(format!("the filter and the options differ in {key}")));
            }
            *slot = Some(id);
        }
        Ok((needed(scope(fields)?)?, filter))
    }
}

/// The language model of a name such as `openai/gpt-5-mini`. What is configured
/// for the same provider beside the model stays.
pub(crate) fn llm(name: &str, configured: Option<Slot>) -> Result<Slot, Failure> {
    let (provider, model) = match name.split_once('/') {
        Some((provider, model)) => (provider, Some(model)),
        None => (name, None),
    };
    if provider.is_empty() || model.is_some_and(str::is_empty) {
        return Err(Failure::usage("--llm names a provider and a model, as in openai/gpt-5-mini")
            .hint("`mem0 providers` lists the providers"));
    }
    let mut slot = configured.filter(|slot| slot.provider == provider).unwrap_or_else(|| Slot::new(provider));
    match (&mut slot.config, model) {
        (_, None) => {}
        (Value::Object(keys), Some(model)) => {
            keys.insert("model".to_owned(), model.into());
        }
        (config, Some(model)) => *config = json!({ "model": model }),
    }
    Ok(slot)
}

/// A scope, or none if no id is set at all.
pub(crate) fn scope(fields: ScopeFields) -> Result<Option<Scope>, Failure> {
    if fields == ScopeFields::default() {
        return Ok(None);
    }
    Scope::from_fields(fields).map(Some).map_err(|e| Failure::from(e).hint(WHOSE))
}

pub(crate) fn needed(scope: Option<Scope>) -> Result<Scope, Failure> {
    scope.ok_or_else(|| Failure::usage("whose memory? No user, agent or run is named").hint(WHOSE))
}

const WHOSE: &str = "name at least one of --user, --agent and --run, or set MEM0_USER_ID, MEM0_AGENT_ID or MEM0_RUN_ID";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_named_by_its_provider() {
        let configured = || Some(Slot::new("openai").with_config(json!({"model": "a", "base_url": "http://x"})));
        let slot = |name: &str| llm(name, configured()).unwrap();
        assert_eq!(slot("openai/b").config, json!({"model": "b", "base_url": "http://x"}));
        assert_eq!(slot("openai"), configured().unwrap());
        assert_eq!(slot("together/meta/llama"), Slot::new("together").with_config(json!({"model": "meta/llama"})));
        assert_eq!(slot("ollama"), Slot::new("ollama"));
        assert!(llm("/b", None).is_err() && llm("openai/", None).is_err());
    }
}
