//! What is shipped for Prometheus and Grafana speaks of figures that there are, and of labels that they have.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    path::{Path, PathBuf},
    process::Command,
};

use promql_parser::{
    parser::{self, BinaryExpr, Expr, VectorSelector},
    util::{ExprVisitor, walk_expr},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    exposition::Exposition,
    metrics::{scrape, with_everything},
};

#[derive(Deserialize)]
struct Rules {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    alert: String,
    expr: String,
    #[serde(rename = "for")]
    lasts: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Config {
    scrape_configs: Vec<Job>,
}

#[derive(Deserialize)]
struct Job {
    job_name: String,
    static_configs: Vec<Targets>,
}

#[derive(Deserialize)]
struct Targets {
    labels: BTreeMap<String, String>,
}

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(deploy().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn rules() -> Vec<Rule> {
    let rules: Rules = serde_saphyr::from_str(&read("prometheus/rules.yml")).expect("rules");
    rules.groups.into_iter().flat_map(|group| group.rules).collect()
}

/// The labels that Prometheus adds to everything it scrapes by our example.
fn added_labels() -> BTreeSet<String> {
    let config: Config = serde_saphyr::from_str(&read("prometheus/prometheus.yml")).expect("a configuration");
    assert!(config.scrape_configs.iter().all(|job| job.job_name == "dsm-console"), "the rules know this name");
    let targets = config.scrape_configs.into_iter().flat_map(|job| job.static_configs);
    let own = targets.flat_map(|targets| targets.labels.into_keys());
    own.chain(["job".to_owned(), "instance".to_owned()]).collect()
}

/// The names that a running server tells, each with its labels.
struct Known {
    labels: BTreeMap<String, BTreeSet<String>>,
    added: BTreeSet<String>,
}

impl Known {
    fn of(page: &Exposition) -> Self {
        let mut labels: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for sample in page.0.values().flat_map(|family| &family.samples) {
            labels.entry(sample.name.clone()).or_default().extend(sample.labels.keys().cloned());
        }
        // what Prometheus itself tells of each target
        labels.insert("up".to_owned(), BTreeSet::new());
        Self { labels, added: added_labels() }
    }

    /// Whether all that the expression names is there; the labels that its answer can have.
    fn check(&self, expression: &str) -> BTreeSet<String> {
        let parsed = parser::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
        let mut found = Found::default();
        let Ok(_) = walk_expr(&mut found, &parsed);
        assert!(!found.selectors.is_empty(), "{expression} asks for nothing");
        let mut labels = self.added.clone();
        for (name, used) in found.selectors {
            let has = self.labels.get(&name).unwrap_or_else(|| panic!("{expression}: there is no {name}"));
            for label in used {
                assert!(has.contains(&label) || self.added.contains(&label), "{expression}: {name} has no {label}");
            }
            labels.extend(has.iter().cloned());
        }
        for label in found.grouped_by {
            assert!(labels.contains(&label), "{expression}: there is no {label}");
        }
        labels
    }
}

/// What an expression names.
#[derive(Default)]
struct Found {
    selectors: Vec<(String, Vec<String>)>,
    grouped_by: Vec<String>,
}

impl Found {
    fn selector(&mut self, selector: &VectorSelector) {
        let name = selector.name.clone().expect("figures are asked for by their name");
        let labels = selector.matchers.matchers.iter().map(|matcher| matcher.name.clone());
        self.selectors.push((name, labels.collect()));
    }
}

impl ExprVisitor for Found {
    type Error = Infallible;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, Infallible> {
        let modifier = match expression {
            Expr::VectorSelector(selector) => {
                self.selector(selector);
                None
            }
            Expr::MatrixSelector(matrix) => {
                self.selector(&matrix.vs);
                None
            }
            Expr::Aggregate(aggregate) => aggregate.modifier.as_ref(),
            Expr::Binary(BinaryExpr { modifier: Some(modifier), .. }) => modifier.matching.as_ref(),
            _ => None,
        };
        if let Some(modifier) = modifier {
            self.grouped_by.extend(modifier.labels().labels.iter().cloned());
        }
        Ok(true)
    }
}

/// What is between `start` and `}}`, everywhere.
fn templates<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    text.split(start).skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim())).collect()
}

