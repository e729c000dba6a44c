//! The certificate authorities that are trusted.

use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// Those of this machine, or of `SSL_CERT_FILE` and `SSL_CERT_DIR` where these are set. An image of a team's own may have none.
static OWN: LazyLock<Vec<CertificateDer<'static>>> =
    LazyLock::new(|| readable(rustls_native_certs::load_native_certs().certs));

/// Those of this machine; where it has none, Mozilla's.
pub fn all() -> &'static [CertificateDer<'static>] {
    trusted(&OWN)
}

/// All of them, as PEM.
pub fn pem() -> &'static str {
    static PEM: LazyLock<String> = LazyLock::new(|| as_pem(all()));
    &PEM
}

/// Mozilla's, where this machine has none.
pub fn built_in() -> Option<&'static [CertificateDer<'static>]> {
    OWN.is_empty().then_some(TLS_SERVER_ROOT_CERTS)
}

fn trusted<'c>(own: &'c [CertificateDer<'static>]) -> &'c [CertificateDer<'static>] {
    match own {
        [] => TLS_SERVER_ROOT_CERTS,
        own => own,
    }
}

/// Without those that no connection could be checked with.
fn readable(mut found: Vec<CertificateDer<'static>>) -> Vec<CertificateDer<'static>> {
    found.retain(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok());
    found
}

fn as_pem(certificates: &[CertificateDer<'static>]) -> String {
    let mut text = String::new();
    for certificate in certificates {
        let _ = writeln!(
            text,
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----",
            STANDARD.encode(certificate)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::pem::PemObject;

    #[test]
    fn req_15_2_where_a_machine_has_no_authorities_those_of_mozilla_are_trusted() {
        let damaged = CertificateDer::from(b"no certificate".as_slice());
        let own = readable(vec![damaged.clone()]);
        let all = trusted(&own);
        assert!(all.len() > 50, "{}", all.len());
        // What is handed to AWS's client must be readable, all of it.
        let pem = as_pem(all);
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        let read = read.unwrap();
        assert_eq!(read, all);
        assert_eq!(readable(read).len(), all.len());
        // A company's own authority stands alone.
        let company: Vec<_> = all.iter().take(1).cloned().collect();
        let own = readable([company.clone(), vec![damaged]].concat());
        assert_eq!(trusted(&own), company);
    }
}
