//! Collections as the Python library wrote them, or this one under another model.

use async_trait::async_trait;
use mem0_core::{Error, ErrorKind, ForeignCollection, ForeignPage, ForeignPoint, Result};
use tokio::sync::OnceCell;

use super::api::{Api, Collection, Records, Selection, WHOLE};
use super::config::ChromaConfig;
use super::{NAME, chroma_name, connect, rows};
use crate::shared::collection::check_name;
use crate::shared::http::unexpected;

/// The collection that the Python library has where nothing is configured.
const DEFAULT: &str = "mem0";

/// A collection to read: the one that `collection_name` names. A place is the
/// number of records before it, so that of a collection that shrinks meanwhile
/// records can be missing.
#[derive(Debug)]
pub struct ForeignRecords {
    api: Api,
    name: String,
    most: Option<usize>,
    /// Chroma's own id, once it is known.
    id: OnceCell<String>,
}

impl ForeignRecords {
    /// Connects when it is first used.
    ///
    /// # Errors
    /// `Config` if a setting is wrong.
    pub fn new(config: &ChromaConfig) -> Result<Self> {
        let name = config.collection_name.clone().unwrap_or_else(|| DEFAULT.to_owned());
        let made = check_name(&name).and_then(|()| connect(config));
        let api = made.map_err(|error| error.with_provider(NAME))?;
        Ok(Self { api, name: chroma_name(&name), most: config.records_per_read(), id: OnceCell::new() })
    }

    async fn id(&self) -> Result<&str> {
        let find = || async {
            let found: Option<Collection> = self.api.server.find(self.api.lookup(&self.name)).await?;
            let missing = || Error::new(ErrorKind::NotFound, "there is no such collection");
            Ok::<_, Error>(found.ok_or_else(missing)?.id)
        };
        self.id.get_or_try_init(find).await.map(String::as_str)
    }

    async fn page(&self, from: Option<&str>, limit: usize) -> Result<ForeignPage> {
        let no_place = |_| Error::invalid("no place of a walk through this collection");
        let offset: usize = from.unwrap_or("0").parse().map_err(no_place)?;
        let limit = self.most.map_or(limit, |most| most.min(limit)).max(1);
        let selection =
            Selection { limit: Some(limit), offset: Some(offset), include: Some(WHOLE), ..Selection::default() };
        let records: Records = self.api.server.ask(self.api.get(self.id().await?, &selection)?).await?;
        let count = records.ids.len();
        let points = points(records)?;
        Ok(ForeignPage { points, next: (count == limit).then(|| (offset + count).to_string()) })
    }
}

fn points(records: Records) -> Result<Vec<ForeignPoint>> {
    let (Some(metadatas), Some(documents), Some(vectors)) = (records.metadatas, records.documents, records.embeddings)
    else {
        return Err(unexpected());
    };
    let mut points = Vec::with_capacity(records.ids.len());
    for (id, ((metadata, document), vector)) in
        records.ids.into_iter().zip(metadatas.into_iter().zip(documents).zip(vectors))
    {
        let payload = rows::payload(metadata.unwrap_or_default(), document.as_deref())?;
        points.push(ForeignPoint { id, vector: Some(vector), payload });
    }
    Ok(points)
}

#[async_trait]
impl ForeignCollection for ForeignRecords {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn read(&self, from: Option<&str>, limit: usize) -> Result<ForeignPage> {
        let page = self.page(from, limit).await;
        page.map_err(|error| error.with_operation("adopt").with_provider(NAME))
    }
}
