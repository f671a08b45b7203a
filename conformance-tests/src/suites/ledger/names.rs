//! Rules 35 to 38: who and what memories name.

use mem0_core::text::Bm25;
use mem0_core::{
    Change, Content, Entity, EntityQuery, Filter, Ledger, MemoryId, MentionHits, MentionKind, MentionQuery, Scope, View,
};
use serde_json::json;

use super::LedgerContext;
use super::context::now;
use crate::check::Verdict;
use crate::data::changes::{add, add_content, delete, supersede, time, undo, update, update_content};
use crate::data::points::id;
use crate::suite::cases;
use crate::{check, check_eq};

cases! { LedgerContext:
    35 r35_entities_are_those_whom_live_memories_name,
    35 r35_names_follow_what_is_said,
    36 r36_a_short_name_is_the_only_longer_one,
    42 r42_speakers_are_found_by_parts_of_their_names,
    37 r37_weights_are_those_of_what_is_rare,
    37 r37_mentions_are_filtered_and_limited,
    38 r38_mentions_follow_the_view,
}

fn said_by(n: u64, text: &str, actor: &str) -> Change {
    let mut content = Content::new(text);
    content.actor = Some(actor.to_owned());
    add_content(id(n), content)
}

/// `Name (Alias, Alias) 3` for each entity.
async fn entities(ledger: &dyn Ledger, scope: &Scope) -> Verdict<Vec<String>> {
    let found = ledger.entities(&EntityQuery::new(scope.clone(), 100)).await?;
    Ok(found.iter().map(|one| format!("{} ({}) {}", one.name, one.aliases.join(", "), one.mentions)).collect())
}

async fn mentioned(ledger: &dyn Ledger, scope: &Scope, names: &[&str], view: View) -> Verdict<MentionHits> {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let query = MentionQuery { scope: scope.clone(), names, filter: Filter::All, view, limit: 100 };
    Ok(ledger.mentioned(&query).await?)
}

fn ids(hits: &MentionHits) -> Vec<MemoryId> {
    hits.hits.iter().map(|(id, _, _)| *id).collect()
}

async fn r35_entities_are_those_whom_live_memories_name(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let run = alice.clone().with_run("7")?;
    let mut late = add(id(4), "saw Oslo");
    if let Some(content) = &mut late.content {
        content.expires_at = Some(time(30));
    }
    context.put(&alice, 1, vec![said_by(1, "ran 5 km in Oslo with Bob, and Bob won", "Mel"), late]).await?;
    context
        .put(&run, 2, vec![said_by(2, "read \"the secret garden\" with @bob", "Mel"), add(id(3), "saw Bob")])
        .await?;
    context.put(&Scope::user("bob")?, 3, vec![add(id(9), "saw Bob in Rome")]).await?;
    let entity = |name: &str, kind, mentions, is_speaker| Entity {
        name: name.to_owned(),
        aliases: vec![],
        kind,
        mentions,
        is_speaker,
    };
    let due = [
        entity("Bob", MentionKind::Name, 2, false),
        entity("Mel", MentionKind::Name, 2, true),
        entity("Oslo", MentionKind::Name, 2, false),
        entity("5 km", MentionKind::Quantity, 1, false),
        entity("@bob", MentionKind::Tag, 1, false),
        entity("the secret garden", MentionKind::Quote, 1, false),
    ];
    let mut query = EntityQuery::new(alice.clone(), 100);
    check_eq!(ledger.entities(&query).await?, due, "entities of alice");
    query.limit = 2;
    check_eq!(ledger.entities(&query).await?, due.iter().take(2).cloned().collect::<Vec<_>>(), "the first two");
    query.prefix = Some("Os".to_owned());
    let oslo: Vec<Entity> = due.iter().filter(|one| one.name == "Oslo").cloned().collect();
    check_eq!(ledger.entities(&query).await?, oslo, "those that begin with Os");
    let of_run: Vec<String> = entities(ledger, &run).await?;
    check_eq!(of_run, ["@bob () 1", "Bob () 1", "Mel () 1", "the secret garden () 1"], "entities of a run");
    check_eq!(entities(ledger, &Scope::user("nobody")?).await?, Vec::<String>::new(), "entities of nobody");
    Ok(())
}

