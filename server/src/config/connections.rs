//! Further Redis to watch, from a file: `--connections` (docs/connections.md). Every error names the file, the table and
//! what to do, and never a secret.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use app::EnvironmentKind;
use clap::Args;
use domain::connection::{Colour, HOME, LONGEST_NAME, is_name};
use serde::Deserialize;
use streams::Redis;

/// Connections that one file may name: each costs a look a tick, a database, and loops of its own.
const AT_MOST: usize = 64;

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Several Redis")]
pub(crate) struct ConnectionArguments {
    /// A TOML file that names further Redis to watch and operate, beside the one of REDIS_URL: a table
    /// [connections.NAME] with url (its forms are those of --redis-url), and optionally password_file, environment
    /// (development, staging, production) and colour (slate, blue, teal, olive, brown, rose, plum, indigo). Their pages are
    /// under /at/NAME. docs/connections.md has the ACL users that they need.
    #[arg(long, env = "DSM_CONNECTIONS", value_name = "FILE")]
    pub(crate) connections: Option<PathBuf>,

    /// Colour of the Redis of REDIS_URL among them.
    #[arg(long, env = "DSM_COLOUR", default_value = "slate", value_parser = colour)]
    pub(crate) colour: Colour,
}

/// A further Redis, as the file has it.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) colour: Colour,
    pub(crate) kind: EnvironmentKind,
    pub(crate) redis: Redis,
}

impl ConnectionArguments {
    /// Those that the file names, by name; none without a file.
    pub(crate) fn read(&self) -> anyhow::Result<Vec<Named>> {
        // a variable that is set and empty names nothing
        let Some(path) = self.connections.as_deref().filter(|path| !path.as_os_str().is_empty()) else {
            return Ok(Vec::new());
        };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the connections in {}", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        read(&text, folder).with_context(|| format!("the connections in {} cannot be used", path.display()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    connections: BTreeMap<String, Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    url: String,
    password_file: Option<PathBuf>,
    environment: Option<String>,
    colour: Option<String>,
}

fn read(text: &str, folder: &Path) -> anyhow::Result<Vec<Named>> {
    // the parser's own message shows the line, which may hold a password
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        anyhow::anyhow!("line {line}: {}", without_values(error.message()))
    })?;
    ensure!(file.connections.len() <= AT_MOST, "it names more than {AT_MOST} connections");
    let mut free = colours_that_nobody_chose(&file).into_iter().cycle();
    let named = file.connections.into_iter().map(|(name, table)| {
        let table_name = format!("[connections.{name}]");
        let colour = if table.colour.is_none() { free.next() } else { None };
        one(name, table, colour.unwrap_or(Colour::Slate), folder).context(table_name)
    });
    named.collect()
}

/// Those that are left, without that of home; all of them where none is left.
fn colours_that_nobody_chose(file: &File) -> Vec<Colour> {
    let is_chosen =
        |colour: &Colour| file.connections.values().any(|table| table.colour.as_deref() == Some(colour.as_str()));
    let left: Vec<Colour> = Colour::ALL.into_iter().skip(1).filter(|colour| !is_chosen(colour)).collect();
    if left.is_empty() { Colour::ALL.to_vec() } else { left }
}

/// A message of the parser without what stands in the file: `invalid type: string "…", expected …`.
fn without_values(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(from), Some(to)) if from < to => format!("{}…{}", &message[..=from], &message[to..]),
        _ => message.to_owned(),
    }
}

fn one(name: String, table: Table, colour: Colour, folder: &Path) -> anyhow::Result<Named> {
    ensure!(is_name(&name), "a name is 1 to {LONGEST_NAME} of a-z, 0-9 and -: it is a part of addresses");
    ensure!(name != HOME, "{HOME} is the Redis of REDIS_URL (--redis-url): give this one another name");
    let colour = match &table.colour {
        None => colour,
        Some(word) => self::colour(word).map_err(anyhow::Error::msg)?,
    };
    let kind = match table.environment.as_deref() {
        None | Some("development") => EnvironmentKind::Development,
        Some("staging") => EnvironmentKind::Staging,
        Some("production") => EnvironmentKind::Production,
        Some(other) => bail!("environment is {other}: it is development, staging or production"),
    };
    let url = match &table.password_file {
        None => table.url,
        Some(file) => {
            let file = folder.join(file);
            let password = std::fs::read_to_string(&file)
                .with_context(|| format!("cannot read its password_file {}", file.display()))?;
            with_password(&table.url, password.trim_end_matches(['\r', '\n']))?
        }
    };
    let redis = Redis::new(&url).context("its url does not work")?;
    Ok(Named { name, colour, kind, redis })
}

fn colour(word: &str) -> Result<Colour, String> {
    Colour::parse(word).ok_or_else(|| {
        let known = Colour::ALL.map(Colour::as_str).join(", ");
        format!("there is no colour {word}: it is one of {known}")
    })
}

