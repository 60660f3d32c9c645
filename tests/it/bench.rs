//! `docket bench` at a size that measures nothing: that it runs, tells every figure, and loses none.

use serde_json::Value;
use std::process::Command;

/// What a run tells, on its one line.
fn figures(arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    command.arg("bench").args(arguments).args(["-o", "json"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DOCKET_")) {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.lines().count() == 1, "{out}{err}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

#[track_caller]
fn check(figures: &Value, applications: u64, moves_at_least: f64) {
    let figure = |name: &str| figures[name].as_f64().unwrap_or_else(|| panic!("no {name}: {figures:#}"));
    for name in ["rss_mb", "server_cpu_ms_per_application"] {
        assert!(figure(name) > 0.0, "{name}: {figures:#}");
    }
    // A few find room in files that were made beforehand.
    assert!(figure("disk_mb_per_10k") >= 0.0, "{figures:#}");
    for times in ["create_ms", "answer_to_final_ms", "total_ms"] {
        let at = ["p50", "p90", "p99"].map(|share| figures[times][share].as_f64().unwrap());
        assert!(at[0] > 0.0 && at.is_sorted(), "{times}: {figures:#}");
    }
    let per_application = figure("transitions_per_s") / figure("applications_per_s");
    assert!(per_application >= moves_at_least, "{figures:#}");
    assert_eq!((figures["applications"].as_u64(), figures["lost"].as_u64()), (Some(applications), Some(0)));
}

#[test]
fn journey_w_tells_every_figure_beside_those_that_wait_and_the_limits() {
    let run = ["--applications", "12", "--concurrency", "4", "--waiting", "3", "--limits"];
    let figures = figures(&run);
    check(&figures, 12, 7.0);
    let told = |name: &str| figures[name].to_string();
    assert_eq!(["journey", "concurrency", "waiting"].map(told), ["\"W\"", "4", "3"]);
    for limit in ["grpc_calls_per_s", "group_commit_records_per_s"] {
        assert!(figures["limits"][limit].as_f64().unwrap() > 0.0, "{limit}: {figures:#}");
    }
}

#[test]
fn journey_r_goes_by_the_sandbox() {
    let figures = figures(&["--journey", "R", "--applications", "2", "--concurrency", "2"]);
    check(&figures, 2, 7.0);
    assert_eq!(figures["journey"], "R");
    assert!(figures.get("limits").is_none(), "nobody asked: {figures:#}");
}