async fn r35_names_follow_what_is_said(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let content = |text: &str| Some(Content::new(text));
    context
        .put(&alice, 1, vec![add(id(1), "lives in Oslo"), add(id(2), "knows Bob"), add(id(3), "likes Oslo")])
        .await?;
    let mut spoken = Content::new("lives in Rome");
    spoken.actor = Some("Mel".to_owned());
    let steps = [
        (update(id(1), 1, "lives in Rome"), &["Bob () 1", "Oslo () 1", "Rome () 1"][..]),
        (delete(id(2), 1), &["Oslo () 1", "Rome () 1"]),
        (supersede(id(3), 1), &["Rome () 1"]),
        // The text stays, and who said it is known now.
        (update_content(id(1), 2, spoken), &["Mel () 1", "Rome () 1"]),
        (undo(id(2), 2, content("knows Bob")), &["Bob () 1", "Mel () 1", "Rome () 1"]),
        (undo(id(1), 3, content("lives in Rome")), &["Bob () 1", "Rome () 1"]),
        (undo(id(3), 2, content("likes Oslo")), &["Bob () 1", "Oslo () 1", "Rome () 1"]),
    ];
    for (second, (step, due)) in (2..).zip(steps) {
        let what = format!("after {:?} at {second}", step.kind);
        context.put(&alice, second, vec![step]).await?;
        check_eq!(entities(ledger, &alice).await?, due, "entities {what}");
        for name in ["bob", "mel", "oslo", "rome"] {
            let listed = due.iter().any(|one| one.to_lowercase().starts_with(name));
            let found = mentioned(ledger, &alice, &[name], now()).await?;
            check_eq!(found.hits.len(), usize::from(listed), "memories that mention {name} {what}");
        }
    }
    Ok(())
}

async fn r36_a_short_name_is_the_only_longer_one(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    let run = alice.clone().with_run("7")?;
    context.put(&alice, 1, vec![add(id(1), "asked Caroline's advice"), add(id(2), "met Caroline Smith")]).await?;
    context.put(&run, 2, vec![add(id(3), "one day I saw CAROLINE in town"), add(id(4), "wrote to Mrs. Smith")]).await?;
    // The other way round.
    context.put(&bob, 1, vec![add(id(12), "met Caroline Smith")]).await?;
    context.put(&bob, 2, vec![add(id(11), "asked Caroline's advice")]).await?;
    check_eq!(entities(ledger, &alice).await?, ["Caroline Smith (CAROLINE, Smith) 4"], "one person");
    check_eq!(entities(ledger, &bob).await?, ["Caroline Smith (Caroline) 2"], "in another order");
    check_eq!(entities(ledger, &run).await?, ["CAROLINE () 1", "Smith () 1"], "where the longer name is not said");
    for name in ["Caroline", "caroline smith", "Smith's"] {
        let found = mentioned(ledger, &alice, &[name], now()).await?;
        check_eq!(ids(&found), [id(1), id(2), id(3), id(4)], "who mentions {name}");
    }
    context.put(&alice, 5, vec![add(id(5), "met Caroline Jones")]).await?;
    let due = ["CAROLINE () 2", "Caroline Smith (Smith) 2", "Caroline Jones () 1"];
    check_eq!(entities(ledger, &alice).await?, due, "two of one name");
    check_eq!(ids(&mentioned(ledger, &alice, &["Caroline Smith"], now()).await?), [id(2), id(4)], "one of the two");
    let found = mentioned(ledger, &alice, &["Caroline"], now()).await?;
    check_eq!(ids(&found), [id(1), id(2), id(3), id(5)], "either of the two");
    context.put(&alice, 6, vec![delete(id(5), 1)]).await?;
    check_eq!(entities(ledger, &alice).await?, ["Caroline Smith (CAROLINE, Smith) 4"], "one again");
    Ok(())
}

async fn r37_weights_are_those_of_what_is_rare(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    context
        .put(
            &alice,
            1,
            (1..=6).map(|n| said_by(n, &format!("note {n}{}", if n > 4 { " on Oslo" } else { "" }), "Mel")).collect(),
        )
        .await?;
    context.put(&alice, 2, vec![add(id(7), "Bob was in Oslo"), add(id(8), "nothing")]).await?;
    context.put(&Scope::user("bob")?, 2, vec![add(id(9), "Bob was in Oslo")]).await?;
    let idf = |mentions| Bm25::default().idf(8, mentions);
    let found = mentioned(ledger, &alice, &["oslo", "Mel", "Bob", "bob", "Rome"], now()).await?;
    let due = [
        (7, idf(3) + idf(1)),
        (5, idf(3) + idf(6)),
        (6, idf(3) + idf(6)),
        (1, idf(6)),
        (2, idf(6)),
        (3, idf(6)),
        (4, idf(6)),
    ];
    check_eq!(ids(&found), due.iter().map(|(n, _)| id(*n)).collect::<Vec<_>>(), "the order of hits");
    for ((found, version, weight), (_, due)) in found.hits.iter().zip(&due) {
        check!((weight - due).abs() < 1e-4, "{found} weighs {weight}, due was {due}");
        check_eq!(*version, 1, "the version of {found}");
    }
    let ceiling = idf(3) + idf(6) + idf(1);
    check!((found.ceiling - ceiling).abs() < 1e-4, "the ceiling is {}, due was {ceiling}", found.ceiling);
    let none = MentionHits { hits: vec![], ceiling: 0.0 };
    check_eq!(mentioned(ledger, &alice, &["Rome", ""], now()).await?, none, "hits of names that nobody knows");
    check_eq!(mentioned(ledger, &alice, &[], now()).await?, none, "hits of no names");
    Ok(())
}

