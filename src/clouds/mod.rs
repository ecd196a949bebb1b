//! The clouds, one folder each, and the one list of them.
//!
//! What the folders share is pure: [`signing`], [`wire`], [`ini`]. A cloud's own words, spellings
//! and error codes stay in its folder.

mod ini;
mod signing;
mod wire;

pub mod alibaba;
pub mod huawei;
pub mod tencent;

use crate::model::{CloudId, KindName};
use crate::provider::{Cloud, ResourceKind};

/// Every cloud, in the order of the documentation.
pub static CLOUDS: &[&Cloud] = &[&tencent::CLOUD, &alibaba::CLOUD, &huawei::CLOUD];

/// The cloud with this id.
pub fn cloud(id: CloudId) -> Option<&'static Cloud> {
    CLOUDS.iter().copied().find(|cloud| cloud.id == id)
}

/// The native kind with this name, whichever cloud it belongs to.
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