/// The URL with a password in it, which has none yet.
fn with_password(url: &str, password: &str) -> anyhow::Result<String> {
    ensure!(!password.is_empty(), "its password_file is empty");
    let (scheme, rest) = url.split_once("://").context("its url has no scheme")?;
    ensure!(scheme != "unix" && !scheme.contains("+unix"), "a unix:// url takes its login as ?user=…&pass=…");
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (user, hosts) = rest[..authority].rsplit_once('@').unwrap_or(("", &rest[..authority]));
    ensure!(!user.contains(':'), "it has a password in its url and a password_file: leave one of them out");
    let password: String = form_urlencoded::byte_serialize(password.as_bytes()).collect();
    // a form writes a space as +, a login as %20
    let password = password.replace('+', "%20");
    Ok(format!("{scheme}://{user}:{password}@{hosts}{}", &rest[authority..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        format!("{:#}", read(text, Path::new(".")).expect_err(text))
    }

    #[test]
    fn connections_are_named_coloured_and_told_apart() {
        let text = "[connections.orders]\nurl = 'redis://h'\nenvironment = 'production'\n\
                    [connections.mail]\nurl = 'rediss-sentinel://watch@a,b/mymaster'\ncolour = 'plum'\n\
                    [connections.c-3]\nurl = 'redis-cluster://a:1,b:2'\n";
        let named = read(text, Path::new(".")).expect("three");
        let told: Vec<_> = named
            .iter()
            .map(|named| (named.name.as_str(), named.colour.as_str(), named.kind.as_str(), named.redis.way().kind))
            .collect();
        assert_eq!(
            told,
            [
                ("c-3", "blue", "development", "cluster"),
                ("mail", "plum", "development", "sentinel"),
                ("orders", "teal", "production", "server"),
            ]
        );
        assert_eq!(read("", Path::new(".")).expect("nothing").len(), 0);
    }

    #[test]
    fn a_mistake_is_told_with_its_table_and_what_to_do() {
        for (text, table, what) in [
            ("[connections.Orders]\nurl='redis://h'", "[connections.Orders]", "a-z"),
            ("[connections.home]\nurl='redis://h'", "[connections.home]", "another name"),
            ("[connections.a]\nurl='redis://h'\ncolour='red'", "[connections.a]", "slate, blue"),
            ("[connections.a]\nurl='redis://h'\nenvironment='prod'", "[connections.a]", "production"),
            ("[connections.a]\nurl='http://h'", "[connections.a]", "redis-cluster://"),
            ("[connections.a]\nurl='redis://h'\npassword_file='not/there'", "[connections.a]", "not/there"),
            ("[connections.a]\nurl='redis://h'\npasswort='x'", "line 3", "passwort"),
            ("[connections.a]\ncolour='blue'", "line 1", "url"),
            ("connections", "line 1", ""),
        ] {
            let told = refused(text);
            assert!(told.contains(table) && told.contains(what), "{text}: {told}");
        }
    }

    #[test]
    fn no_error_tells_a_secret() {
        for text in [
            "[connections.a]\nurl = 'redis://u:secret@h:x'",
            "[connections.a]\nurl = 'http://u:secret@h'",
            "[connections.a]\nurl = 'redis://u:secret@h\n",
            "[connections.a]\nurl = 'redis://u:secret@h'\ncolour = 'red'",
            "[connections.a]\nurl = ['redis://u:secret@h']",
            "connections.a = 'redis://u:secret@h'",
            "connections = 'redis://u:secret@h'",
            "[connections.a]\nurl = 'redis://u:secret@h'\nurl = 'redis://u:secret@h'",
        ] {
            let told = refused(text);
            assert!(!told.contains("secret"), "{text}: {told}");
        }
    }

    #[test]
    fn a_password_comes_from_a_file_whatever_is_in_it() {
        let with = |url: &str| with_password(url, "p@ss/w rd%").expect(url);
        assert_eq!(with("redis://watch@h:1/0"), "redis://watch:p%40ss%2Fw%20rd%25@h:1/0");
        assert_eq!(with("rediss-cluster://a:1,b:2"), "rediss-cluster://:p%40ss%2Fw%20rd%25@a:1,b:2");
        assert_eq!(with("redis-sentinel://w@a,b/m?x=@"), "redis-sentinel://w:p%40ss%2Fw%20rd%25@a,b/m?x=@");
        let both = with_password("redis://watch:secret@h", "x").expect_err("two passwords").to_string();
        assert!(both.contains("leave one of them out") && !both.contains("secret"), "{both}");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("secret"), "pw\n").expect("a file");
        let text = "[connections.a]\nurl = 'redis://watch@h'\npassword_file = 'secret'";
        let named = read(text, folder.path()).expect("one");
        assert_eq!(named[0].redis.way().user.as_deref(), Some("watch"));
        assert!(!format!("{named:?}").contains("pw"));
    }
}
