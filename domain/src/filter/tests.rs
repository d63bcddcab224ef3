use proptest::prelude::*;

use super::{json::Step, *};

const SPRINT: &str = r#"{"event_id":"c07d","event_type":"SprintStarted","aggregate_id":"ACM-7-S02","payload":{"project_id":"ACM-7","weeks":2,"rate":40.5,"big":9007199254740993,"done":false,"note":null,"tasks":["T1","T2"],"team":[{"name":"Ines"},{"name":"Tomas"}],"a b":{"c.d":"x\u00e4\"y"}},"timestamp":"2026-03-02T09:15:04.120331","correlation_id":"90aa"}"#;

fn entry() -> (EntryId, Vec<RawField>) {
    let field = |name: &str, value: &[u8]| (name.as_bytes().to_vec(), value.to_vec());
    let fields = vec![
        field("data", SPRINT.as_bytes()),
        field("total", b"12.50"),
        field("total", b"7"),
        field("order no", "Größe ÄÖ".as_bytes()),
        field("bytes", b"\xff\xfeneedle\x00"),
        field("meta", br#"{"a":{"b":1}}"#),
    ];
    ("1772442904120-3".parse().expect("id"), fields)
}

fn fits(text: &str) -> bool {
    let (id, fields) = entry();
    let filter: Filter = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    filter.fits(&Asked::new(id, &fields))
}

#[test]
fn every_operator_says_yes_and_no() {
    let yes = [
        "type = SprintStarted",
        "TYPE = SprintStarted",
        "key = ACM-7-S02",
        "event_id = c07d",
        "correlation_id=90aa",
        "id = 1772442904120-3",
        "id starts 17724",
        "added > 2026-03-02",
        "added < 2026-03-02T09:15:05",
        "added = 2026-03-02T09:15:04.120",
        "added >= \"2026-03-02 09:15\"",
        "data.payload.project_id = \"ACM-7\"",
        "data.payload.project_id != ACM-8",
        "data.payload.weeks = 2",
        "data.payload.weeks = 2.0",
        "data.payload.weeks < 3",
        "data.payload.weeks <= 2",
        "data.payload.weeks >= 2",
        "data.payload.weeks > 1.5",
        "data.payload.weeks > -1e3",
        "data.payload.rate > 40",
        "data.payload.done = false",
        "data.payload.big = 9007199254740993",
        "data.payload.note = null",
        "data.payload.note exists",
        "data.timestamp > 2026-03-01",
        "data.timestamp <= 2026-03-02T09:15:04.120331",
        "data.timestamp = 2026-03-02T10:15:04.120331+01:00",
        "data.payload.tasks = T2",
        "data.payload.tasks contains t2",
        "data.payload.tasks.0 = T1",
        "data.payload.team.name = Tomas",
        "data.payload.team.1.name = Tomas",
        "data.payload.tasks exists",
        "data.payload.\"a b\".\"c.d\" = \"xä\\\"y\"",
        "data.payload exists",
        "data exists",
        "data contains sprintstarted",
        "field.total = 7",
        "field.total > 12",
        "field.total starts 12.5",
        "field.total ends 50",
        "field.\"order no\" contains größe",
        "field.meta.a.b = 1",
        "field.missing != x",
        "not field.missing exists",
        "field.data.payload.weeks = 2",
        "needle",
        "NEEDLE",
        "\"größe äö\"",
        "sprint needle",
        "sprint AND needle",
        "nothing or needle",
        "not (nothing or nowhere)",
        "not nothing needle",
        "type = SprintStarted and (nothing or data.payload.weeks > 1)",
        "12.50",
        "c07d",
        "\"exists\" or needle",
        "data.payload.project_id starts acm",
    ];
    for text in yes {
        assert!(fits(text), "{text}");
    }
    let no = [
        "type = sprintstarted",
        "type != SprintStarted",
        "key = ACM",
        "key exists and not type exists",
        "added < 2026-03-02",
        "added > 2026-03-03",
        "data.payload.weeks > 2",
        "data.payload.weeks = two",
        "data.payload.big = 9007199254740992",
        "data.payload.done = true",
        "data.payload.tasks = T3",
        "data.payload.tasks.1 = T1",
        "data.payload.tasks.9 exists",
        "data.payload.team = Tomas",
        "data.payload = x",
        "data.payload.project_id.deeper exists",
        "data.nothing exists",
        "field.total > 13",
        "field.missing exists",
        "field.bytes.a exists",
        "nothing",
        "needle nothing",
        "not needle",
        "field.total starts 2.5",
        "data.payload.project_id ends acm",
        "data.timestamp < 2026-03-01",
    ];
    for text in no {
        assert!(!fits(text), "{text}");
    }
}

#[test]
fn an_error_names_its_place_and_what_was_expected() {
    let cases = [
        ("", 0, "a condition"),
        ("type =", 6, "a value after `=`"),
        ("type = and x", 7, "a value after `=`"),
        ("colour = red", 0, "`field.colour`"),
        ("payload.id = 7", 0, "`data.payload.id`"),
        ("(a or b", 7, "a `)` for the `(` at byte 0"),
        ("a) b", 1, "none was opened"),
        ("= 7", 0, "before the sign"),
        ("a and", 5, "a condition"),
        ("a or or b", 5, "\"or\""),
        ("()", 1, "before the `)`"),
        ("\"abc", 0, "a closing `\"`"),
        ("\"\"", 0, "not empty"),
        ("!a", 0, "`!=`"),
        ("a\u{7}", 1, "quotes"),
        ("key < abc", 6, "a number or a time"),
        ("added > soon", 8, "a time like"),
        ("added contains 2026-03-02", 15, "another sign"),
        ("field = x", 0, "the name of a field"),
        ("data..x = 1", 0, "a name after each dot"),
        ("type contains \"\"", 14, "not empty"),
    ];
    for (text, at, expected) in cases {
        let error = text.parse::<Filter>().expect_err(text);
        assert_eq!(error.at, at, "{text}: {error}");
        assert!(error.to_string().contains(expected), "{text}: {error}");
    }
}

#[test]
fn what_would_cost_too_much_is_refused() {
    let refused = |text: &str| text.parse::<Filter>().expect_err("too much");
    assert_eq!(refused(&"x".repeat(LONGEST + 1)).at, LONGEST);
    assert!("x ".repeat(CONDITIONS).parse::<Filter>().is_ok());
    assert!(refused(&"x ".repeat(CONDITIONS + 1)).expected.contains("32 conditions"));
    assert!(format!("{}x{}", "(".repeat(DEPTH), ")".repeat(DEPTH)).parse::<Filter>().is_ok());
    assert!(refused(&format!("{}x{}", "(".repeat(DEPTH + 1), ")".repeat(DEPTH + 1))).expected.contains("16 within"));
    assert!(refused(&"not ".repeat(400)).expected.contains("fewer"));
    assert!(refused(&format!("data{} exists", ".a".repeat(STEPS + 1))).expected.contains("16 steps"));
}

#[test]
fn broken_and_deep_json_is_not_found_and_nothing_breaks() {
    let asked = |json: &[u8], text: &str| {
        let fields = [(b"data".to_vec(), json.to_vec())];
        text.parse::<Filter>().expect(text).fits(&Asked::new(EntryId::ZERO, &fields))
    };
    assert!(asked(b"{\"a\":1,\"b\":", "data.a = 1"), "what is broken behind the place does not matter");
    assert!(!asked(b"{\"a\":1,\"b\":", "data.b exists"));
    assert!(!asked(b"{\"\xff\":1,\"b\":2}", "data.b = 2"), "a name that is no text ends the look");
    let deep = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert!(asked(deep.as_bytes(), "data.a.a.a exists"));
    assert!(!asked(deep.as_bytes(), "data.b exists"));
    let list = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(!asked(format!("{{\"a\":{list}}}").as_bytes(), "data.a.x = 1"));
    let long = format!("{{\"a\":\"{}Needle\"}}", "x".repeat(1_000_000));
    assert!(asked(long.as_bytes(), "data.a ends needle") && asked(long.as_bytes(), "NEEDLE"));
}

#[test]
fn an_edge_is_an_id_or_a_time() {
    let edge = |text: &str| text.parse::<Edge>().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(edge("1772442904120-3").first(), "1772442904120-3".parse().expect("id"));
    assert_eq!(edge(" 2026-03-02 09:15 ").first(), EntryId { ms: 1_772_442_900_000, seq: 0 });
    assert_eq!(edge("2026-03-02T09:15:04.120Z").last(), EntryId { ms: 1_772_442_904_120, seq: u64::MAX });
    assert_eq!(edge("2026-03-02").first().ms, 1_772_409_600_000);
    assert_eq!(edge("5"), Edge::Id(EntryId { ms: 5, seq: 0 }));
    assert!("soon".parse::<Edge>().is_err() && "".parse::<Edge>().is_err());
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9._-]{1,8}",
        "\\PC{1,8}",
        "[a-z\"\\\\ ()=<>!.]{1,8}",
        Just("and".to_owned()),
        Just("exists".to_owned())
    ]
}