async fn r37_mentions_are_filtered_and_limited(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    for n in 0..12 {
        let mut content = Content::new(format!("note {n} on Oslo"));
        content.metadata.insert("rare".into(), json!(n >= 9));
        context.put(&alice, 1, vec![add_content(id(n), content)]).await?;
    }
    let mut query = MentionQuery {
        scope: alice.clone(),
        names: vec!["Oslo".to_owned()],
        filter: Filter::eq("rare", true),
        view: now(),
        limit: 2,
    };
    check_eq!(ids(&ledger.mentioned(&query).await?), [id(9), id(10)], "two behind nine that do not meet the filter");
    query.filter = Filter::All;
    check_eq!(ids(&ledger.mentioned(&query).await?), [id(0), id(1)], "the first two");
    query.limit = 0;
    check_eq!(ids(&ledger.mentioned(&query).await?), [], "hits with limit 0");
    Ok(())
}

async fn r38_mentions_follow_the_view(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let mut late = add(id(3), "saw Oslo");
    if let Some(content) = &mut late.content {
        content.expires_at = Some(time(30));
    }
    context.put(&alice, 1, vec![add(id(1), "lives in Oslo"), add(id(2), "was in Oslo"), late]).await?;
    context.put(&alice, 10, vec![update(id(1), 1, "lives in Rome with Bob Lee"), delete(id(2), 1)]).await?;
    let oslo = async |view| Ok::<_, crate::Stop>(ids(&mentioned(ledger, &alice, &["Oslo"], view).await?));
    check_eq!(oslo(now()).await?, [], "what mentions Oslo now");
    check_eq!(oslo(View::current(time(20))).await?, [id(3)], "before one expired");
    let mut view = now();
    view.include_expired = true;
    check_eq!(oslo(view).await?, [id(3)], "with what has expired");
    let mut past = now();
    past.known_at = Some(time(5));
    check_eq!(oslo(past).await?, [id(1), id(2), id(3)], "what was known then");
    let bob = mentioned(ledger, &alice, &["Bob"], past).await?;
    check_eq!(ids(&bob), [], "whom nobody knew then");
    let found = mentioned(ledger, &alice, &["Lee"], now()).await?;
    check_eq!(found.hits.iter().map(|(id, version, _)| (*id, *version)).collect::<Vec<_>>(), [(id(1), 2)], "now");
    (past.known_at, past.as_of) = (None, Some(time(5)));
    check_eq!(oslo(past).await?, [id(1), id(3)], "what was true then");
    Ok(())
}

async fn r42_speakers_are_found_by_parts_of_their_names(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let run = alice.clone().with_run("7")?;
    let spoken = [said_by(1, "saw Bob Dylan", "Mel Brooks"), said_by(2, "saw Rome", "Mel"), said_by(3, "left", "Zoe")];
    context.put(&alice, 1, spoken.into()).await?;
    context.put(&run, 2, vec![said_by(4, "saw Mel", "Brooks")]).await?;
    context.put(&Scope::user("bob")?, 3, vec![said_by(5, "saw Rome", "Mel Gibson")]).await?;
    for (asked, due) in [
        (&["Mel"][..], &["mel", "mel brooks"][..]),
        (&["brooks", "MEL'S"], &["brooks", "mel", "mel brooks"]),
        (&["Bob", "Rome", "nobody"], &[]),
        (&[], &[]),
    ] {
        let names: Vec<String> = asked.iter().map(|&name| name.to_owned()).collect();
        check_eq!(ledger.speakers(&alice, &names).await?, due, "speakers by {asked:?}");
    }
    let zoe = ["Zoe".to_owned()];
    check_eq!(ledger.speakers(&alice, &zoe).await?, ["zoe"], "who spoke");
    context.put(&alice, 4, vec![delete(id(3), 1)]).await?;
    check_eq!(ledger.speakers(&alice, &zoe).await?, Vec::<String>::new(), "whose only memory is deleted");
    check_eq!(ledger.speakers(&run, &["mel".to_owned()]).await?, Vec::<String>::new(), "who spoke elsewhere");
    Ok(())
}
