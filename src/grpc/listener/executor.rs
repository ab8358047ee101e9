//! Runs the tasks that HTTP/2 starts for each call, counted and ended with the listener.

use std::future::Future;

use hyper::rt::Executor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Spawns tasks that the drain waits for and that its hard end drops.
#[derive(Clone)]
pub(super) struct TrackedExecutor {
    pub(super) tasks: TaskTracker,
    pub(super) cut: CancellationToken,
}

impl<F> Executor<F> for TrackedExecutor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        let cut = self.cut.clone();
        self.tasks.spawn(async move { cut.run_until_cancelled(future).await });
    }
}
