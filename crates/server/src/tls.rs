//! TLS of one client on the engine's thread: bytes in, bytes out, and no socket (rule `H-30`).
//!
//! The vestibule has shaken hands; from then on [`Session`] opens what arrives and seals what leaves, between the socket
//! and the node. The node counts bytes of replies, the kernel takes sealed ones: a reply counts as sent when the last
//! sealed byte that carries it was taken (`D13`, `G19`).

use std::collections::VecDeque;
use std::io::{BufRead, Write};

use tokio_rustls::rustls::{Error, ServerConnection};

/// Bytes of a reply that one record carries at most: what TLS allows.
const RECORD_MAX: usize = 16 * 1024;

/// Both directions of a connection whose handshake is done.
pub(crate) struct Session {
    tls: Box<ServerConnection>,
    /// Bytes of replies, and the sealed bytes that came of them.
    plain: u64,
    sealed: u64,
    /// Where a piece of a reply ends, among the sealed bytes and among those of replies, as far as it was not taken.
    ends: VecDeque<(u64, u64)>,
    /// Bytes of replies that were taken whole.
    carried: u64,
}

/// Whether more may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inflow {
    Open,
    /// The client has said that it will send no more.
    Ended,
}

impl Session {
    pub(crate) fn new(tls: ServerConnection) -> Self {
        Self { tls: Box::new(tls), plain: 0, sealed: 0, ends: VecDeque::new(), carried: 0 }
    }

    /// Opens what arrived and hands it on, with what had arrived before. After an error the client is to be told by
    /// [`Session::take`], and let go.
    pub(crate) fn open(
        &mut self,
        mut arrived: &[u8],
        mut hand_on: impl FnMut(&[u8]),
    ) -> Result<Inflow, Error> {
        loop {
            let state = self.tls.process_new_packets()?;
            let mut reader = self.tls.reader();
            while let Some(plain) = reader.fill_buf().ok().filter(|plain| !plain.is_empty()) {
                let length = plain.len();
                hand_on(plain);
                reader.consume(length);
            }
            if state.peer_has_closed() {
                return Ok(Inflow::Ended);
            }
            if arrived.is_empty() {
                return Ok(Inflow::Open);
            }
            // It reads from memory, and everything that it held was handed on: the only failure is a record beyond
            // all bounds, whose head was looked at above.
            if self.tls.read_tls(&mut arrived).is_err() {
                return Err(Error::General("a record that never ends".into()));
            }
        }
    }

    /// Seals a reply behind what is to be sent already.
    pub(crate) fn seal(&mut self, reply: &[u8], out: &mut Vec<u8>) {
        for piece in reply.chunks(RECORD_MAX) {
            // Writing to memory fails only behind the farewell, where nothing is to be sent any more.
            if self.tls.writer().write_all(piece).is_err() {
                return;
            }
            self.take(out);
            self.plain += piece.len() as u64;
            self.ends.push_back((self.sealed, self.plain));
        }
    }

    /// Whether TLS itself has something to say.
    pub(crate) fn has_a_word(&self) -> bool {
        self.tls.wants_write()
    }

    /// Takes what TLS itself has to say: alerts, new keys.
    pub(crate) fn take(&mut self, out: &mut Vec<u8>) {
        while self.tls.wants_write() {
            match self.tls.write_tls(out) {
                Ok(length) if length > 0 => self.sealed += length as u64,
                _ => return,
            }
        }
    }

    /// Says that nothing more will come.
    pub(crate) fn farewell(&mut self, out: &mut Vec<u8>) {
        self.tls.send_close_notify();
        self.take(out);
    }

    /// The kernel has taken this many sealed bytes in all: how many bytes of replies that is.
    pub(crate) fn carried(&mut self, taken: u64) -> u64 {
        while let Some((_, plain)) = self.ends.front().filter(|(sealed, _)| *sealed <= taken) {
            self.carried = *plain;
            self.ends.pop_front();
        }
        self.carried
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::Arc;

    use rcgen::{CertificateParams, KeyPair};
    use tokio_rustls::rustls::crypto::aws_lc_rs;
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;
    use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, version};

    use super::*;

    /// Both ends of a connection whose handshake is done.
    fn ends() -> (ClientConnection, Session) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        let certificate = params.self_signed(&key).expect("a certificate").der().clone();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).expect("a root");
        let client = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&version::TLS13])
            .expect("a version")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13])
            .expect("a version")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("an identity");
        let name = "localhost".try_into().expect("a name");
        let mut client = ClientConnection::new(Arc::new(client), name).expect("a client");
        let mut server = ServerConnection::new(Arc::new(server)).expect("a server");
        while client.is_handshaking() || server.is_handshaking() || server.wants_write() {
            let mut sealed = Vec::new();
            client.write_tls(&mut sealed).expect("memory");
            server.read_tls(&mut sealed.as_slice()).expect("memory");
            server.process_new_packets().expect("a handshake");
            let mut sealed = Vec::new();
            server.write_tls(&mut sealed).expect("memory");
            client.read_tls(&mut sealed.as_slice()).expect("memory");
            client.process_new_packets().expect("a handshake");
        }
        (client, Session::new(server))
    }

    #[test]
    fn a_reply_counts_as_sent_when_its_last_sealed_byte_was_taken_d13() {
        let (mut client, mut session) = ends();
        let reply = vec![b'x'; 2 * RECORD_MAX + 7];
        let mut sealed = Vec::new();
        session.seal(&reply, &mut sealed);
        let overhead = (sealed.len() - reply.len()) as u64 / 3;
        let first = RECORD_MAX as u64 + overhead;
        assert_eq!([0, first - 1].map(|taken| session.carried(taken)), [0, 0]);
        assert_eq!(session.carried(first), RECORD_MAX as u64);
        assert_eq!(session.carried(2 * first), 2 * RECORD_MAX as u64);
        assert_eq!(session.carried(sealed.len() as u64 - 1), 2 * RECORD_MAX as u64);
        assert_eq!(session.carried(sealed.len() as u64), reply.len() as u64);

        let (mut rest, mut got) = (sealed.as_slice(), Vec::new());
        while got.len() < reply.len() {
            client.read_tls(&mut rest).expect("memory");
            client.process_new_packets().expect("records");
            _ = client.reader().read_to_end(&mut got); // until it would block
        }
        assert_eq!(got, reply);
    }

    #[test]
    fn what_arrives_is_handed_on_however_it_is_cut_and_a_farewell_ends_it() {
        let (mut client, mut session) = ends();
        let mut sealed = Vec::new();
        for line in ["PUSH {}\n", "INFO\n"] {
            client.writer().write_all(line.as_bytes()).expect("memory");
            client.write_tls(&mut sealed).expect("memory");
        }
        client.send_close_notify();
        client.write_tls(&mut sealed).expect("memory");
        let mut plain = Vec::new();
        let last = sealed.pop().expect("bytes");
        for byte in sealed {
            let inflow = session.open(&[byte], |piece| plain.extend_from_slice(piece));
            assert_eq!(inflow, Ok(Inflow::Open));
        }
        assert_eq!(session.open(&[last], |_| panic!("nothing more")), Ok(Inflow::Ended));
        assert_eq!(plain, b"PUSH {}\nINFO\n");

        let (_, mut session) = ends();
        let junk = session.open(b"GET / HTTP/1.1\r\n\r\n", |_| panic!("no line"));
        assert!(junk.is_err() && session.has_a_word(), "an alert is to be sent");
    }
}
