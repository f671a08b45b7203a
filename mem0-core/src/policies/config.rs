//! What an extraction is to look for.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::prompts::{self, fill};

/// What kind of conversations they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Profile {
    /// People and their lives.
    #[default]
    PersonalAssistant,
    /// Customers, their products and their problems.
    CustomerSupport,
    /// A code base and how its people work.
    CodingAgent,
    /// Patients.
    Healthcare,
    /// Prospects, needs and deals.
    Sales,
    /// Learners and what they master.
    Education,
    /// What `instructions`, `includes` and `excludes` say, and nothing else.
    Custom,
}

impl Profile {
    /// Whose memory it is, and what is worth remembering.
    const fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::PersonalAssistant => {
                ("a personal assistant", include_str!("../prompts/profiles/personal_assistant.md"))
            }
            Self::CustomerSupport => ("a support team", include_str!("../prompts/profiles/customer_support.md")),
            Self::CodingAgent => ("a coding agent", include_str!("../prompts/profiles/coding_agent.md")),
            Self::Healthcare => ("a care team", include_str!("../prompts/profiles/healthcare.md")),
            Self::Sales => ("a sales team", include_str!("../prompts/profiles/sales.md")),
            Self::Education => ("a tutor", include_str!("../prompts/profiles/education.md")),
            Self::Custom => ("an assistant", ""),
        }
    }
}

/// A label that facts may get. In a configuration a bare name is enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "CategoryJson")]
pub struct Category {
    /// The label.
    pub name: String,
    /// What belongs there; may be empty.
    pub description: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CategoryJson {
    Name(String),
    Full {
        name: String,
        #[serde(default)]
        description: String,
    },
}

impl From<CategoryJson> for Category {
    fn from(json: CategoryJson) -> Self {
        match json {
            CategoryJson::Name(name) => Self { name, description: String::new() },
            CategoryJson::Full { name, description } => Self { name, description },
        }
    }
}

/// What is said, and what is to be remembered of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What is said.
    pub said: String,
    /// The facts of it; none where there is nothing to remember.
    pub facts: Vec<String>,
}

/// The configuration of the policies that ask a model.
///
/// ```
/// use mem0_core::policies::{PolicyConfig, Profile};
///
/// let config: PolicyConfig = serde_json::from_value(serde_json::json!({
///     "profile": "coding_agent",
///     "custom_instructions": "Remember which team owns which service.",
///     "categories": ["build", {"name": "style", "description": "conventions of the code"}],
/// }))?;
/// assert_eq!(config.profile, Profile::CodingAgent);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PolicyConfig {
    /// What kind of conversations they are; `personal_assistant` by default.
    pub profile: Profile,
    /// What else is to be observed, in words for the model.
    #[serde(alias = "custom_instructions")]
    pub instructions: Option<String>,
    /// What must be remembered.
    pub includes: Vec<String>,
    /// What must not be remembered.
    pub excludes: Vec<String>,
    /// The labels that facts may get in the same call. Without any, facts get
    /// only those of the call.
    pub categories: Vec<Category>,
    /// Whether the model also lists the names in each fact, in the same call.
    /// Off by default: names are found by how they are written, which needs no
    /// model, but finds few in scripts without capital letters.
    pub entities: bool,
    /// What is to be remembered of what, shown to the model.
    pub examples: Vec<Example>,
    /// Replaces our prompt for finding facts. What makes the answer readable
    /// and keeps orders in the data from being followed is put below it.
    #[serde(alias = "custom_fact_extraction_prompt")]
    pub extraction_prompt: Option<String>,
    /// Replaces our prompt for what facts change, in the same way.
    #[serde(alias = "custom_update_memory_prompt")]
    pub update_prompt: Option<String>,
    /// How many known memories the model is shown: for each fact in
    /// `two_phase` (5 by default), for the new messages together in the others
    /// (20 by default).
    pub neighbours: Option<usize>,
    /// From this cosine on a fact is a duplicate of a memory, whatever its
    /// words. Not set by default: then only facts of the same words in the
    /// same order are, since static embedders hardly tell "tea" from "coffee".
    pub duplicate_similarity: Option<f32>,
    /// The longest answer of the model in tokens; what the model is configured
    /// with where it is not set.
    pub max_tokens: Option<u32>,
}

