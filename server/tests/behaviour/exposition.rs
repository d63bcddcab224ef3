//! A strict reader of what `/metrics` answers. Prometheus refuses a whole answer for one line that does not fit; so does
//! this, with the line.

use std::collections::{BTreeMap, BTreeSet};

use server::metrics::Format;

pub(crate) type Labels = BTreeMap<String, String>;

/// Samples of one name.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) help: String,
    pub(crate) samples: Vec<Sample>,
}

#[derive(Debug)]
pub(crate) struct Sample {
    /// With the ending that histograms have, and counters in `OpenMetrics`.
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) value: f64,
}

/// The whole answer, by the names of its families.
#[derive(Debug)]
pub(crate) struct Exposition(pub(crate) BTreeMap<String, Family>);

impl Exposition {
    pub(crate) fn read(text: &str, format: Format) -> Self {
        let body = match format {
            Format::Text => text,
            Format::OpenMetrics => text.strip_suffix("# EOF\n").expect("the end is marked"),
        };
        assert!(body.ends_with('\n'), "the last line has an end");
        let mut families = BTreeMap::new();
        let mut lines = body.lines().peekable();
        while let Some(line) = lines.next() {
            let (name, help) = heading(line, "HELP");
            let (typed, kind) = heading(lines.next().expect("a type after a help"), "TYPE");
            assert_eq!(name, typed, "the type is of the family");
            let mut samples = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
                let sample = Sample::read(line);
                let ending = sample.name.strip_prefix(name).unwrap_or_else(|| panic!("{line} is not of {name}"));
                let fitting: &[&str] = match (kind, format) {
                    ("histogram", _) => &["_bucket", "_sum", "_count"],
                    ("counter", Format::OpenMetrics) => &["_total"],
                    ("info", Format::OpenMetrics) => &["_info"],
                    ("counter" | "gauge", _) => &[""],
                    _ => panic!("{name} has the type {kind}"),
                };
                assert!(fitting.contains(&ending), "{line}: a {kind} has no such ending");
                samples.push(sample);
            }
            assert!(!samples.is_empty(), "{name} has no sample");
            let names: BTreeSet<_> = samples.iter().map(|sample| (&sample.name, &sample.labels)).collect();
            assert_eq!(names.len(), samples.len(), "a sample of {name} is told twice");
            let family = Family { kind: kind.to_owned(), help: help.to_owned(), samples };
            if kind == "histogram" {
                family.adds_up();
            }
            assert!(families.insert(name.to_owned(), family).is_none(), "{name} is told twice");
        }
        Self(families)
    }

    /// The value of the one sample with this name and these labels; `None` where there is none.
    pub(crate) fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: Labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut samples = self.0.values().flat_map(|family| &family.samples);
        samples.find(|sample| sample.name == name && sample.labels == labels).map(|sample| sample.value)
    }

    pub(crate) fn get(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.find(name, labels).unwrap_or_else(|| panic!("no sample {name} {labels:?}"))
    }

    /// The label sets of all samples with this name.
    pub(crate) fn labels(&self, name: &str) -> Vec<&Labels> {
        let samples = self.0.values().flat_map(|family| &family.samples);
        samples.filter(|sample| sample.name == name).map(|sample| &sample.labels).collect()
    }

    pub(crate) fn names(&self) -> BTreeSet<&str> {
        let samples = self.0.values().flat_map(|family| &family.samples);
        samples.map(|sample| sample.name.as_str()).collect()
    }
}

impl Family {
    /// Each bucket holds those below it, and the last one all.
    fn adds_up(&self) {
        let mut series: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
        for sample in self.samples.iter().filter(|sample| sample.name.ends_with("_bucket")) {
            let mut labels = sample.labels.clone();
            let bound = labels.remove("le").expect("a bucket has an end");
            series.entry(labels).or_default().push((number(&bound), sample.value));
        }
        for (labels, buckets) in series {
            assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{labels:?}: {buckets:?}");
            let last = buckets.last().expect("a bucket");
            assert!(last.0.is_infinite(), "{labels:?}: the last bucket has no end");
            let count = self.samples.iter().find(|s| s.name.ends_with("_count") && s.labels == labels);
            assert_eq!(count.map(|count| count.value), Some(last.1), "{labels:?}");
        }
    }
}

impl Sample {
    fn read(line: &str) -> Self {
        let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("no value: {line}"));
        let name = &line[..end];
        assert!(is_name(name), "not a name: {line}");
        let (labels, rest) = match line[end..].strip_prefix('{') {
            Some(rest) => labels(rest, line),
            None => (Labels::new(), &line[end..]),
        };
        let value = rest.strip_prefix(' ').unwrap_or_else(|| panic!("no space before the value: {line}"));
        Self { name: name.to_owned(), labels, value: number(value) }
    }
}

/// What is after the brace, up to and with the closing one; and the rest.
fn labels<'a>(mut rest: &'a str, line: &str) -> (Labels, &'a str) {
    let mut labels = Labels::new();
    loop {
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("not a label: {line}"));
        assert!(is_name(name) && !name.contains(':'), "not the name of a label: {line}");
        let (mut value, mut characters) = (String::new(), after.char_indices());
        let end = loop {
            match characters.next().unwrap_or_else(|| panic!("a value without an end: {line}")) {
                (at, '"') => break at + 1,
                (_, '\\') => value.push(match characters.next() {
                    Some((_, '\\')) => '\\',
                    Some((_, '"')) => '"',
                    Some((_, 'n')) => '\n',
                    other => panic!("not an escape: {other:?} in {line}"),
                }),
                (_, character) => value.push(character),
            }
        };
        assert!(labels.insert(name.to_owned(), value).is_none(), "a label twice: {line}");
        rest = &after[end..];
        match rest.split_at_checked(1) {
            Some((",", after)) => rest = after,
            Some(("}", after)) => return (labels, after),
            _ => panic!("labels without an end: {line}"),
        }
    }
}

fn is_name(name: &str) -> bool {
    let fits = |character: char| character.is_ascii_alphanumeric() || ['_', ':'].contains(&character);
    name.chars().all(fits) && name.chars().next().is_some_and(|first| !first.is_ascii_digit())
}

fn number(text: &str) -> f64 {
    match text {
        "+Inf" => f64::INFINITY,
        text => text.parse().unwrap_or_else(|_| panic!("not a number: {text:?}")),
    }
}

/// `# HELP name words`
fn heading<'a>(line: &'a str, what: &str) -> (&'a str, &'a str) {
    let rest = line.strip_prefix(&format!("# {what} ")).unwrap_or_else(|| panic!("{what} expected: {line}"));
    let (name, words) = rest.split_once(' ').unwrap_or_else(|| panic!("nothing after the name: {line}"));
    assert!(is_name(name) && !words.is_empty(), "{line}");
    (name, words)
}
