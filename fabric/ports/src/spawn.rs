use std::future::Future;
use std::pin::Pin;

/// A future that owns what it needs and may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Runs tasks beside the caller.
pub trait Spawn: Send + Sync {
    /// Starts `task`; `name` appears in logs. The task ends with the runtime it runs on.
    fn spawn(&self, name: &'static str, task: BoxFuture<'static, ()>);
}
