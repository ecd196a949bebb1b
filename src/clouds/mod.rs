//! The clouds, one folder each.

use crate::model::{CloudId, KindName};
use crate::provider::{Cloud, ResourceKind};

/// Every cloud.
pub static CLOUDS: &[&Cloud] = &[];

/// The kind of that name.
pub fn kind(name: &str) -> Option<&'static dyn ResourceKind> {
    CLOUDS
        .iter()
        .flat_map(|cloud| cloud.kinds)
        .copied()
        .find(|kind| kind.info().name.0 == name)
}

/// The cloud that a kind belongs to.
pub fn cloud_of(kind: KindName) -> Option<&'static Cloud> {
    CLOUDS
        .iter()
        .copied()
        .find(|cloud| cloud.kinds.iter().any(|known| known.info().name == kind))
}

/// The cloud of that name.
pub fn cloud(id: CloudId) -> Option<&'static Cloud> {
    CLOUDS.iter().copied().find(|cloud| cloud.id == id)
}
