//! Turns `proto/` into Rust and into the descriptor set that reflection serves,
//! without protoc: protox compiles, tonic generates.

use std::{env, error::Error, fs, path::PathBuf};

const PROTO_ROOT: &str = "proto";

/// The files that stand for the rest: together they import every other file of the package.
const ENTRY_POINTS: [&str; 5] = [
    "settlement/v1/admin.proto",
    "settlement/v1/error_reason.proto",
    "settlement/v1/quote.proto",
    "settlement/v1/settlement_service.proto",
    "settlement/v1/signing.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={PROTO_ROOT}");
    let mut compiler = protox::Compiler::new([PROTO_ROOT])?;
    compiler.include_source_info(true).include_imports(true).open_files(ENTRY_POINTS)?;

    tonic_prost_build::configure().emit_rerun_if_changed(false).compile_fds(compiler.file_descriptor_set())?;

    // Reflection serves names and types; the comments would only make the binary larger.
    let descriptor_set = compiler.include_source_info(false).encode_file_descriptor_set();
    let out_dir = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(PathBuf::from(out_dir).join("settlement_descriptor.bin"), descriptor_set)?;
    Ok(())
}
