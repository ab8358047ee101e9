//! The gateway under load: a whole one over loopback, and its journal beside the disk under it.
//!
//! Machines drift, so every claim is a ratio: the cases take turns in short slices, and each slice is compared with
//! the first case's slice of the same round. Counts, times and callers are bounded; nothing here fails for being slow.

#[cfg(test)]
mod gateway;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod measure;
#[cfg(test)]
mod rpc;
#[cfg(test)]
mod table;

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        table::print("The journal", &measure::run(&journal::cases().await).await);
        rpc::run().await;
    });
    Ok(())
}
