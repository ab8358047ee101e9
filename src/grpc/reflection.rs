//! Reflection, v1 and v1alpha: lets a caller without the `.proto` files list and call every RPC.
//!
//! It also serves health and `google.rpc`'s error details, so that generic
//! clients can print the details of an error.

use tonic::service::Routes;
use tonic_reflection::pb::{v1, v1alpha};
use tonic_reflection::server::{Builder, Error};

use super::pb;

/// The contracts of reflection itself.
pub(super) const REFLECTION_DESCRIPTOR_SETS: [&[u8]; 2] = [v1::FILE_DESCRIPTOR_SET, v1alpha::FILE_DESCRIPTOR_SET];

/// Adds both versions of reflection.
///
/// # Errors
/// When a descriptor set cannot be read, which is a defect of the build.
pub fn add_reflection(routes: Routes) -> Result<Routes, Error> {
    Ok(routes.add_service(builder().build_v1()?).add_service(builder().build_v1alpha()?))
}

fn builder() -> Builder<'static> {
    let [v1, v1alpha] = REFLECTION_DESCRIPTOR_SETS;
    // Each version shows the other too; neither is registered twice by the builder itself.
    Builder::configure()
        .include_reflection_service(false)
        .register_encoded_file_descriptor_set(pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(v1)
        .register_encoded_file_descriptor_set(v1alpha)
}
