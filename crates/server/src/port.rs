//! A port: taken before the store is opened, so that a start that cannot succeed changes nothing, and listened at
//! only when the store has recovered.

use std::io;
use std::net::{SocketAddr, TcpListener};

use tokio::net::TcpSocket;

use crate::config::Binding;
use crate::server::StartError;

/// Clients that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A bound address.
#[derive(Debug)]
pub(crate) struct Port {
    socket: TcpSocket,
    binding: String,
    /// As bound: an ephemeral port has its number.
    pub(crate) address: SocketAddr,
}

impl Port {
    /// Binds the first address of a binding that can be bound.
    pub(crate) fn take(binding: &Binding) -> Result<Self, StartError> {
        let failed = |source| StartError::Bind { binding: binding.to_string(), source };
        let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "no such address");
        for address in binding.addresses().map_err(failed)? {
            match bind(address) {
                Ok((socket, address)) => return Ok(Self { socket, binding: binding.to_string(), address }),
                Err(e) => last = e,
            }
        }
        Err(failed(last))
    }

    /// Lets clients in.
    pub(crate) fn listen(self) -> Result<TcpListener, StartError> {
        let listener = self.socket.listen(BACKLOG).and_then(tokio::net::TcpListener::into_std);
        listener.map_err(|source| StartError::Bind { binding: self.binding, source })
    }
}

fn bind(address: SocketAddr) -> io::Result<(TcpSocket, SocketAddr)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}
