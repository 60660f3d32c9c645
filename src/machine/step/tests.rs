//! The core against its drawings, in stories, and at random.

mod lost;
mod story;
mod table;
mod told;
mod walk;
