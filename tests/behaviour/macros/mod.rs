//! The functions and types that the macros take.