#[tokio::test]
async fn every_figure_and_label_in_rules_and_dashboard_is_told_by_a_running_server() {
    let server = with_everything().await;
    let known = Known::of(&scrape(&server).await);

    for rule in rules() {
        let labels = known.check(&rule.expr);
        for label in rule.annotations.values().flat_map(|text| templates(text, "$labels.")) {
            assert!(labels.contains(label), "{}: there is no label {label}", rule.alert);
        }
    }

    let dashboard: Value = serde_json::from_str(&read("grafana/dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut asked = BTreeSet::new();
    for target in panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten() {
        let expression = target["expr"].as_str().expect("an expression").replace("$__rate_interval", "5m");
        let labels = known.check(&expression);
        for label in templates(target["legendFormat"].as_str().unwrap_or_default(), "{{") {
            assert!(labels.contains(label), "{expression}: there is no label {label}");
        }
        let parsed = parser::parse(&expression).expect("parsed before");
        let mut found = Found::default();
        let Ok(_) = walk_expr(&mut found, &parsed);
        asked.extend(found.selectors.into_iter().map(|(name, _)| name));
    }
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    let queries: Vec<_> = variables.iter().filter(|variable| variable["type"] == "query").collect();
    assert_eq!(queries.len(), 3, "environment, stream and group");
    for variable in queries {
        let query = variable["query"]["query"].as_str().expect("a query");
        let inner = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')')).expect("label values");
        let (selector, label) = inner.rsplit_once(", ").expect("a selector and a label");
        assert!(known.check(selector).contains(label), "{query}");
    }
    // what nobody looks at is not worth telling
    let by_kind = |name: &&String| !["_sum", "_count"].iter().any(|ending| name.ends_with(ending));
    let unseen: Vec<_> = known.labels.keys().filter(by_kind).filter(|name| !asked.contains(*name)).collect();
    let not_drawn = [
        "dsm_findings",
        "dsm_group_dead_letters_exact",
        "dsm_looks_total",
        "dsm_redis_info",
        "dsm_redis_uptime_seconds",
        "dsm_streams_left_out",
        "up",
    ];
    assert_eq!(unseen, not_drawn);
}

#[test]
fn every_alert_says_how_bad_it_is_and_what_to_do() {
    let runbooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/runbooks");
    let rules = rules();
    let names: BTreeSet<_> = rules.iter().map(|rule| &rule.alert).collect();
    assert_eq!(names.len(), rules.len(), "an alert has two rules");
    for rule in &rules {
        let told = |name: &str| rule.annotations.get(name).unwrap_or_else(|| panic!("{} has no {name}", rule.alert));
        let severity = rule.labels.get("severity").map(String::as_str);
        assert!(matches!(severity, Some("info" | "warning" | "critical")), "{}: {severity:?}", rule.alert);
        assert!(rule.lasts.ends_with('m'), "{}: for {}", rule.alert, rule.lasts);
        assert!(told("summary").ends_with('.'), "{}", rule.alert);
        let runbook =
            told("runbook_url").strip_prefix("http://{{ $labels.instance }}/runbooks/").expect("a page of ours");
        assert!(runbooks.join(format!("{runbook}.md")).exists(), "{}: there is no runbook {runbook}", rule.alert);
    }
}

/// Where Prometheus' own tool is installed, it judges too.
#[tokio::test]
async fn the_own_tool_of_prometheus_finds_nothing_wrong() {
    if Command::new("promtool").arg("--version").output().is_err() {
        return;
    }
    let folder = deploy().join("prometheus");
    for words in
        [["check", "config", "prometheus.yml"], ["check", "rules", "rules.yml"], ["test", "rules", "rules.test.yml"]]
    {
        let output = Command::new("promtool").args(words).current_dir(&folder).output().expect("promtool");
        assert!(output.status.success(), "{words:?}: {output:?}");
    }
    let server = with_everything().await;
    let text = server.request("GET", "/metrics").send().await.expect("an answer").text().await.expect("a text");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    let input = file.reopen().expect("the file");
    let output = Command::new("promtool").args(["check", "metrics"]).stdin(input).output().expect("promtool");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
