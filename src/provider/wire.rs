//! The provider's messages exactly as printed (spec 002).
