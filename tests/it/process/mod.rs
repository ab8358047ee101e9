//! The real binary as a process of its own: started, spoken to, interrupted and killed.

mod audit;
mod callbacks;
mod calls;
mod commands;
mod copies;
mod crash;
mod dev;
mod export;
mod installation;
mod ordeal;
mod output;
mod recovery;
mod retention;
mod serve;
mod staging;
mod support;
mod transcript;
