//! Where messages go. Channels are set where the process is started (docs/adr/0014): their addresses are secrets, which so
//! are in no database, on no page, and out of reach of whoever may only use the pages.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::Context as _;
use domain::alert::{Notice, Subject};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, RequestBuilder, Url, header::CONTENT_TYPE};
use sha2::Sha256;

use super::{hexadecimal, mail::Mail, outbound};

/// Header of a webhook with the id of the message: the same when it is sent again.
const DELIVERY: &str = "x-dsm-delivery";
/// Header with the signature, `sha256=` and the HMAC of the body in hexadecimal.
const SIGNATURE: &str = "x-dsm-signature";

/// Whom to tell, as the operator sets it.
pub struct Setting {
    pub targets: Vec<Target>,
    /// Whether webhooks may go to addresses that are not of the Internet.
    pub allow_private: bool,
    /// Where people reach this console, without a slash at the end: `https://console.example`.
    pub public_url: Option<String>,
    /// Name of the environment.
    pub environment: String,
    /// The page of a subject, as a path.
    pub page: fn(&Subject) -> String,
}

/// One place where messages go.
pub enum Target {
    /// Called with the notice as JSON, signed if there is a secret.
    Webhook {
        url: String,
        secret: Option<String>,
    },
    /// Called with `{"text": …}`, as Slack, Mattermost and others take it.
    Slack {
        url: String,
    },
    Mail {
        server: String,
        from: String,
        to: Vec<String>,
    },
}

/// The channels of this process. Cheap to clone.
#[derive(Clone)]
pub struct Channels(Arc<Inner>);

struct Inner {
    channels: Vec<Channel>,
    client: Option<Client>,
    allow_private: bool,
    public_url: Option<String>,
    environment: String,
    page: fn(&Subject) -> String,
}

struct Channel {
    /// `webhook hooks.example`: what a page shows of it.
    name: String,
    way: Way,
}

enum Way {
    Webhook { url: Url, secret: Option<String> },
    Slack { url: Url },
    Mail(Box<Mail>),
}

impl Channels {
    /// Nobody is told.
    pub fn none() -> Self {
        Self(Arc::new(Inner {
            channels: Vec::new(),
            client: None,
            allow_private: false,
            public_url: None,
            environment: String::new(),
            page: |_| String::new(),
        }))
    }

    /// Reads the setting; an error says what in it is wrong, never a secret. Nothing is connected.
    pub fn new(setting: Setting) -> anyhow::Result<Self> {
        let allow_private = setting.allow_private;
        let mut names = BTreeSet::new();
        let mut channels = Vec::with_capacity(setting.targets.len());
        for target in setting.targets {
            let (name, way) = match target {
                Target::Webhook { url, secret } => {
                    let url = read(&url, allow_private).context("the address of a webhook does not work")?;
                    (format!("webhook {}", place(&url)), Way::Webhook { url, secret })
                }
                Target::Slack { url } => {
                    let url = read(&url, allow_private).context("the address of a Slack webhook does not work")?;
                    (format!("slack {}", place(&url)), Way::Slack { url })
                }
                Target::Mail { server, from, to } => {
                    let mail = Mail::new(&server, &from, &to).context("mail cannot be sent so")?;
                    (format!("mail {}", to.join(", ")), Way::Mail(Box::new(mail)))
                }
            };
            // two of one place are told apart by their number
            let numbered = (2..).map(|n| format!("{name} ({n})"));
            let name = std::iter::once(name.clone()).chain(numbered).find(|name| !names.contains(name));
            let name = name.context("there are endless numbers")?;
            names.insert(name.clone());
            channels.push(Channel { name, way });
        }
        if let Some(url) = &setting.public_url {
            let is_web = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
            anyhow::ensure!(is_web, "the public address {url} is no http:// or https:// address");
        }
        let client = outbound::client(allow_private).context("no client for webhooks can be made")?;
        Ok(Self(Arc::new(Inner {
            channels,
            client: Some(client),
            allow_private,
            public_url: setting.public_url.map(|url| url.trim_end_matches('/').to_owned()),
            environment: setting.environment,
            page: setting.page,
        })))
    }

    pub fn is_empty(&self) -> bool {
        self.0.channels.is_empty()
    }

