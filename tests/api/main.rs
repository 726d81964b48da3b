//! The one test binary: a mirror of `src/`, and what its tests share.

mod markup;
