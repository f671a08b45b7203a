//! How fast it is.

use super::*;

/// `cargo test --release -p mem0-stores --lib -- --ignored --nocapture commits_are_fast`
#[tokio::test]
#[ignore = "a measurement"]
async fn commits_are_fast() {
    let (_folder, _, ledger) = on_disk();
    let ann = user("ann");
    let words = ["tea", "river", "music", "train", "garden", "winter", "paper", "bread", "window", "doctor", "school"];
    let text = |n: u128| {
        let picked: Vec<_> =
            (0..12_u128).map(|i| format!("{}{}", words[((n * 7 + i * 3) % 11) as usize], (n * i) % 500)).collect();
        picked.join(" ")
    };
    for round in 0..3_u128 {
        let changes: Vec<_> = (0..10_000).map(|n| add(1 + round * 10_000 + n, &text(n))).collect();
        let begun = std::time::Instant::now();
        ledger.commit(vec![commit(&ann, round as i64, changes)]).await.unwrap();
        println!("batch of 10000: {:.1} µs per change", begun.elapsed().as_secs_f64() * 100.0);
    }
    let begun = std::time::Instant::now();
    for n in 0..200 {
        ledger.commit(vec![commit(&ann, 10, vec![add(100_000 + n, &text(n))])]).await.unwrap();
    }
    println!("single commit: {:.0} µs", begun.elapsed().as_secs_f64() * 1e6 / 200.0);
    let begun = std::time::Instant::now();
    assert_eq!(found(&ledger, &ann, View::current(at(99)), "tea0 river21 music42").await.len(), 10);
    println!("keyword in 30000: {:?}", begun.elapsed());
    let ids: Vec<_> = (0..200).map(|n| id(1 + n * 149)).collect();
    for _ in 0..3 {
        let begun = std::time::Instant::now();
        assert!(ledger.places(&ids).await.unwrap().iter().all(Option::is_some));
        println!("places of 200 in 30000: {:?}", begun.elapsed());
    }
    let of: Vec<_> = ids.iter().take(20).map(|id| Around { id: *id, before: 2, after: 2 }).collect();
    for _ in 0..3 {
        let begun = std::time::Instant::now();
        assert_eq!(ledger.around(&of, &View::current(at(99))).await.unwrap().iter().flatten().count(), 78);
        println!("two before and after 20 in 30000: {:?}", begun.elapsed());
    }
    let begun = std::time::Instant::now();
    let query = NearestQuery {
        scope: ann.clone(),
        vector: vector("tea"),
        filter: Filter::All,
        view: View::current(at(99)),
        limit: 10,
    };
    ledger.nearest(&query).await.unwrap();
    println!("nearest in 30000: {:?}", begun.elapsed());
    let begun = std::time::Instant::now();
    sound(&ledger).await;
    println!("check: {:?}", begun.elapsed());
    let begun = std::time::Instant::now();
    ledger.erase(&ann).await.unwrap();
    println!("erase: {:?}", begun.elapsed());
}
