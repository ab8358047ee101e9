//! `descriptor`, and the contract's files as other compilers read them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use settlement_gateway::grpc::pb;
use tempfile::TempDir;

use super::support::Process;

/// What the contract may import beside itself: what every compiler brings along.
const WELL_KNOWN: &str = "google/protobuf/";

const BINARY: &str = env!("CARGO_BIN_EXE_settlement-gateway");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The contract's own files in a set, by name.
fn own(set: FileDescriptorSet) -> Vec<FileDescriptorProto> {
    let mut files: Vec<_> = set.file.into_iter().filter(|file| !file.name().starts_with(WELL_KNOWN)).collect();
    files.sort_by(|one, other| one.name().cmp(other.name()));
    files
}

fn embedded() -> Vec<FileDescriptorProto> {
    own(FileDescriptorSet::decode(pb::FILE_DESCRIPTOR_SET).unwrap())
}

/// Every `.proto` file below `proto/`, by its path from there.
fn files() -> BTreeSet<String> {
    let (mut files, mut folders) = (BTreeSet::new(), vec![root().join("proto")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "proto") {
                files.insert(path.strip_prefix(root().join("proto")).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    files
}

/// A protoc of the path, or the one that Python's example is generated with: both bring protobuf's own files along.
fn protoc() -> Option<Command> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(protoc) = std::env::split_paths(&path).map(|folder| folder.join("protoc")).find(|protoc| protoc.is_file()) {
        return Some(Command::new(protoc));
    }
    let python = root().join("examples/python/.venv/bin/python");
    let mut command = Command::new(&python);
    command.args(["-m", "grpc_tools.protoc"]);
    python.is_file().then_some(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn descriptor_prints_what_reflection_serves() {
    let printed = Command::new(BINARY).arg("descriptor").output().unwrap();
    assert!(printed.status.success(), "{printed:?}");
    assert_eq!(printed.stdout, pb::FILE_DESCRIPTOR_SET);

    let folder = TempDir::new().unwrap();
    let (out, nowhere) = (folder.path().join("contract.binpb"), folder.path().join("missing/contract.binpb"));
    let told = Process::run(["descriptor".as_ref(), "--out".as_ref(), out.as_os_str()]).await.with_code(0);
    assert_eq!(told.output(), "");
    assert_eq!(fs::read(out).unwrap(), pb::FILE_DESCRIPTOR_SET);
    let failed = Process::run(["descriptor".as_ref(), "--out".as_ref(), nowhere.as_os_str()]).await.with_code(1);
    assert!(failed.complained.contains("missing/contract.binpb cannot be written"), "{}", failed.complained);
}

#[test]
fn the_contract_stands_alone() {
    let named: BTreeSet<_> = embedded().iter().map(|file| file.name().to_owned()).collect();
    assert_eq!(named, files(), "build.rs compiles other files than there are");
    for file in embedded() {
        for import in &file.dependency {
            assert!(named.contains(import) || import.starts_with(WELL_KNOWN), "{} imports {import}", file.name());
        }
    }
}

#[test]
fn a_bare_protoc_reads_the_contract_as_the_gateway_does() {
    let Some(mut command) = protoc() else {
        println!("SKIPPED: there is no protoc, of the path or in examples/python/.venv");
        return;
    };
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("contract.binpb");
    command.args(["--include_imports", "-I", "proto", "-o"]).arg(&out).args(files()).current_dir(root());
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let read = own(FileDescriptorSet::decode(&*fs::read(out).unwrap()).unwrap());
    assert_eq!(read, embedded());
}
