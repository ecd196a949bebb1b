//! The clouds, one folder each, and the one list of them.
//!
//! What the folders share is pure: [`signing`], [`wire`], [`ini`]. A cloud's own words, spellings
//! and error codes stay in its folder.

mod ini;
mod signing;
mod wire;

pub mod alibaba;
pub mod tencent;

use crate::provider::{Cloud, ResourceKind};

/// Every cloud, in the order of the documentation.
pub static CLOUDS: &[&Cloud] = &[
    &tencent::CLOUD,
    //    &alibaba::CLOUD,alibaba::CLOUD,
];

/// The cloud with this id, as manifests spell it.
pub fn cloud(id: &str) -> Option<&'static Cloud> {
    CLOUDS.iter().copied().find(|cloud| cloud.id.0 == id)
}

/// The native kind with this name, whichever cloud it belongs to.
pub fn kind(name: &str) -> Option<&'static dyn ResourceKind> {
    CLOUDS
        .iter()
        .flat_map(|cloud| cloud.kinds)
        .copied()
        .find(|kind| kind.info().name.0 == name)
}
