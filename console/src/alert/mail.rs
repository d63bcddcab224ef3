//! Mail, by a server of the operator's.

use std::{net::IpAddr, time::Duration};

use anyhow::{Context as _, bail};
use domain::alert::Notice;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::authentication::Credentials,
};
use reqwest::Url;

/// How long the server may take for one command.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// From whom, to whom, and by which server.
pub(super) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Mail {
    /// `server` is `smtps://user:password@host` (TLS), `smtp://user:password@host` (STARTTLS, which the server must
    /// offer) or `smtp+plain://localhost` (no encryption, this machine only). Only reads; nothing is connected.
    pub(super) fn new(server: &str, from: &str, to: &[String]) -> anyhow::Result<Self> {
        let url = Url::parse(server).context("the mail server is no URL: smtps://user:password@mail.example")?;
        let host = url.host_str().context("the URL of the mail server names no host")?;
        let builder = match url.scheme() {
            "smtps" => AsyncSmtpTransport::<Tokio1Executor>::relay(host)?,
            "smtp" => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host)?,
            "smtp+plain" if is_this_machine(host) => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host),
            "smtp+plain" => bail!("mail leaves this machine encrypted only: smtps:// or smtp:// (STARTTLS)"),
            other => bail!("a mail server is smtps://, smtp:// or smtp+plain://, not {other}://"),
        };
        let builder = match url.port() {
            Some(port) => builder.port(port),
            None => builder,
        };
        let builder = match (url.username(), url.password()) {
            ("", _) => builder,
            (user, password) => {
                builder.credentials(Credentials::new(decoded(user)?, decoded(password.unwrap_or_default())?))
            }
        };
        let mailbox = |text: &str| text.parse::<Mailbox>().with_context(|| format!("{text} is no mail address"));
        Ok(Self {
            transport: builder.timeout(Some(ANSWER_WITHIN)).build(),
            from: mailbox(from)?,
            to: to.iter().map(|to| mailbox(to)).collect::<Result<_, _>>()?,
        })
    }

    pub(super) async fn send(&self, notice: &Notice) -> anyhow::Result<()> {
        let id = Some(format!("<{}@dsm-console>", notice.id));
        let mut message = Message::builder()
            .from(self.from.clone())
            .subject(notice.title())
            .message_id(id)
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            message = message.to(to.clone());
        }
        let mut lines = notice.lines();
        lines.extend(notice.link.clone());
        self.transport.send(message.body(lines.join("\r\n\r\n"))?).await?;
        Ok(())
    }
}

fn is_this_machine(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || literal.is_ok_and(|address| address.is_loopback())
}

fn decoded(text: &str) -> anyhow::Result<String> {
    let text = percent_encoding::percent_decode_str(text).decode_utf8();
    Ok(text.context("user and password of the mail server are text, percent-encoded")?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(server: &str) -> Result<(), String> {
        Mail::new(server, "Console <console@shop.example>", &["ops@shop.example".to_owned()])
            .map(drop)
            .map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn mail_without_encryption_does_not_leave_the_machine() {
        for server in
            ["smtp+plain://localhost:2525", "smtp+plain://127.0.0.1", "smtps://u:p@mail.example", "smtp://mail.example"]
        {
            assert_eq!(made(server), Ok(()), "{server}");
        }
        for server in
            ["smtp+plain://mail.example", "smtp+plain://localhost.evil.example", "http://mail.example", "mail"]
        {
            assert!(made(server).is_err(), "{server}");
        }
    }
}
