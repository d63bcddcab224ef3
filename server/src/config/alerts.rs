//! Who is told of alerts. Addresses with secrets in them are given here and nowhere else (docs/adr/0014).

use app::address;
use clap::Args;
use console::alert::{Channels, Setting, Target};

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Alerts")]
pub(crate) struct AlertArguments {
    /// Where people reach this console: https://console.example. Messages then carry a link.
    #[arg(long, env = "DSM_PUBLIC_URL")]
    pub(crate) public_url: Option<String>,

    /// A URL that is called with every alert as JSON (docs/alerts.md); can be given several times.
    #[arg(long, env = "DSM_ALERT_WEBHOOK", value_delimiter = ',', hide_env_values = true)]
    pub(crate) alert_webhook: Vec<String>,

    /// Signs what webhooks are sent: the header X-DSM-Signature is the HMAC-SHA256 of the body by this secret.
    #[arg(long, env = "DSM_ALERT_WEBHOOK_SECRET", hide_env_values = true)]
    pub(crate) alert_webhook_secret: Option<String>,

    /// An incoming webhook of Slack, Mattermost or another that takes a text; can be given several times.
    #[arg(long, env = "DSM_ALERT_SLACK", value_delimiter = ',', hide_env_values = true)]
    pub(crate) alert_slack: Vec<String>,

    /// Let webhooks go to addresses that are not of the Internet: loopback, private and link-local ones.
    #[arg(long, env = "DSM_ALLOW_PRIVATE_WEBHOOKS")]
    pub(crate) allow_private_webhooks: bool,

    /// Mail addresses to tell; can be given several times.
    #[arg(long, env = "DSM_ALERT_MAIL_TO", value_delimiter = ',', requires = "alert_mail_server")]
    pub(crate) alert_mail_to: Vec<String>,

    /// The server that takes the mail: smtps://user:password@host (TLS), smtp://user:password@host (STARTTLS), or
    /// smtp+plain://localhost on this machine.
    #[arg(long, env = "DSM_ALERT_MAIL_SERVER", hide_env_values = true)]
    pub(crate) alert_mail_server: Option<String>,

    /// The sender of the mail: "Console <console@shop.example>".
    #[arg(long, env = "DSM_ALERT_MAIL_FROM", default_value = "DSM Console <dsm-console@localhost>")]
    pub(crate) alert_mail_from: String,
}

impl AlertArguments {
    /// The channels that are set; `prefix` is before the pages that messages link to.
    pub(crate) fn channels(&self, environment: &str, prefix: &str) -> anyhow::Result<Channels> {
        let secret = self.alert_webhook_secret.as_ref().filter(|secret| !secret.is_empty());
        let webhooks =
            given(&self.alert_webhook).map(|url| Target::Webhook { url: url.clone(), secret: secret.cloned() });
        let slack = given(&self.alert_slack).map(|url| Target::Slack { url: url.clone() });
        let to: Vec<String> = given(&self.alert_mail_to).cloned().collect();
        let mail = self.alert_mail_server.iter().filter(|_| !to.is_empty()).map(|server| Target::Mail {
            server: server.clone(),
            from: self.alert_mail_from.clone(),
            to: to.clone(),
        });
        Channels::new(Setting {
            targets: webhooks.chain(slack).chain(mail).collect(),
            allow_private: self.allow_private_webhooks,
            public_url: self.public_url.as_ref().filter(|url| !url.is_empty()).map(|url| {
                // as Channels::new reads it, and with what follows it
                format!("{}{prefix}", url.trim_end_matches('/'))
            }),
            environment: environment.to_owned(),
            page: address::subject,
        })
    }
}

/// A variable that is set and empty names nothing.
fn given(values: &[String]) -> impl Iterator<Item = &String> {
    values.iter().filter(|value| !value.trim().is_empty())
}
