//! The chart and the image's recipe: rendered by helm, held against Kubernetes' schemas, the configuration's bounds and what is written of them.
//!
//! `scripts/helm.sh` installs the tools where it can; a test whose tool is missing says so and passes, or fails where REQUIRE_TOOLS=true. What the
//! rendered configuration is worth to the binary is shown by `process/rendered.rs`.

mod image;
mod kubernetes;
pub(crate) mod manifests;
mod readme;
mod refused;
pub(crate) mod schema;
mod snapshots;
pub(crate) mod tools;
mod waiting;
