//! Every call can run on a task of its own: its future can be sent to another
//! thread. That this compiles is the test.

use mem0_core::*;

fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) {
    drop(future);
}

fn every_call(mem0: &Mem0, scope: &Scope, id: MemoryId, txn: TxnId) {
    macro_rules! spawn {
        (|$mem0:ident, $scope:ident| $call:expr) => {{
            let ($mem0, $scope) = (mem0.clone(), scope.clone());
            spawn(async move {
                let _ = ($call.await, &$scope);
            })
        }};
    }
    spawn!(|m, s| m.add("text", &s, AddOptions::default()));
    spawn!(|m, s| m.add_many(Vec::new()));
    spawn!(|m, s| m.search("text", &s, SearchOptions::default()));
    spawn!(|m, s| m.get(id, Some(&s)));
    spawn!(|m, s| m.get_all(&s, ListOptions::default()));
    spawn!(|m, s| m.count(&s, &Filter::All, When::default()));
    spawn!(|m, s| m.update(id, UpdateOptions::text("text")));
    spawn!(|m, s| m.update_many(Vec::new()));
    spawn!(|m, s| m.delete(id, Some(&s)));
    spawn!(|m, s| m.delete_many(&[id], Some(&s)));
    spawn!(|m, s| m.delete_all(&s, &Filter::All));
    spawn!(|m, s| m.history(id, Some(&s)));
    spawn!(|m, s| m.undo(id, Some(&s)));
    spawn!(|m, s| m.undo_commit(txn, Some(&s)));
    spawn!(|m, s| m.erase(&s));
    spawn!(|m, s| m.reset());
    spawn!(|m, s| m.enqueue(Vec::new()));
    spawn!(|m, s| m.work(&WorkerOptions::default()));
    spawn!(|m, s| m.messages(&s, 5));
    spawn!(|m, s| m.stats(Some(&s)));
    spawn!(|m, s| m.doctor(true));
    spawn!(|m, s| m.reindex(ReindexTarget::default(), |_| ()));
    spawn!(|m, s| m.export(Some(&s), &mut std::io::sink()));
    spawn!(|m, s| m.import(&mut std::io::empty()));
    spawn!(|m, s| m.flush());
}

#[test]
fn every_call_can_be_spawned() {
    let _: fn(&Mem0, &Scope, MemoryId, TxnId) = every_call;
}
