//! On which terms something is asked for.

/// The flags of every command that has something done.
#[derive(Debug, Clone, Default, clap::Args)]
pub(in crate::cli) struct Terms {
    /// Name the request: sent again it is answered as the first time
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) request_id: Option<String>,
    /// Check and decide everything, do nothing, and show what would be
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

/// The same, for what exists already.
#[derive(Debug, Clone, Default, clap::Args)]
pub(in crate::cli) struct Expecting {
    #[command(flatten)]
    pub(in crate::cli) terms: Terms,
    /// Only if it still has this etag
    #[arg(long, value_name = "ETAG")]
    pub(in crate::cli) etag: Option<String>,
}

impl Expecting {
    /// The three as requests carry them: id, whether it is a trial, etag.
    pub(in crate::cli) fn wire(self) -> (String, bool, String) {
        let Self { terms: Terms { request_id, dry_run }, etag } = self;
        (request_id.unwrap_or_default(), dry_run, etag.unwrap_or_default())
    }
}
