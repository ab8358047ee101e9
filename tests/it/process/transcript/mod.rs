//! The commands that README and docs show are run as they stand, and their answers are what is shown.
//!
//! Ids and times differ in each run: where a page shows one, the run's own stands for it from then on, in the commands too.
//! With `BLESS=1` answers that differ are written into the pages.

pub(super) mod compare;
mod console;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use self::compare::Known;
use self::console::{Page, Step};
use super::dev::Dev;

/// The pages whose commands are run, each against a run of its own.
const PAGES: [&str; 3] = ["README.md", "docs/grpcurl.md", "docs/faq.md"];

/// A folder with a `grpcurl`, and whether that shows the details of errors.
#[derive(Clone)]
struct Tools {
    folder: PathBuf,
    shows_details: bool,
}

impl Tools {
    /// A real grpcurl, where `scripts/grpcurl.sh` has put it or of the path; otherwise buf in its place, where that can be had.
    fn find() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(root.join("target/tools")).chain(std::env::split_paths(&path));
        let real = folders.into_iter().find(|folder| folder.join("grpcurl").is_file());
        real.map(|folder| Self { folder, shows_details: true }).or_else(|| {
            let buf = Command::new(root.join("scripts/buf.sh")).arg("--version").output().ok()?;
            let there = buf.status.success() && !String::from_utf8_lossy(&buf.stdout).contains("cannot be had");
            there.then(|| Self { folder: root.join("scripts/buf-curl"), shows_details: false })
        })
    }

    /// What is shown of an answer, as far as these tools show it.
    fn shown(&self, answer: &[String]) -> Vec<String> {
        let details = answer.iter().position(|line| !self.shows_details && line == "  Details:");
        answer[..details.unwrap_or(answer.len())].to_vec()
    }
}

/// A development run behind the addresses that the pages name.
struct Run {
    dev: Dev,
    folder: TempDir,
    tools: Tools,
}

impl Run {
    async fn start(tools: Tools) -> Self {
        let folder = TempDir::new().unwrap();
        Self { dev: Dev::start(folder.path(), &["--ephemeral"]).await, folder, tools }
    }

    /// Both outputs of a command, as a terminal shows them.
    fn answer(&self, command: &str) -> String {
        let addressed = command
            .replace("127.0.0.1:50051", &self.dev.gateway.grpc.to_string())
            .replace("http://127.0.0.1:9471", &self.dev.bitgo)
            .replace("http://127.0.0.1:9472", &self.dev.bitlipa);
        let path = std::env::var("PATH").unwrap_or_default();
        let Output { stdout, stderr, .. } = Command::new("bash")
            .args(["-c", &addressed])
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{path}", self.tools.folder.display()))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = format!("{}{}", String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
        let curl_shows_no_progress = text.lines().filter(|line| !line.starts_with("  % Total"));
        curl_shows_no_progress.map(|line| format!("{line}\n")).collect()
    }
}

/// Runs a page's commands, and answers what is not as the page shows it.
async fn faults_of(page: &mut Page, tools: Tools) -> Vec<String> {
    let run = Run::start(tools).await;
    let (mut known, mut faults) = (Known::default(), Vec::new());
    for Step { line, command, answer } in page.steps() {
        let said = run.answer(&known.of_this_run(&command));
        let said: Vec<_> = said.lines().collect();
        match known.learn(&run.tools.shown(&answer), &said) {
            Ok(()) => {}
            Err(reason) => {
                let shown = known.of_the_page(&said.join("\n"));
                faults.push(format!("line {line}: {reason}\n$ {command}\n{shown}\n"));
                page.bless(line, &shown);
            }
        }
    }
    run.dev.stop_with("TERM").await;
    faults
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_the_pages_show_answers_as_they_say() {
    let Some(tools) = Tools::find() else {
        println!("SKIPPED: there is neither grpcurl nor buf: scripts/grpcurl.sh and scripts/buf.sh install them where they can");
        return;
    };
    if !tools.shows_details {
        println!("There is no grpcurl: `buf curl` stands for it, and the details of errors are not held to the pages");
    }
    for name in PAGES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let mut page = Page::read(&path);
        assert!(!page.steps().is_empty(), "{name} shows no command");
        let faults = faults_of(&mut page, tools.clone()).await;
        if std::env::var_os("BLESS").is_some() && tools.shows_details {
            page.write(&path);
        }
        assert!(faults.is_empty(), "{name}, {} commands:\n{}", page.steps().len(), faults.join("\n"));
    }
}