fn any_subject() -> impl Strategy<Value = Subject> {
    let words = Subject::WORDS.map(|(_, subject)| subject).into_iter().filter(|subject| *subject != Subject::Added);
    let steps = prop::collection::vec(any_text().prop_map(|name| Step::new(&name)), 0..4);
    let name = prop_oneof![Just("data".to_owned()), any_text()];
    let field = (name, steps).prop_map(|(name, steps)| Subject::Field { name, steps });
    prop_oneof![prop::sample::select(words.collect::<Vec<_>>()), field]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let compared = (any_subject(), prop::sample::select(Comparison::ALL.to_vec()), any_text(), -999i64..999).prop_map(
        |(subject, comparison, text, number)| {
            let value = if comparison.is_of_order() { number.to_string() } else { text };
            Filter::Compare(subject, comparison, Value::new(value))
        },
    );
    let leaf = prop_oneof![any_text().prop_map(Filter::Text), any_subject().prop_map(Filter::Exists), compared];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::All),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::Any),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same(filter in any_filter()) {
        let text = filter.to_string();
        prop_assume!(text.len() <= LONGEST);
        prop_assert_eq!(text.parse::<Filter>().map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?, filter);
    }

    #[test]
    fn no_text_breaks_the_reader_and_its_errors_point_into_it(text in "\\PC{0,60}|[a-z.\"\\\\()=<>! ]{0,60}|(not |\\(|type |= |and |or |\"a\" |data\\.x )*") {
        match text.parse::<Filter>() {
            Ok(filter) => prop_assert_eq!(filter.to_string().parse::<Filter>().expect("its own text"), filter),
            Err(error) => prop_assert!(text.is_char_boundary(error.at) && error.at <= text.len(), "{error}"),
        }
    }

    #[test]
    fn any_filter_can_be_asked_of_any_bytes(filter in any_filter(), value in prop::collection::vec(any::<u8>(), 0..80), json in "[\\[\\]{}\":,a-c0-9 .eE-]{0,60}") {
        let fields = [(b"data".to_vec(), value), (b"data".to_vec(), json.into_bytes())];
        let asked = Asked::new(EntryId { ms: 5, seq: 1 }, &fields);
        prop_assert_ne!(filter.fits(&asked), Filter::Not(Box::new(filter.clone())).fits(&asked));
    }

    #[test]
    fn is_not_is_the_opposite_of_is(subject in any_subject(), text in any_text()) {
        let (id, fields) = entry();
        let asked = Asked::new(id, &fields);
        let compare = |comparison| Filter::Compare(subject.clone(), comparison, Value::new(text.clone())).fits(&asked);
        prop_assert_ne!(compare(Comparison::Is), compare(Comparison::IsNot));
    }
}
