//! A provider whose certificate nobody signed.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::bench::{Bench, Expected};
use super::server::{Manner, Server};
use crate::provider::specimen;

#[tokio::test]
async fn whoever_cannot_prove_who_it_is_gets_nothing() {
    let _installed_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let (tell, mut told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let taken = match acceptor.accept(stream).await {
                Err(_) => Vec::new(),
                Ok(mut stream) => {
                    let mut taken = Vec::new();
                    let _cut = stream.read_to_end(&mut taken).await;
                    taken
                }
            };
            let _gone = tell.send(taken);
        }
    });
    let nobody = Server::start(Manner::Says(Vec::new())).await;
    let bench = Bench::at(nobody, &address, Duration::from_secs(20));
    for call in specimen::calls() {
        bench.check(&call, "a certificate of its own", Expected::NotSent).await;
        let taken = told.recv().await.unwrap();
        assert!(taken.is_empty(), "{} bytes were sent to a stranger", taken.len());
    }
}
