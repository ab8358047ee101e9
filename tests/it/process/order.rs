//! What the system is told, in its order: the disk has kept a step before the venue or the caller hears of it.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use settlement_gateway::grpc::pb::SettlementState;

use super::installation::Installation;
use super::support::{Process, until};
use crate::support::world::V1;

/// What is looked at: whatever writes to a file or a socket, and whatever makes a file durable.
const CALLS: &str = "trace=write,writev,pwrite64,sendto,sendmsg,fsync,fdatasync";
/// More than a page of the journal, so that none is shown in part.
const SHOWN_BYTES: &str = "8192";

/// strace at a process.
struct Tracer {
    strace: Child,
}

impl Tracer {
    /// Begins to look at every thread of a process; nothing where there is no strace or it may not.
    async fn of(process: &Process, folder: &Path) -> Option<Self> {
        let said = folder.join("strace.said");
        let mut command = Command::new("strace");
        command.args(["-f", "-yy", "-s", SHOWN_BYTES, "-e", CALLS, "-p", &process.id().to_string(), "-o"]);
        command.arg(folder.join("strace.out")).stdin(Stdio::null()).stderr(std::fs::File::create(&said).unwrap());
        let Ok(mut strace) = command.spawn() else { return skip() };
        let is_attached = until("strace is there or not", async || {
            let attached = std::fs::read_to_string(&said).unwrap().contains("attached");
            if attached { Some(true) } else { strace.try_wait().unwrap().map(|_| false) }
        })
        .await;
        if is_attached { Some(Self { strace }) } else { skip() }
    }

    /// What was seen until the process ended.
    fn seen(mut self, folder: &Path) -> Vec<Seen> {
        self.strace.wait().unwrap();
        read(&std::fs::read_to_string(folder.join("strace.out")).unwrap())
    }
}

fn skip() -> Option<Tracer> {
    let _ =
        writeln!(std::io::stderr(), "SKIPPED: the order of what the system is told, since strace is not there or may not look");
    None
}

/// A call that was made to the system: on which lines it began and ended.
struct Seen {
    call: String,
    began: usize,
    ended: usize,
}

impl Seen {
    fn is(&self, names: &[&str], parts: &[&str]) -> bool {
        names.iter().any(|name| self.call.starts_with(&format!("{name}("))) && parts.iter().all(|part| self.call.contains(part))
    }
}

/// Joins the two halves of calls that others came between.
fn read(text: &str) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    let mut open: Vec<(&str, usize)> = Vec::new();
    for (line, told) in text.lines().enumerate() {
        let Some((thread, call)) = told.split_once(' ') else { continue };
        let call = call.trim_start();
        if call.starts_with("<...") {
            if let Some(at) = open.iter().position(|(other, _)| *other == thread) {
                let (_, index) = open.swap_remove(at);
                seen[index].ended = line;
                seen[index].call.push_str(call);
            }
            continue;
        }
        if call.ends_with("<unfinished ...>") {
            open.push((thread, seen.len()));
        }
        seen.push(Seen { call: call.to_owned(), began: line, ended: line });
    }
    seen
}

/// Whether the journal's file was made durable with a change in it, before a message left.
fn kept_before(seen: &[Seen], change: &str, message: &Seen) -> bool {
    let Some(written) = seen.iter().find(|call| call.is(&["write", "pwrite64"], &["journal.db-wal", change])) else {
        return false;
    };
    seen.iter().any(|call| {
        call.is(&["fdatasync", "fsync"], &["journal.db-wal", "= 0"]) && call.began > written.ended && call.ended < message.began
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_has_kept_a_dispatch_before_the_venue_hears_and_an_outcome_before_the_caller_does() {
    let installation = Installation::new();
    let _sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    let folder = installation.path(".");
    let Some(tracer) = Tracer::of(&gateway.process, &folder).await else { return };
    let settled = gateway.initiate(V1, "in-order").await.unwrap();
    assert_eq!(settled.state(), SettlementState::Completed);
    let caller = format!("127.0.0.1:{}->", gateway.grpc.port());
    gateway.process.signal("TERM");
    gateway.process.ended().await;

    let seen = tracer.seen(&folder);
    let sends = ["sendto", "writev", "write", "sendmsg"];
    let posts: Vec<&Seen> = seen.iter().filter(|call| call.is(&sends, &["TCP:", "in-order", "signature"])).collect();
    let replies: Vec<&Seen> = seen.iter().filter(|call| call.is(&sends, &[&caller, "in-order", "TAKEN"])).collect();
    assert!(posts.len() == 1 && !replies.is_empty(), "{} posts, {} replies of {}", posts.len(), replies.len(), seen.len());
    for change in ["RECEIVED", "PREPARED", "SIGNED", "DISPATCHED"] {
        assert!(kept_before(&seen, change, posts[0]), "{change} was not durable before the body left");
    }
    for reply in replies {
        assert!(kept_before(&seen, "TAKEN", reply), "the outcome was not durable before the caller heard of it");
    }
}