    /// What they are called: kind and host, never the whole address.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.channels.iter().map(|channel| channel.name.as_str())
    }

    pub(super) fn environment(&self) -> &str {
        &self.0.environment
    }

    /// The page of a subject at the public address, if that is known.
    pub(super) fn link(&self, subject: &Subject) -> Option<String> {
        self.0.public_url.as_ref().map(|url| format!("{url}{}", (self.0.page)(subject)))
    }

    /// Sends a message; the error is for people, and holds no secret.
    pub(super) async fn send(&self, channel: &str, notice: &Notice) -> Result<(), String> {
        let found = self.0.channels.iter().find(|known| known.name == channel);
        let (Some(channel), Some(client)) = (found, &self.0.client) else {
            return Err("this channel is not set any more".to_owned());
        };
        match &channel.way {
            Way::Webhook { url, secret } => {
                let body = serde_json::to_string(notice).map_err(|error| error.to_string())?;
                let mut request = client.post(url.clone()).header(DELIVERY, &notice.id);
                if let Some(secret) = secret {
                    request = request.header(SIGNATURE, signature(secret, &body));
                }
                self.post(url, request, body).await
            }
            Way::Slack { url } => {
                let body = serde_json::json!({ "text": slack_text(notice) }).to_string();
                self.post(url, client.post(url.clone()), body).await
            }
            Way::Mail(mail) => mail.send(notice).await.map_err(|error| format!("{error:#}")),
        }
    }

    /// Whether a channel of this name is set.
    pub(super) fn has(&self, channel: &str) -> bool {
        self.names().any(|name| name == channel)
    }

    async fn post(&self, url: &Url, request: RequestBuilder, body: String) -> Result<(), String> {
        outbound::check(url, self.0.allow_private)?;
        let answer = request.header(CONTENT_TYPE, "application/json").body(body).send().await;
        // the address is a secret: whoever has it can write
        let answer = answer.map_err(|error| causes(&error.without_url()))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status if status.is_redirection() => {
                Err(format!("the receiver answered {status}: redirects are not followed"))
            }
            status => Err(format!("the receiver answered {status}")),
        }
    }
}

fn read(url: &str, allow_private: bool) -> anyhow::Result<Url> {
    let url = Url::parse(url).context("it is no URL")?;
    outbound::check(&url, allow_private).map_err(anyhow::Error::msg)?;
    Ok(url)
}

/// Host and port, which are no secret.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn signature(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length is a key");
    mac.update(body.as_bytes());
    format!("sha256={}", hexadecimal(&mac.finalize().into_bytes()))
}

/// Names are any text; in Slack's three letters stand for markup and mentions.
fn slack_text(notice: &Notice) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut lines = vec![format!("*{}*", escaped(&notice.title()))];
    lines.extend(notice.lines().iter().map(|line| escaped(line)));
    lines.extend(notice.link.as_ref().map(|link| format!("<{}|Open in the console>", escaped(link))));
    lines.join("\n")
}

/// The error and what caused it, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut told: Vec<String> = Vec::new();
    for cause in causes.map(ToString::to_string) {
        if !told.iter().any(|text| text.contains(&cause)) {
            told.push(cause);
        }
    }
    told.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(targets: Vec<Target>, allow_private: bool) -> Setting {
        let page = |subject: &Subject| format!("/page?of={subject}");
        let public_url = Some("https://console.example/".to_owned());
        Setting { targets, allow_private, public_url, environment: "eu-1".to_owned(), page }
    }

    fn slack(url: &str) -> Target {
        Target::Slack { url: url.to_owned() }
    }

    #[test]
    fn a_channel_is_known_by_kind_and_host_and_never_by_its_secret() {
        let secret = "https://hooks.example:8443/T0/B0/secret?token=secret";
        let targets = vec![
            slack(secret),
            slack(secret),
            Target::Webhook { url: secret.to_owned(), secret: Some("secret".to_owned()) },
        ];
        let channels = Channels::new(setting(targets, false)).expect("channels");
        let names: Vec<_> = channels.names().collect();
        assert_eq!(names, ["slack hooks.example:8443", "slack hooks.example:8443 (2)", "webhook hooks.example:8443"]);
        assert_eq!(channels.link(&Subject::Redis).as_deref(), Some("https://console.example/page?of=Redis"));
    }

    #[test]
    fn a_setting_that_does_not_work_is_refused_without_telling_the_secret() {
        for url in
            ["hooks/secret", "ftp://hooks.example/secret", "http://127.0.0.1/secret", "http://u:secret@hooks.example/"]
        {
            let refused = Channels::new(setting(vec![slack(url)], false)).err().expect(url);
            assert!(!format!("{refused:#}").contains("secret"), "{refused:#}");
        }
        assert!(Channels::new(setting(vec![slack("http://127.0.0.1/hook")], true)).is_ok());
    }

    #[test]
    fn a_signature_is_that_of_the_documentation() {
        // printf '{"a":1}' | openssl dgst -sha256 -hmac key
        let expected = "sha256=88a67f24bbcdaed0e6c997404bb79a743baf44c6bab2f4c27328e3009d22e342";
        assert_eq!(signature("key", r#"{"a":1}"#), expected);
    }
}
