//! What several groups of tests build upon.

pub(crate) mod anchor;
pub(crate) mod answers;
pub(crate) mod authority;
pub(crate) mod bent;
pub(crate) mod builders;
pub(crate) mod choices;
pub(crate) mod clock;
pub(crate) mod collector;
pub(crate) mod gateway;
pub(crate) mod pooler;
pub(crate) mod postgres;
pub(crate) mod proxy;
pub(crate) mod standings;
pub(crate) mod told;
pub(crate) mod world;
