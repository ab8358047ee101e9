//! A library that is loaded into a process under test, and makes its disk fail or its clock wrong.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/process/shim.c");

/// The library, compiled once; nothing where there is no C compiler, which is said once.
fn library() -> Option<&'static PathBuf> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    LIBRARY.get_or_init(compile).as_ref()
}

fn compile() -> Option<PathBuf> {
    let library = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("shim-{}.so", std::process::id()));
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(SOURCE).status();
    if compiled.is_ok_and(|status| status.success()) {
        return Some(library);
    }
    let _ = writeln!(std::io::stderr(), "SKIPPED: disks that fail and clocks that are wrong, since cc compiles no library here");
    None
}

/// What loads it into a process whose syncs fail while a file is there.
pub(super) fn failing_syncs(while_there: PathBuf) -> Option<[(&'static str, OsString); 2]> {
    Some([("LD_PRELOAD", library()?.into()), ("SHIM_FAIL_SYNC", while_there.into())])
}

/// What loads it into a process whose clock is wrong.
pub(super) fn skewed(seconds: i64) -> Option<[(&'static str, OsString); 2]> {
    Some([("LD_PRELOAD", library()?.into()), ("SHIM_SKEW_SECONDS", seconds.to_string().into())])
}
