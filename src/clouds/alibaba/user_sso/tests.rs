//! `AlibabaUserSso`: calls and answers, written down.
