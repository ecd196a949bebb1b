//! The commands: calls the rooms in order. No branch on a cloud or a kind.
