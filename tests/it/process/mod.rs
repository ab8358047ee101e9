//! The real binary as a process of its own: started, spoken to, interrupted and killed.

mod audit;
mod callbacks;
mod calls;
mod commands;
mod copies;
mod crash;
mod dev;
mod disk;
mod doctor;
mod export;
mod installation;
mod ordeal;
mod order;
mod output;
mod recovery;
mod rendered;
mod replicas;
mod retention;
mod serve;
mod settlements;
mod shim;
mod staging;
mod stops;
mod support;
mod transcript;
mod window;
