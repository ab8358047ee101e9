//! What the process tells its operators: logs, metrics and traces.

mod json;
pub mod logs;
pub mod metrics;
mod queue;
mod sampler;
pub mod spans;
pub mod table;
