//! Files that are built here.
