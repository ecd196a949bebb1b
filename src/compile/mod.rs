//! Documents to desired objects: references resolved, doubles and cycles refused.