/// What a model is told about names.
const ENTITIES: &str = "\nEntities: list the names in each fact (people, places, organisations, products, titles), as they \
                        are written in it; none is fine.\n";

impl PolicyConfig {
    /// Refuses what cannot be meant.
    pub(super) fn check(&self) -> Result<()> {
        let silent = self.instructions.is_none() && self.includes.is_empty() && self.extraction_prompt.is_none();
        if self.profile == Profile::Custom && silent {
            return Err(Error::config("profile custom needs `instructions`, `includes` or `extraction_prompt`"));
        }
        if self.neighbours.is_some_and(|n| n > 200) {
            return Err(Error::config("neighbours is at most 200"));
        }
        if self.duplicate_similarity.is_some_and(|s| !(0.5..=1.0).contains(&s)) {
            return Err(Error::config("duplicate_similarity lies in 0.5..=1"));
        }
        if self.categories.iter().any(|c| c.name.trim().is_empty() || c.name.len() > 256) {
            return Err(Error::config("a category is 1 to 256 bytes"));
        }
        Ok(())
    }

    /// A prompt with everything that this configuration and the call say.
    pub(super) fn system(&self, template: &str, instructions: Option<&str>) -> String {
        let (persona, profile) = self.profile.text();
        let profile = self.extraction_prompt.as_deref().unwrap_or(profile);
        let categories = self.categories_text() + if self.entities { ENTITIES } else { "" };
        let custom = self.custom_text(instructions);
        let update = self.update_prompt.as_deref().map(|own| format!("How facts change known memories:\n{own}"));
        let update = update.unwrap_or_default();
        let fields = [(!self.categories.is_empty(), "categories"), (self.entities, "entities")];
        let fields = fields.into_iter().filter_map(|(asked, name)| asked.then_some(name));
        let (mut field, mut field_last) = (String::new(), String::new());
        for name in fields {
            field.push_str(&format!(" \"{name}\": [],"));
            field_last.push_str(&format!(", \"{name}\": []"));
        }
        let values = [
            ("persona", persona),
            ("profile", profile),
            ("rules", prompts::RULES),
            ("update", &update),
            ("categories", &categories),
            ("custom", &custom),
            ("category_field", &field),
            ("category_field_last", &field_last),
        ];
        fill(template, &values)
    }

    fn categories_text(&self) -> String {
        let mut text = String::new();
        if self.categories.is_empty() {
            return text;
        }
        text.push_str("\nCategories: give each fact those that fit, by these names only; none is fine.\n");
        for Category { name, description } in &self.categories {
            let colon = if description.is_empty() { "" } else { ": " };
            text.push_str(&format!("- {name}{colon}{description}\n"));
        }
        text
    }

    fn custom_text(&self, instructions: Option<&str>) -> String {
        let mut text = String::new();
        let mut list = |title: &str, items: &[String]| {
            if !items.is_empty() {
                text.push_str(&format!("\n{title}\n- {}\n", items.join("\n- ")));
            }
        };
        list("Always remember:", &self.includes);
        list("Never remember:", &self.excludes);
        let own = [self.instructions.as_deref(), instructions];
        list("Also observe:", &own.into_iter().flatten().map(str::to_owned).collect::<Vec<_>>());
        if !self.examples.is_empty() {
            text.push_str("\nExamples of what is said and of the texts to remember:\n");
            for Example { said, facts } in &self.examples {
                let example = serde_json::json!({"said": said, "texts": facts});
                text.push_str(&format!("{example}\n"));
            }
        }
        text
    }
}
