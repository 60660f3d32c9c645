//! From how what is stored fits to the wire.

use super::name;
use crate::api::proto::v1::MigrationRow;
use crate::api::proto::v1::migration_row::Verdict as WireVerdict;
use crate::engine::migration::{Migration, Row, Subject, Verdict};

/// Shows what becomes of everything that is stored.
pub(crate) fn migration(migration: Migration) -> Vec<MigrationRow> {
    migration.rows.into_iter().map(row).collect()
}

fn row(row: Row) -> MigrationRow {
    let Row { subject, count, live, verdict, reason } = row;
    let amount = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let verdict = match verdict {
        Verdict::Same => WireVerdict::Same,
        Verdict::Renamed => WireVerdict::Renamed,
        Verdict::NeedsRule => WireVerdict::NeedsRule,
        Verdict::Impossible => WireVerdict::Impossible,
    };
    let told = MigrationRow {
        count: amount(count),
        live_count: amount(live),
        verdict: verdict.into(),
        reason,
        ..MigrationRow::default()
    };
    match subject {
        Subject::State { machine, version, drawn, number, state, now } => MigrationRow {
            name: name::machine(&machine),
            stored_version: version.unwrap_or_default().into(),
            running_version: drawn.unwrap_or_default().into(),
            state_number: number.unwrap_or_default().into(),
            stored_state: state,
            running_state: now.unwrap_or_default(),
            ..told
        },
        Subject::Product { name, version, configured } => MigrationRow {
            name: format!("products/{name}"),
            stored_version: version.into(),
            running_version: configured.unwrap_or_default().into(),
            ..told
        },
    }
}
