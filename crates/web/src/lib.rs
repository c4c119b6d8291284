//! Bessemer's dashboard.
