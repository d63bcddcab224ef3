//! A server that speaks TLS, with a certificate of an authority that nobody knows but the test.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::node::{Node, free_port};

/// A server with a port for TLS. Needs `openssl` in PATH, and a server that was built with TLS, as distributions do.
#[derive(Debug)]
pub struct Secured {
    node: Node,
    port: u16,
    folder: TempDir,
}

impl Secured {
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("redis-tls-").tempdir().expect("a folder");
        let at = folder.path().to_owned();
        certify(&at);
        let port = free_port();
        let node = Node::start(&at, |command| {
            command.args(["--tls-port", &port.to_string(), "--tls-auth-clients", "no"]);
            command.arg("--tls-cert-file").arg(at.join("server.pem")).arg("--tls-key-file").arg(at.join("server.key"));
            command.arg("--tls-ca-cert-file").arg(at.join("authority.pem"));
        });
        let node = node.await;
        Self { node, port, folder }
    }

    /// Address for `streams::Redis::new`.
    pub fn url(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.port)
    }

    /// The certificate of its authority, for `SSL_CERT_FILE`.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// The same server without TLS, for what a test does by hand.
    pub fn node(&self) -> &Node {
        &self.node
    }
}

/// An authority, and a certificate for 127.0.0.1 that it has signed.
fn certify(folder: &Path) {
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").expect("a file");
    let steps = [
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority \
         -addext basicConstraints=critical,CA:TRUE -keyout authority.key -out authority.pem",
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server -keyout server.key -out server.csr",
        "x509 -req -in server.csr -CA authority.pem -CAkey authority.key -days 2 -extfile names -out server.pem",
    ];
    for step in steps {
        let output = Command::new("openssl").args(step.split_whitespace()).current_dir(folder).output();
        let output = output.expect("openssl in PATH");
        assert!(output.status.success(), "openssl {step}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
