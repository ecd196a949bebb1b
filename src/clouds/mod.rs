//! The clouds, one folder and one line each. Nothing else.

use crate::provider::{Cloud, ResourceKind};

pub mod huawei;
mod signing;

/// Every cloud, in the order of the documentation.
pub static CLOUDS: &[&Cloud] = &[&huawei::CLOUD];

/// The kind that manifests call `name`.
pub fn kind(name: &str) -> Option<&'static dyn ResourceKind> {
    CLOUDS
        .iter()
        .flat_map(|cloud| cloud.kinds)
        .copied()
        .find(|kind| kind.info().name.0 == name)
}

/// The cloud that manifests call `id`.
pub fn cloud(id: &str) -> Option<&'static Cloud> {
    CLOUDS.iter().copied().find(|cloud| cloud.id.0 == id)
}
