//! The configuration that the chart renders, read and served by the binary itself.

mod checked;
mod home;
mod replicas;
