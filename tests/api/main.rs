//! The one test binary: a mirror of `src/`, and what its tests share.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that meets what it does not expect is to fail"
)]

mod markup;
